"""A list of components: one field that adds to it; its items are rows of their own."""

from __future__ import annotations

from typing import Any

from app.config_tree.editors.component_editor import ComponentEditor
from app.config_tree.exact_text import literal_text


class ComponentsEditor(ComponentEditor):
    """The same searchable list as for one component; choosing adds one more."""

    def placeholder(self) -> str:
        add = f"Add a {self.row.component}…"
        return f"automatic — {add.lower()}" if self.row.optional else add

    def show_value(self, value: Any) -> None:
        self.field.setPlaceholderText(f"Add a {self.row.component}…" if value else self.placeholder())
        self.field.show_text("" if value is None or isinstance(value, list) else literal_text(value))

    def choose(self, name: str, file: str | None) -> None:
        items = self.value if isinstance(self.value, list) else []
        self.edited.emit([*items, {"name": name, "file": file, "arguments": {}}])

    def _text_of(self, value: Any) -> str:
        return "" if value is None or isinstance(value, list) else literal_text(value)
