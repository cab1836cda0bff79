"""One field that adds an argument by its name, for functions that take arguments of any name."""

from __future__ import annotations

import re
from typing import Any

from app.config_tree.editors.text_editor import TextEditor
from app.config_tree.exact_text import parse_literal

_NAMED = re.compile(r"\s*(\w+)\s*[:=](.+)")


class NewArgumentEditor(TextEditor):
    """Holds nothing itself: what is typed becomes a row of its own. Emits `edited` with values by name."""

    def build(self) -> None:
        super().build()
        self.field.setPlaceholderText("name: value")

    def text_of(self, _value: Any) -> str:
        return ""

    def value_of(self, text: str) -> Any:
        return new_arguments(text)


def new_arguments(text: str) -> dict[str, Any]:
    """Values by name: from one `name: value` or `name=value`, or a mapping in YAML or JSON; empty for anything else.

    >>> new_arguments("dropout_rate: 0.3"), new_arguments('{"activation": "swish"}'), new_arguments("0.3")
    ({'dropout_rate': 0.3}, {'activation': 'swish'}, {})
    """
    values = parse_literal(text)
    if not isinstance(values, dict):
        named = _NAMED.fullmatch(text)
        values = {named[1]: parse_literal(named[2].strip())} if named else {}
    return {name: value for name, value in values.items() if isinstance(name, str) and name.isidentifier()}
