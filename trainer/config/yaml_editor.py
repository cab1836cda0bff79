"""Edits of a configuration's text that keep comments, key order and everything else a person wrote."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Mapping
from typing import Any, Final

from trainer.config.config import Config
from trainer.config.yaml_reader import parse_yaml


class _Remove:
    def __repr__(self) -> str:
        return "REMOVE"


REMOVE: Final = _Remove()


def edit_yaml(text: str, changes: Mapping[str, Any]) -> str:
    """Set or remove settings in a text.

    Args:
        text: YAML, possibly empty.
        changes: New plain value by dotted key; `REMOVE` takes the key, and sections left empty, away.

    Returns:
        The new text; the same text, byte for byte, when nothing changes.

    Raises:
        ConfigError: `text` is no valid YAML mapping.
    """
    values = parse_yaml(text).values
    pending = {key: value for key, value in changes.items() if not _holds(values, key, value)}
    if not pending:
        return text
    yaml = _round_trip(*_indentation(text))
    plain = text.replace("\r\n", "\n")
    root = yaml.load(plain)
    if root is None:
        return _with_line_ends_of(text, _fresh(plain, pending))
    for key, value in pending.items():
        parts = key.split(".")
        if value is REMOVE:
            _remove(root, parts)
        else:
            _set(root, parts, value)
    stream = io.StringIO()
    yaml.dump(root, stream)
    return _with_line_ends_of(text, stream.getvalue())


def _with_line_ends_of(text: str, new: str) -> str:
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def dump_yaml(values: Mapping[str, Any]) -> str:
    """Plain values as YAML text in block style, short lists and arguments in one line."""
    yaml = _round_trip(2, 2, 0)
    root = yaml.map()
    for key, value in values.items():
        root[key] = _block(value) if isinstance(value, Mapping) else _styled(value)
    stream = io.StringIO()
    yaml.dump(root, stream)
    return stream.getvalue()


def _round_trip(mapping: int, sequence: int, offset: int) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=mapping, sequence=sequence, offset=offset)
    yaml.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    return yaml


def _indentation(text: str) -> tuple[int, int, int]:
    """Indentation of mappings, and of lists with their dash, as the text has them; 2, 2, 0 by default."""
    first = re.search(
        r"^[A-Za-z_][^\n#]*:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( +)[^\s#-]", text, re.MULTILINE
    )
    mapping = len(first[1]) if first else 2
    listed = re.search(r"^( *)[A-Za-z_][^\n#]*:[ \t]*(?:#[^\n]*)?\r?\n( *)- ", text, re.MULTILINE)
    offset = max(0, len(listed[2]) - len(listed[1])) if listed else 0
    return mapping, offset + 2, offset


def _fresh(text: str, changes: Mapping[str, Any]) -> str:
    """A text of comments only keeps them above the first settings."""
    nested: dict[str, Any] = {}
    for key in sorted(changes, key=_schema_position):
        if changes[key] is REMOVE:
            continue
        *parents, last = key.split(".")
        node = nested
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = changes[key]
    comments = text if not text or text.endswith("\n") else text + "\n"
    return comments + (dump_yaml(nested) if nested else "")


def _holds(values: Any, key: str, value: Any) -> bool:
    found = lookup(values, key, REMOVE)
    return found is value or (type(found) is type(value) and bool(found == value))


def lookup(values: Any, key: str, default: Any = None) -> Any:
    """The plain value at a dotted key, or `default` where there is none."""
    for part in key.split("."):
        if isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        elif isinstance(values, dict) and part in values:
            values = values[part]
        else:
            return default
    return values


def _set(root: Any, parts: list[str], value: Any) -> None:
    node = root
    for depth, part in enumerate(parts[:-1]):
        child = node[int(part)] if isinstance(node, list) else node.get(part)
        if not isinstance(child, (dict, list)):
            child = _styled({"name": child}) if isinstance(child, str) else _block({})
            _place(node, parts[: depth + 1], child)
            child = node[part]
        node = child
    if isinstance(node, list):
        node[int(parts[-1])] = _styled(value)
    elif parts[-1] in node:
        node[parts[-1]] = _styled(value)
    else:
        _place(node, parts, _styled(value))


def _place(node: Any, parts: list[str], value: Any) -> None:
    """Put a new key where the schema has it, after the last known key that precedes it."""
    name = parts[-1]
    if name in node:
        node[name] = value
        return
    order = _order(".".join(parts[:-1]))
    rank = order.get(name, len(order))
    position = sum(1 for key in node if order.get(str(key), -1) < rank)
    node.insert(position, name, value)


def _remove(root: Any, parts: list[str]) -> None:
    trail = [root]
    for part in parts[:-1]:
        node = trail[-1]
        child = node.get(part) if isinstance(node, dict) else node[int(part)]
        if not isinstance(child, (dict, list)):
            return
        trail.append(child)
    if isinstance(trail[-1], list):
        del trail[-1][int(parts[-1])]
    else:
        trail[-1].pop(parts[-1], None)
    for depth in range(len(trail) - 1, 0, -1):
        if len(trail[depth]) == 0 and isinstance(trail[depth - 1], dict):
            del trail[depth - 1][parts[depth - 1]]


def _block(values: Mapping[str, Any]) -> Any:
    from ruamel.yaml.comments import CommentedMap

    return CommentedMap({key: _styled(value) for key, value in values.items()})


def _styled(value: Any) -> Any:
    """Components and lists of scalars in one line, everything else as a block."""
    from ruamel.yaml.comments import CommentedSeq

    if isinstance(value, Mapping):
        mapping = _block(value)
        if set(value) <= {"name", "file", "arguments"} or not value:
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, (list, tuple)):
        sequence = CommentedSeq([_styled(inner) for inner in value])
        if not any(isinstance(inner, (Mapping, list, tuple)) for inner in value):
            sequence.fa.set_flow_style()
        return sequence
    return value


@functools.cache
def _order(section: str) -> dict[str, int]:
    from trainer.config.describe import all_settings

    if not section:
        return {name: rank for rank, name in enumerate(Config.model_fields)}
    setting = all_settings().get(section)
    if setting is not None and setting.children:
        return {child.name: rank for rank, child in enumerate(setting.children)}
    return {"name": 0, "file": 1, "arguments": 2}


def _schema_position(key: str) -> tuple[int, ...]:
    parts = key.split(".")
    return tuple(_order(".".join(parts[:i])).get(part, 999) for i, part in enumerate(parts))
