"""A list of components: one field that adds to it; its items are rows of their own."""

from __future__ import annotations

from typing import Any

from app.config_tree.editors.component_editor import ComponentEditor, with_article
from app.config_tree.exact_text import literal_text


class ComponentsEditor(ComponentEditor):
    """The same searchable list as for one component; choosing adds one more."""

    def placeholder(self) -> str:
        add = self._add_text()
        return f"automatic — {add.lower()}" if self.row.optional else add

    def show_value(self, value: Any) -> None:
        self.field.setPlaceholderText(self._add_text() if value else self.placeholder())
        self.field.show_text("" if value is None or isinstance(value, list) else literal_text(value))

    def choose(self, name: str, file: str | None) -> None:
        items = self.value if isinstance(self.value, list) else []
        self.edited.emit([*items, {"name": name, "file": file, "arguments": {}}])

    def _add_text(self) -> str:
        if self.row.component == "output":
            return "Add an output by its name…"
        return f"Add {with_article(self.row.component)}…"

    def _text_of(self, value: Any) -> str:
        return "" if value is None or isinstance(value, list) else literal_text(value)
