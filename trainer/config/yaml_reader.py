"""YAML text to plain values, with the line of every key.

Safe by construction: only plain scalars, lists and mappings; size, depth and number of values are bounded,
so that a hostile or mistaken file costs milliseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from trainer.config.python_dictionary import MAX_DIGITS, assigned_dictionary, bare_dictionary
from trainer.errors import ConfigError, Problem

MAX_BYTES = 1_000_000
_MAX_VALUES = 20_000
_MAX_DEPTH = 20
_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
"""How JSON writes a character beyond U+FFFF, and YAML does not."""

_BASE: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]
    """PyYAML's safe loader with YAML 1.2's scalars: `1e-3` is a number, `on` and `12:30` are texts."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":float", ":int", ":timestamp", ":bool"))]
    for first, resolvers in _BASE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9_]*)$|^0x[0-9a-fA-F]+$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$|^[-+]?[0-9]+[eE][-+]?[0-9]+$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$"
    ),
    list("-+.0123456789"),
)


@dataclass(frozen=True, slots=True)
class ParsedYaml:
    """Values of a text and where they stand.

    Attributes:
        values: The mapping as plain dicts, lists and scalars.
        lines: Line of each dotted key, counted from 1.
    """

    values: dict[str, Any]
    lines: dict[str, int] = field(default_factory=dict)


def parse_yaml(text: str) -> ParsedYaml:
    """Read a configuration's text: YAML, JSON, or a Python dictionary as printed in documentation.

    Raises:
        ConfigError: The text is too large, is no valid YAML or no mapping; the problem carries its line.
    """
    if len(text) > MAX_BYTES:
        _refuse(f"The file holds {len(text):,} characters; a configuration holds at most {MAX_BYTES:,}.")
    if "\0" in text:
        _refuse("The file is not text. Expected a YAML file such as the one that New writes.")
    for read in (assigned_dictionary, bare_dictionary):
        if (values := read(text)) is not None:
            return ParsedYaml(values)
    if text.lstrip().startswith("{"):
        text = _SURROGATES.sub(_joined, text.replace("\t", "    "))
    loader = _Loader(text)
    try:
        _refuse_excess(text)
        root = loader.get_single_node()
        if root is None:
            return ParsedYaml({})
        if not isinstance(root, yaml.MappingNode):
            _refuse("Expected settings as 'key: value' lines, received a single value or a list.", _line(root))
        walker = _Walker(loader)
        values = walker.construct(root, "", 0)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _syntax_error(error, text) from error
    finally:
        loader.dispose()
    return ParsedYaml(values, walker.lines)


def _refuse_excess(text: str) -> None:
    """Bound depth and number of values before nodes are made: the C library recurses without a limit."""
    depth = count = 0
    for event in yaml.parse(text, Loader=_Loader):
        count += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        _refuse_count(count, event)
        # The innermost values are one level below their collection.
        _refuse_depth(depth - 1, event)


def _refuse_count(count: int, place: Any) -> None:
    if count > _MAX_VALUES:
        _refuse(f"The file holds more than {_MAX_VALUES:,} values.", _line(place))


def _refuse_depth(depth: int, place: Any) -> None:
    if depth > _MAX_DEPTH:
        _refuse(f"The file is nested more than {_MAX_DEPTH} levels deep.", _line(place))


class _Walker:
    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._count = 0
        self.lines: dict[str, int] = {}

    def construct(self, node: Any, key: str, depth: int) -> Any:
        self._count += 1
        _refuse_count(self._count, node)
        _refuse_depth(depth, node)
        if key:
            self.lines.setdefault(key, _line(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.construct(item, f"{key}.{i}", depth + 1) for i, item in enumerate(node.value)]
        if len(node.value) > MAX_DIGITS and node.tag == "tag:yaml.org,2002:int":
            _refuse(f"The file holds a number of more than {MAX_DIGITS} digits.", _line(node))
        return self._loader.construct_object(node, deep=True)

    def _mapping(self, node: Any, key: str, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = name_node.value
            if not isinstance(name, str):
                _refuse("Expected a plain word as key.", _line(name_node))
            inner = f"{key}.{name}" if key else name
            if name in values:
                message = f"'{name}' stands here a second time, after line {self.lines[inner]}. Keep one of them."
                raise ConfigError((Problem(inner, message, _line(name_node)),))
            self.lines[inner] = _line(name_node)
            values[name] = self.construct(value_node, inner, depth + 1)
        return values


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _refuse(message: str, line: int | None = None) -> None:
    raise ConfigError((Problem("", message, line),))


def _joined(pair: re.Match[str]) -> str:
    return bytes.fromhex(pair[1] + pair[2]).decode("utf-16-be")


def _syntax_error(error: Exception, text: str) -> ConfigError:
    if isinstance(error, yaml.reader.ReaderError):
        place = text.count("\n", 0, error.position) + 1
        return ConfigError((Problem("", f"Not text: there is a control character (code {error.character}).", place),))
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error) or type(error).__name__
    # At the end of the text, the mark is behind the last line.
    line = min(mark.line, text.rstrip().count("\n")) + 1 if mark is not None else None
    advice = "Check indentation, colons and brackets."
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        advice = "Indent with spaces; YAML does not allow tabs there."
    return ConfigError((Problem("", f"Not valid YAML: {what}. {advice}", line),))
