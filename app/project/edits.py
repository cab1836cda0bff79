"""Setting and resetting one setting in a text that a person wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.config.describe import all_settings
from trainer.config.document import LoadedConfig
from trainer.config.yaml_editor import REMOVE, dump_yaml, edit_yaml, lookup

_MISSING = object()


def default_of(key: str) -> Any:
    """The plain value of a setting that is not mentioned; `None` for what is no setting of the schema."""
    setting = all_settings().get(key)
    return setting.default if setting is not None else None


def normalized(value: Any, kind: str) -> Any:
    """A component, or a list of them, in its long form, so that `Adam` and `{name: Adam}` compare equal."""
    if kind == "components" and isinstance(value, list):
        return [normalized(item, "component") for item in value]
    if kind != "component":
        return value
    if isinstance(value, str):
        value = {"name": value}
    if isinstance(value, dict):
        return {"name": "", "file": None} | value | {"arguments": value.get("arguments") or {}}
    return value


def compact(value: Any) -> Any:
    """The short form of a component for the file: no empty `file`, no empty `arguments`."""
    if isinstance(value, list):
        return [compact(item) for item in value]
    if isinstance(value, dict) and {"name", "file", "arguments"} >= value.keys() and "name" in value:
        arguments = value.get("arguments")
        if isinstance(arguments, dict):
            value = value | {"arguments": {name: compact(inner) for name, inner in arguments.items()}}
        return {name: inner for name, inner in value.items() if inner not in (None, "", {})}
    return value


def editable_text(text: str, loaded: LoadedConfig) -> str:
    """The text that edits start from: the same, or a current one where the text has an older or foreign form."""
    is_foreign = bool(loaded.notes) or (bool(loaded.values) and not loaded.lines)
    return dump_yaml(loaded.values) if is_foreign else text


def with_value(text: str, loaded: LoadedConfig, key: str, value: Any) -> str:
    """`text` with one setting set; unchanged if it already has that value.

    Raises:
        ConfigError: The text is no valid YAML mapping.
    """
    is_present = lookup(loaded.values, key, _MISSING) is not _MISSING
    setting = all_settings().get(key)
    kind = setting.kind if setting is not None else ""
    is_default = setting is not None and _same(normalized(value, kind), normalized(setting.default, kind))
    if is_default and (not is_present or value in (None, [])):
        return without_value(text, loaded, key)
    change = _component_change(loaded.values, key, value) or {key: compact(value)}
    return edit_yaml(editable_text(text, loaded), change)


def without_value(text: str, loaded: LoadedConfig, key: str) -> str:
    """`text` without a setting, which gives it its default again.

    Raises:
        ConfigError: The text is no valid YAML mapping.
    """
    if lookup(loaded.values, key, _MISSING) is _MISSING:
        return text
    return edit_yaml(editable_text(text, loaded), {key: REMOVE})


def _component_change(values: Mapping[str, Any], key: str, value: Any) -> dict[str, Any] | None:
    """An argument of a component that the text does not hold in its long form: the outermost such one as a whole."""
    parts = key.split(".arguments.")
    for depth in range(1, len(parts)):
        owner, inner = ".arguments.".join(parts[:depth]), parts[depth:]
        if isinstance(lookup(values, owner), dict):
            continue
        component = normalized(component_at(values, owner), "component")
        return {owner: compact(_with_argument(component, inner, value))} if isinstance(component, dict) else None
    return None


def _with_argument(component: Any, names: list[str], value: Any) -> dict[str, Any]:
    """A component in its long form with an argument set, at any depth."""
    held = normalized(component, "component")
    held = held if isinstance(held, dict) else {"name": "", "file": None, "arguments": {}}
    first, *rest = names
    inner = compact(_with_argument(held["arguments"].get(first), rest, value)) if rest else compact(value)
    return held | {"arguments": held["arguments"] | {first: inner}}


def component_at(values: Mapping[str, Any], key: str) -> Any:
    """The component at a key, from the text's values or the defaults; items of lists included."""
    own = lookup(values, key, _MISSING)
    if own is not _MISSING:
        return own
    owner, _, last = key.rpartition(".")
    if last.isdigit():
        items = lookup(values, owner, default_of(owner))
        return items[int(last)] if isinstance(items, list) and int(last) < len(items) else None
    return default_of(key)


def _same(first: Any, second: Any) -> bool:
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


def warm_up() -> None:
    """Import what the first edit needs, so that a person's first edit is as quick as the later ones."""
    edit_yaml("a: 1\n", {"a": 2})
