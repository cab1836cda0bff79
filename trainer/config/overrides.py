"""`--set training.epochs=5` on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainer.config.describe import all_settings
from trainer.config.suggest import did_you_mean
from trainer.config.yaml_reader import parse_yaml
from trainer.errors import ConfigError, Problem


def parse_overrides(assignments: Sequence[str]) -> dict[str, Any]:
    """Values by dotted key from texts such as `training.epochs=5`; values are read as YAML.

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
        changes[key] = parse_yaml(f"value: {text}").values["value"]
    return changes


def with_overrides(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`values` with some dotted keys replaced; the original is left as it is."""
    merged = dict(values)
    for key, value in changes.items():
        head, _, rest = key.partition(".")
        if not rest:
            merged[head] = value
            continue
        inner = merged.get(head)
        if isinstance(inner, str):
            inner = {"name": inner}
        merged[head] = with_overrides(inner if isinstance(inner, dict) else {}, {rest: value})
    return merged


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
