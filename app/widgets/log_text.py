"""The text area of the log: takes lines in slices, keeps its end in view, marks what is searched for."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from app.theme import mono_font, theme
from app.widgets.colors import blend
from app.widgets.log_highlighter import LogHighlighter

KEPT_LINES = 50_000


class LogText(QPlainTextEdit):
    """Read-only lines. Follows its end until the reader scrolls away from it, and again from there."""

    follow_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setMaximumBlockCount(KEPT_LINES)
        self.setFont(mono_font())
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName("Log")
        self._follows = True
        self._moves_itself = False
        self._searched = ""
        self._highlighter = LogHighlighter(self.document())
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    @property
    def follows(self) -> bool:
        """Whether new lines scroll into view."""
        return self._follows

    def set_follows(self, follows: bool) -> None:
        """Keep the newest line in view from now on, or stay where the reader is."""
        if follows:
            self._scroll_to_end()
        if follows != self._follows:
            self._follows = follows
            self.follow_changed.emit(follows)

    def add(self, lines: list[str]) -> None:
        """Append lines at once; a few hundred per call keep the window smooth."""
        if not lines:
            return
        bar = self.verticalScrollBar()
        place, cut = bar.value(), self.blockCount() + len(lines) - KEPT_LINES
        self._moves_itself = True
        self.appendPlainText("\n".join(lines))
        if not self._follows and cut > 0:
            bar.setValue(max(0, place - cut))
        self._moves_itself = False
        if self._follows:
            self._scroll_to_end()
        if self._searched:
            self._mark_matches()

    def empty(self) -> None:
        """Remove all lines."""
        self._moves_itself = True
        self.clear()
        self._moves_itself = False

    def restyle(self) -> None:
        """Take the theme's colours."""
        self._highlighter.restyle()
        self._mark_matches()

    def search(self, text: str) -> None:
        """Mark every place in view where `text` stands; an empty text removes the marks."""
        self._searched = text
        self._mark_matches()

    def find_from_selection_start(self) -> None:
        """Let the next search look at the selected place again: a longer word may stand there too."""
        cursor = self.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self.setTextCursor(cursor)

    def find_next(self, text: str, *, backward: bool = False) -> bool:
        """Select the next match, from the other end again when there is none further on."""
        if not text:
            return False
        flags = QTextDocument.FindFlag.FindBackward if backward else QTextDocument.FindFlag(0)
        if self.find(text, flags):
            found = True
        else:
            cursor = self.textCursor()
            end = QTextCursor.MoveOperation.End if backward else QTextCursor.MoveOperation.Start
            restart = QTextCursor(self.document())
            restart.movePosition(end)
            self.setTextCursor(restart)
            found = self.find(text, flags)
            if not found:
                self.setTextCursor(cursor)
        self._mark_matches()
        return found

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._moves_itself = True
        super().resizeEvent(event)
        self._moves_itself = False
        if self._follows:
            self._scroll_to_end()
        self._mark_matches()

    def _scroll_to_end(self) -> None:
        self._moves_itself = True
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
        self._moves_itself = False

    def _on_scrolled(self, value: int) -> None:
        if not self._moves_itself:
            self.set_follows(value >= self.verticalScrollBar().maximum())
        if self._searched:
            self._mark_matches()

    def _mark_matches(self) -> None:
        """Mark matches in view only: a search must not cost more the longer the log is."""
        marks: list[QTextEdit.ExtraSelection] = []
        if self._searched:
            wanted = self._searched.lower()
            block = self.firstVisibleBlock()
            for _ in range(self.viewport().height() // max(1, self.fontMetrics().height()) + 2):
                if not block.isValid():
                    break
                marks += self._marks_in(block.position(), block.text().lower(), wanted)
                block = block.next()
        self.setExtraSelections(marks)

    def _marks_in(self, start: int, text: str, wanted: str) -> list[QTextEdit.ExtraSelection]:
        marks: list[QTextEdit.ExtraSelection] = []
        place = text.find(wanted)
        while place >= 0 and len(marks) < 100:
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(start + place)
            cursor.setPosition(start + place + len(wanted), QTextCursor.MoveMode.KeepAnchor)
            mark.cursor, mark.format = cursor, _mark_format()
            marks.append(mark)
            place = text.find(wanted, place + len(wanted))
        return marks


def _mark_format() -> QTextCharFormat:
    colors = theme()
    result = QTextCharFormat()
    result.setBackground(QColor(blend(colors.surface, colors.warning, 0.35)))
    result.setForeground(colors.text)
    return result
