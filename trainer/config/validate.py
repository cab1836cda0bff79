"""Plain values to a `Config`, or to problems a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from trainer.config.config import SCHEMA_VERSION, Config
from trainer.config.describe import Setting, all_settings
from trainer.config.suggest import did_you_mean
from trainer.errors import ConfigError, Problem


def validate(values: Mapping[str, Any], lines: Mapping[str, int] | None = None) -> Config:
    """Check plain values as a whole.

    Args:
        values: Nested settings of the current schema version; missing ones take their default.
        lines: Line of each dotted key, to point at.

    Raises:
        ConfigError: With one problem per wrong value or unknown key.
    """
    version = values.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        message = (
            f"The file has format {version}; this version of ModelGardener reads up to {SCHEMA_VERSION}. "
            "Update ModelGardener to open it."
        )
        raise ConfigError((Problem("schema_version", message, (lines or {}).get("schema_version")),))
    try:
        return Config.model_validate(_without_empty_sections(values))
    except ValidationError as error:
        raise ConfigError(_problems(error, lines or {})) from None


def _without_empty_sections(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`data:` with nothing after it means the section's defaults, and so does `augmentation:` inside."""
    known = all_settings()
    kept: dict[str, Any] = {}
    for key, value in values.items():
        setting = known.get(f"{prefix}{key}")
        if setting is None or setting.kind != "section":
            kept[key] = value
        elif value is not None:
            is_section = isinstance(value, Mapping)
            kept[key] = _without_empty_sections(value, f"{prefix}{key}.") if is_section else value
    return kept


def _problems(error: ValidationError, lines: Mapping[str, int]) -> tuple[Problem, ...]:
    found: dict[str, Problem] = {}
    for detail in error.errors():
        parts = _key_parts(detail["loc"])
        key = ".".join(parts)
        setting = _nearest_setting(parts)
        problem = Problem(key, _message(detail, parts, setting), _line_of(parts, lines))
        found.setdefault(key, problem)
    return tuple(sorted(found.values(), key=lambda problem: problem.line or 0))


def _key_parts(location: tuple[int | str, ...]) -> list[str]:
    """Parts of the dotted key; inside arguments, pydantic names the type of each level as well."""
    parts = [str(part) for part in location]
    if "arguments" not in parts:
        return parts
    name = parts.index("arguments") + 2
    return parts[:name] + parts[name + 1 :: 2]


def _line_of(parts: list[str], lines: Mapping[str, int]) -> int | None:
    for length in range(len(parts), 0, -1):
        line = lines.get(".".join(parts[:length]))
        if line is not None:
            return line
    return None


def _nearest_setting(parts: list[str]) -> Setting | None:
    known = all_settings()
    for length in range(len(parts), 0, -1):
        if setting := known.get(".".join(parts[:length])):
            return setting
    return None


def _message(detail: Any, parts: list[str], setting: Setting | None) -> str:
    received = _shown(detail.get("input"))
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"There is no such setting.{did_you_mean(parts[-1], _siblings(parts))}"
    if kind in ("name_missing",):
        return f"{detail['msg']}."
    expected = _expected(detail, setting)
    return f"Expected {expected}, received {received}."


def _siblings(parts: list[str]) -> list[str]:
    if any(part.isdigit() for part in parts):
        return ["name", "file", "arguments"]
    parent = ".".join(parts[:-1])
    prefix = f"{parent}." if parent else ""
    names = {key[len(prefix) :].split(".")[0] for key in all_settings() if key.startswith(prefix)}
    return sorted(names) or ["name", "file", "arguments"]


def _expected(detail: Any, setting: Setting | None) -> str:
    if setting is not None and setting.kind in ("int", "float", "size", "choice", "bool", "text"):
        return setting.expectation()
    if setting is not None and setting.component and detail["type"] == "model_type":
        return f"the name of a known {setting.component}, or its 'name' and 'arguments'"
    texts = {
        "model_type": "settings as 'key: value' lines",
        "dict_type": "settings as 'key: value' lines",
        "tuple_type": "a list",
        "string_type": "a text",
    }
    return texts.get(detail["type"], str(detail["msg"]).removeprefix("Input should be ").lower())


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
