"""Edits of a YAML text that touch nothing but the place they are for: every other byte stays.

Each edit gives `None` where the text has a form it is not made for; the caller then takes another way. The caller
also compares what the new text means, as a value that others refer to (`&anchor`) changes for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLOCK_TEXTS = ("|", ">")
_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029])|[^\n\r\x85\u2028\u2029]+\Z")
"""Lines as YAML counts them."""


def known_depth(text: str, parts: Sequence[str]) -> int:
    """How many parts of a dotted key the text has, from its beginning."""
    node, depth = yaml.compose(text, Loader=_LOADER), 0
    while depth < len(parts) and (node := _child(node, parts[depth])) is not None:
        depth += 1
    return depth


def replace_value(text: str, parts: Sequence[str], new: str) -> str | None:
    """Put `new`, YAML in one line, in the place of a value."""
    node = _find(text, parts)
    if node is None or not _is_in_one_piece(node):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    return text[:start] + (new if start < end else f" {new}") + text[end:]


def insert_entry(text: str, parents: Sequence[str], position: int, block: str, flow: str) -> str | None:
    """Add an entry to the mapping at `parents`.

    Args:
        text: A YAML mapping that is not empty.
        parents: Parts of the mapping's key.
        position: Number of entries that go before the new one.
        block: The entry as lines without indentation, each ended by a newline.
        flow: The entry in one line, for a mapping in braces.
    """
    mapping = _find(text, parents)
    if not isinstance(mapping, yaml.MappingNode) or not mapping.value:
        return None
    if mapping.flow_style:
        return _insert_in_braces(text, mapping, position, flow)
    indentation = " " * mapping.value[0][0].start_mark.column
    line = _last_line(mapping.value[position - 1][1]) + 1 if position else mapping.value[0][0].start_mark.line
    line_end = "\r\n" if "\r\n" in text else "\n"
    lines = _LINE.findall(text)
    if line == len(lines) and _LINE.fullmatch(lines[-1] + "\n"):
        lines[-1] += line_end
    new = [indentation + entry.replace("\n", line_end) for entry in _LINE.findall(block)]
    return "".join([*lines[:line], *new, *lines[line:]])


def remove_entry(text: str, parts: Sequence[str]) -> str | None:
    """Take an entry away, and with it every mapping that only held it."""
    parts = list(parts)
    mapping = _find(text, parts[:-1])
    while len(parts) > 1 and isinstance(mapping, yaml.MappingNode) and len(mapping.value) == 1:
        parts.pop()
        mapping = _find(text, parts[:-1])
    if not isinstance(mapping, yaml.MappingNode):
        return None
    position = next((i for i, (name, _) in enumerate(mapping.value) if name.value == parts[-1]), None)
    if position is None:
        return None
    if mapping.flow_style:
        return _remove_in_braces(text, mapping, position)
    name, value = mapping.value[position]
    lines = _LINE.findall(text)
    if lines[name.start_mark.line][: name.start_mark.column].strip():
        return None
    del lines[name.start_mark.line : _last_line(value) + 1]
    return "".join(lines)


def _insert_in_braces(text: str, mapping: Any, position: int, flow: str) -> str:
    if position == 0:
        start = mapping.value[0][0].start_mark.index
        return f"{text[:start]}{flow}, {text[start:]}"
    end = mapping.value[position - 1][1].end_mark.index
    return f"{text[:end]}, {flow}{text[end:]}"


def _remove_in_braces(text: str, mapping: Any, position: int) -> str | None:
    entries = mapping.value
    if len(entries) == 1:
        return None
    if position == 0:
        return text[: entries[0][0].start_mark.index] + text[entries[1][0].start_mark.index :]
    return text[: entries[position - 1][1].end_mark.index] + text[entries[position][1].end_mark.index :]


def _find(text: str, parts: Sequence[str]) -> Any:
    node = yaml.compose(text, Loader=_LOADER)
    for part in parts:
        node = _child(node, part)
    return node


def _child(node: Any, part: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        return node.value[int(part)]
    return None


def _is_in_one_piece(node: Any) -> bool:
    if isinstance(node, yaml.ScalarNode):
        return node.style not in _BLOCK_TEXTS
    return bool(node.flow_style)


def _last_line(node: Any) -> int:
    """Line, counted from 0, on which a value ends; comments and empty lines after it are not its own."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        is_behind = isinstance(node, yaml.ScalarNode) and node.style in _BLOCK_TEXTS and node.end_mark.column == 0
        return int(node.end_mark.line) - is_behind
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)
