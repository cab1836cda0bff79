"""Looking for a text in the YAML."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QToolButton, QWidget

from app.icons import icon
from app.widgets.labels import SecondaryLabel


class FindBar(QWidget):
    """Hidden until `open`; Return finds the next place, Shift+Return the one before, Escape closes."""

    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__()
        self._editor = editor
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find")
        self.field.textChanged.connect(self._find_first)
        self.found = SecondaryLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.field, 1)
        layout.addWidget(self.found)
        for name, tip, action in (
            ("chevron-up", "Previous (Shift+Return)", lambda: self.find_next(is_backward=True)),
            ("chevron-down", "Next (Return)", self.find_next),
            ("x", "Close (Esc)", self.close_bar),
        ):
            button = QToolButton()
            button.setIcon(icon(name))
            button.setToolTip(tip)
            button.clicked.connect(lambda _checked=False, act=action: act())
            layout.addWidget(button)
        self.hide()

    def open(self) -> None:
        """Show the bar, with the selected text to look for."""
        selected = self._editor.textCursor().selectedText()
        self.show()
        if selected and "\u2029" not in selected:
            self.field.setText(selected)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def close_bar(self) -> None:
        """Hide the bar and go back to the text."""
        self.hide()
        self._editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def find_next(self, *, is_backward: bool = False) -> None:
        """Select the next place, starting over at the end of the text."""
        text = self.field.text()
        if not text:
            return
        flags = QTextDocument.FindFlag.FindBackward if is_backward else QTextDocument.FindFlag(0)
        is_found = self._editor.find(text, flags)
        if not is_found:
            before = self._editor.textCursor()
            edge = QTextCursor.MoveOperation.End if is_backward else QTextCursor.MoveOperation.Start
            self._editor.moveCursor(edge)
            is_found = self._editor.find(text, flags)
            if not is_found:
                self._editor.setTextCursor(before)
        self.found.setText("" if is_found else "Not found")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.find_next(is_backward=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def _find_first(self) -> None:
        self.found.setText("")
        cursor = self._editor.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._editor.setTextCursor(cursor)
        self.find_next()
