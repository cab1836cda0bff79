"""One of a few words."""

from __future__ import annotations

from typing import Any

from app.config_tree.editors.editor import Editor
from app.config_tree.editors.quiet_combo import QuietCombo
from app.config_tree.exact_text import literal_text
from app.icons import icon


class ChoiceEditor(Editor):
    """A drop-down list. A value that is not on it stays, as a marked entry of its own."""

    def build(self) -> None:
        self.combo = QuietCombo()
        self.combo.setAccessibleName(self.row.title)
        self._values: list[Any] = list(self.row.choices) if self.row.kind == "choice" else [True, False]
        if self.row.optional:
            self._values.insert(0, None)
        self._num_known = len(self._values)
        self.combo.addItems([self._label(value) for value in self._values])
        self.combo.activated.connect(self._accept)
        self.add(self.combo, 1)

    def show_value(self, value: Any) -> None:
        if value != self.combo_value() or type(value) is not type(self.combo_value()):
            self._drop_unknown()
            position = next((i for i, known in enumerate(self._values) if known is value or known == value), None)
            if position is None or type(self._values[position]) is not type(value):
                position = self._add_unknown(value)
            self.combo.setCurrentIndex(position)

    def combo_value(self) -> Any:
        """The value whose entry is shown."""
        return self._values[self.combo.currentIndex()] if self.combo.currentIndex() >= 0 else None

    def _label(self, value: Any) -> str:
        return self.row.empty_text if value is None else value if isinstance(value, str) else literal_text(value)

    def _add_unknown(self, value: Any) -> int:
        self._values.append(value)
        self.combo.addItem(icon("triangle-alert", "error"), self._label(value))
        return self.combo.count() - 1

    def _drop_unknown(self) -> None:
        while len(self._values) > self._num_known:
            self._values.pop()
            self.combo.removeItem(self.combo.count() - 1)

    def _accept(self, position: int) -> None:
        value = self._values[position]
        if value != self.value or type(value) is not type(self.value):
            self.edited.emit(value)
