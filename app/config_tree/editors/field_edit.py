"""A line of text that is handed in as a whole: with Return, or when the focus leaves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

FIELD_HEIGHT_PX = 24


class FieldEdit(QLineEdit):
    """Emits `edited` with the new text only if a person changed it; Escape takes the typing back.

    Undo and redo act on the typing while there is some, and on the whole project otherwise.
    """

    edited = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, is_framed: bool = True) -> None:
        super().__init__(parent)
        self._shown = ""
        if is_framed:
            self.setFixedHeight(FIELD_HEIGHT_PX)
        self.editingFinished.connect(self.commit)

    def show_text(self, text: str) -> None:
        """Show what the project holds; what is being typed stays, and so does the cursor where it can."""
        if text == self._shown and text == self.text():
            return
        self._shown = text
        if self.isModified():
            return
        cursor = self.cursorPosition()
        self.setText(text)
        self.setCursorPosition(min(cursor, len(text)) if self.hasFocus() else 0)

    def commit(self) -> None:
        """Hand in what is typed, if anything."""
        if not self.isModified():
            return
        self.setModified(False)
        if self.text() != self._shown:
            self.edited.emit(self.text())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and not self.isModified() and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            if event.matches(keys.Undo) or event.matches(keys.Redo):
                event.ignore()
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._shown)
            self.selectAll()
            return
        super().keyPressEvent(event)
