"""The search line of the log."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.widgets.buttons import tool_button
from app.widgets.labels import SecondaryLabel
from app.widgets.log_text import LogText


class LogSearch(QWidget):
    """Finds as one types; Enter goes on, Shift+Enter back, Escape closes."""

    closed = Signal()

    def __init__(self, text: LogText) -> None:
        super().__init__()
        self._text = text
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search the log")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._on_typed)
        self.outcome = SecondaryLabel()
        previous = tool_button("chevron-up", "Previous match (Shift+Enter)")
        previous.clicked.connect(self.find_previous)
        following = tool_button("chevron-down", "Next match (Enter)")
        following.clicked.connect(self.find_next)
        close = tool_button("x", "Close the search (Esc)")
        close.clicked.connect(self.close_search)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.field, 1)
        for widget in (self.outcome, previous, following, close):
            layout.addWidget(widget)
        self.hide()

    def open_search(self) -> None:
        """Show the line, with the selected text as what to search for."""
        selected = self._text.textCursor().selectedText()
        self.show()
        if selected and "\u2029" not in selected:
            self.field.setText(selected)
        self.field.setFocus()
        self.field.selectAll()
        self._text.search(self.field.text())

    def close_search(self) -> None:
        """Hide the line and its marks."""
        self.hide()
        self._text.search("")
        self.outcome.clear()
        self._text.setFocus()
        self.closed.emit()

    def find_next(self) -> None:
        """Select the next match."""
        self._find(backward=False)

    def find_previous(self) -> None:
        """Select the match before."""
        self._find(backward=True)

    def _on_typed(self, text: str) -> None:
        self._text.search(text)
        if text:
            self._text.find_from_selection_start()
            self._find(backward=False)
        else:
            self.outcome.clear()

    def _find(self, *, backward: bool) -> None:
        wanted = self.field.text()
        if wanted:
            found = self._text.find_next(wanted, backward=backward)
            self.outcome.setText("" if found else "No match")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.close_search()
        elif is_enter:
            self._find(backward=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)
