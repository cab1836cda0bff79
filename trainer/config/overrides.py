"""`--set training.epochs=5` on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainer.config.describe import all_settings
from trainer.config.suggest import did_you_mean
from trainer.config.yaml_reader import parse_yaml
from trainer.errors import ConfigError, Problem


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """Values by dotted key from texts such as `training.epochs=5`; values are read as YAML, texts as they are.

    >>> parse_overrides(["training.epochs=5", "data.image_size=[64, 64]"])
    {'training.epochs': 5, 'data.image_size': [64, 64]}

    Raises:
        ConfigError: A text has no `=`, its value is no YAML, or its key is unknown.
    """
    changes: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        key = key.strip()
        if not equals or not key:
            message = f"Expected KEY=VALUE, such as training.epochs=5, received '{assignment}'."
            raise ConfigError((Problem("", message),))
        _require_known(key)
        changes[key] = _value(key, text.strip())
    return changes


def _value(key: str, text: str) -> Any:
    setting = all_settings().get(key)
    if setting is not None and setting.kind == "text" and not text.startswith(("'", '"')):
        # Paths hold what YAML reads as something else: ' #', ': ', '@', '{'.
        return None if setting.optional and text in ("", "null", "~") else text
    try:
        return parse_yaml(f"value: {text}").values["value"]
    except ConfigError as error:
        raise ConfigError(tuple(Problem(key, problem.message) for problem in error.problems)) from error


def with_overrides(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`values` with some dotted keys replaced; the original is left as it is."""
    merged: dict[str, Any] = values
    for key, value in changes.items():
        owner = key.partition(".arguments")[0]
        setting = all_settings().get(owner)
        if owner != key and setting is not None and setting.kind == "component" and setting.default:
            # Arguments alone are for the component that is there by default.
            merged = _with_default(merged, owner.split("."), setting.default["name"])
        merged = _with(merged, key.split("."), value)
    return dict(merged)


def _with_default(values: dict[str, Any], parts: list[str], name: str) -> dict[str, Any]:
    node: Any = values
    for part in parts:
        node = node.get(part) if isinstance(node, dict) else None
    return values if node is not None else dict(_with(values, parts, name))


def _with(node: Any, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    head, *rest = parts
    if isinstance(node, list) and head.isdigit() and int(head) < len(node):
        return [_with(item, rest, value) if i == int(head) else item for i, item in enumerate(node)]
    if isinstance(node, str):
        node = {"name": node}
    node = node if isinstance(node, dict) else {}
    return node | {head: _with(node.get(head), rest, value)}


def _require_known(key: str) -> None:
    known = all_settings()
    parent, _, last = key.rpartition(".")
    while parent and parent not in known:
        parent, _, last = parent.rpartition(".")
    if key in known or (parent in known and known[parent].kind in ("component", "components")):
        return
    siblings = [name for name in known if name.rpartition(".")[0] == parent]
    hint = did_you_mean(last, [name.rpartition(".")[2] for name in siblings])
    raise ConfigError((Problem(key, f"There is no such setting.{hint}"),))
