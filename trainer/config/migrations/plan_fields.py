"""A model's declared fields, `fields: [{name: learning_rate, default: 0.001}, …]`, as the values they stand for."""

from __future__ import annotations

from typing import Any

from trainer.config.migrations.foreign_keys import names_in_words
from trainer.config.migrations.words import WORDS


def flatten_fields(values: dict[str, Any], notes: list[str]) -> None:
    """Put each field's default under its name, in place; values of any other form stay as they are.

    Presets beside the fields are several configurations, of which a file can be one: they are named in a note.
    """
    fields = values.get("fields")
    if not isinstance(fields, list) or not fields or not all(_is_field(item) for item in fields):
        return
    if any(item["name"] not in WORDS or item["name"] in values for item in fields):
        return
    del values["fields"]
    values |= {item["name"]: item["default"] for item in fields}
    names = names_in_words(item["name"] for item in fields)
    notes.append(
        f"The defaults of the fields {names} became values; their bounds, options and groups are those of our own "
        "settings."
    )
    presets = values.get("presets")
    if isinstance(presets, dict):
        del values["presets"]
        notes.append(
            f"presets {names_in_words(presets)} do not apply: each is a configuration of its own. Open one by itself, "
            "or give them as PRESETS in the file of your model."
        )


def _is_field(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("name"), str) and "default" in item
