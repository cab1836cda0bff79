"""Texts, numbers and free values: everything that is typed into one field."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from app.config_tree.editors.editor import Editor
from app.config_tree.editors.field_edit import FieldEdit
from app.config_tree.exact_text import literal_text, number_text, parse_literal, parse_number

NUMBER_WIDTH_PX = 92


class TextEditor(Editor):
    """A text. An empty field means nothing for optional rows, and the default for the others."""

    def build(self) -> None:
        self.field = FieldEdit()
        self.field.edited.connect(self._accept)
        if self.row.optional:
            self.field.setPlaceholderText(self.row.empty_text)
        self.add(self.field, 1)

    def show_value(self, value: Any) -> None:
        self.field.show_text(self.text_of(value))

    def commit_pending(self) -> None:
        self.field.commit()

    def text_of(self, value: Any) -> str:
        """What the field shows for a value."""
        if value is None:
            return "" if self.row.optional else literal_text(value)
        return value if isinstance(value, str) else literal_text(value)

    def value_of(self, text: str) -> Any:
        """What a typed text means."""
        return text

    def _accept(self, text: str) -> None:
        if text.strip():
            self.edited.emit(self.value_of(text))
        elif self.row.optional:
            self.edited.emit(None)
        else:
            self.reset_wanted.emit()
            self.field.show_text(self.text_of(self.value))


class NumberEditor(TextEditor):
    """A number with all its digits. Up and Down step its last figure, Page Up and Page Down ten times that."""

    def build(self) -> None:
        super().build()
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.field.setMaximumWidth(NUMBER_WIDTH_PX)
        self._box.setStretchFactor(self.field, 100)  # before the empty rest of the row
        self.field.installEventFilter(self)
        if not self.row.unit:
            self.add_stretch()

    def text_of(self, value: Any) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return number_text(value)
        return "" if value is None and self.row.optional else literal_text(value)

    def value_of(self, text: str) -> Any:
        return parse_number(text, is_whole=self.row.kind == "int")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_PageUp: 10, Qt.Key.Key_PageDown: -10}
            if step := steps.get(Qt.Key(event.key())):
                self._step(step)
                return True
        return False

    def _step(self, steps: int) -> None:
        try:
            number = Decimal(self.field.text())
        except InvalidOperation:
            return
        exponent = number.as_tuple().exponent
        if not isinstance(exponent, int):
            return
        place = max(exponent, 0) if self.row.kind == "int" else exponent
        stepped = number + steps * Decimal(1).scaleb(place)
        low, high = self.row.minimum, self.row.maximum
        if (low is not None and stepped < Decimal(str(low))) or (high is not None and stepped > Decimal(str(high))):
            return
        self.field.setModified(False)
        self.edited.emit(int(stepped) if self.row.kind == "int" else float(stepped))


class LiteralEditor(TextEditor):
    """Any value, as one line of YAML: lists, mappings, numbers, texts."""

    def build(self) -> None:
        super().build()
        self.field.setPlaceholderText(self.row.empty_text)

    def text_of(self, value: Any) -> str:
        return "" if value is None and self.row.optional else literal_text(value)

    def value_of(self, text: str) -> Any:
        return parse_literal(text)
