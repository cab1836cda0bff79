"""Edits of a configuration's text that keep comments, key order and everything else a person wrote."""

from __future__ import annotations

import copy
import functools
import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from trainer.config.config import Config
from trainer.config.yaml_reader import parse_yaml
from trainer.config.yaml_splice import insert_entry, known_depth, remove_entry, replace_value
from trainer.errors import ConfigError, Problem

_RISKY = re.compile(r"^[:?]|[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Texts that ruamel writes in a way that no reader understands, unless they are in double quotes."""


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
        ConfigError: `text` is no valid YAML mapping, or holds a rare form that an edit would change elsewhere.
    """
    values = parse_yaml(text).values
    pending = {key: value for key, value in changes.items() if not _holds(values, key, value)}
    if not pending:
        return text
    expected = copy.deepcopy(values)
    _apply(expected, pending)
    for edited in (_spliced(text, pending), _rebuilt(text, pending)):
        if edited is not None and _means(edited, expected):
            return edited
    message = f"{', '.join(pending)} cannot be set without changing other lines of this text. Edit the YAML itself."
    raise ConfigError((Problem("", message),))


def _means(text: str, expected: Any) -> bool:
    try:
        return _canonical(parse_yaml(text).values) == _canonical(expected)
    except ConfigError:
        return False


def _canonical(values: Any) -> str:
    return json.dumps(values, sort_keys=True, default=str)


def _apply(root: Any, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        parts = key.split(".")
        if value is REMOVE:
            _remove(root, parts)
        else:
            _set(root, parts, value)


def _spliced(text: str, changes: Mapping[str, Any]) -> str | None:
    """The text with only the places of the changes touched; `None` where its form does not allow that."""
    edited: str | None = text
    for key, value in changes.items():
        if not edited or not parse_yaml(edited).values:
            return None
        edited = _spliced_once(edited, key.split("."), value)
    return edited


def _spliced_once(text: str, parts: list[str], value: Any) -> str | None:
    if value is REMOVE:
        return remove_entry(text, parts)
    depth = known_depth(text, parts)
    # A file that is JSON stays JSON.
    write = _json if text.lstrip().startswith("{") else _one_line
    if depth == len(parts):
        line = write(value)
        return replace_value(text, parts, line) if line is not None else None
    parents, name = parts[:depth], parts[depth]
    for part in reversed(parts[depth + 1 :]):
        value = {part: value}
    values = parse_yaml(text).values
    siblings = lookup(values, ".".join(parents)) if parents else values
    if not isinstance(siblings, dict):
        return None
    position = _position(siblings, ".".join(parents), name)
    return insert_entry(
        text,
        parents,
        position,
        block=dump_yaml({name: value}, _indentation(text)),
        flow=f"{write(name)}: {write(value) or _json(value)}",
    )


def _position(siblings: Iterable[Any], parent: str, name: str) -> int:
    """Where a new key goes: after the last key that the schema has before it."""
    order = _order(parent)
    rank = order.get(name, len(order))
    return max((i + 1 for i, key in enumerate(siblings) if order.get(str(key), -1) < rank), default=0)


def _one_line(value: Any) -> str | None:
    """A value as YAML that may stand anywhere, or `None` if it takes more than a line."""
    if isinstance(value, Mapping):
        written = dump_yaml({"v": {"v": value}}).removeprefix("v:\n  v: ").removesuffix("\n")
    else:
        written = dump_yaml({"v": [value]}).removeprefix("v: [").removesuffix("]\n")
    return None if "\n" in written else written


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _rebuilt(text: str, changes: Mapping[str, Any]) -> str | None:
    """The text read and written again, comments and key order included."""
    from ruamel.yaml.error import YAMLError

    yaml = _round_trip(*_indentation(text))
    # ruamel refuses tabs before a comment or the end of a line, which others read.
    plain = re.sub(r"[ \t]*\t[ \t]*(?=#|$)", " ", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    try:
        root = yaml.load(plain)
    except YAMLError:
        return None
    if root is None:
        return _with_line_ends_of(text, _fresh(plain, changes))
    _apply(root, changes)
    stream = io.StringIO()
    yaml.dump(root, stream)
    return _with_line_ends_of(text, stream.getvalue())


def _with_line_ends_of(text: str, new: str) -> str:
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def dump_yaml(values: Mapping[str, Any], indentation: tuple[int, int, int] = (2, 2, 0)) -> str:
    """Plain values as YAML text in block style, short lists and arguments in one line.

    Args:
        values: What to write.
        indentation: Of mappings, of lists, and of the dash inside that of lists.
    """
    yaml = _round_trip(*indentation)
    root = yaml.map()
    for key, value in values.items():
        root[_styled(key)] = _block(value) if isinstance(value, Mapping) else _styled(value)
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
    if hasattr(node, "insert"):
        node.insert(_position(node, ".".join(parts[:-1]), name), name, value)
    else:
        node[name] = value


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

    return CommentedMap({_styled(key): _styled(value) for key, value in values.items()})


def _styled(value: Any) -> Any:
    """Components and lists of scalars in one line, risky texts in double quotes, everything else as it comes."""
    from ruamel.yaml.comments import CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, str) and _RISKY.search(value):
        return DoubleQuotedScalarString(value)
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
