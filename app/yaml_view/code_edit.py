"""A text field for YAML: line numbers, indentation with spaces, problems underlined."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QToolTip, QWidget

from app.theme import mono_font, theme, theme_changed
from app.yaml_view.highlighter import YamlHighlighter
from app.yaml_view.indentation import dedent, indent, new_line
from trainer.errors import Problem

_GUTTER_PADDING_PX = 8


class CodeEdit(QPlainTextEdit):
    """The editor itself; it knows nothing of projects.

    Signals:
        undo_wanted: Ctrl+Z was pressed; there is one undo history, and it is not in here.
        redo_wanted: Ctrl+Y or Ctrl+Shift+Z was pressed.
        left: The focus went elsewhere.
    """

    undo_wanted = Signal()
    redo_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._problems: dict[int, str] = {}
        self._gutter = _Gutter(self)
        self.setFont(mono_font())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setUndoRedoEnabled(False)
        self.setAccessibleName("Configuration as YAML")
        self.highlighter = YamlHighlighter(self.document())
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scroll_gutter)
        theme_changed.changed.connect(self._underline)
        self._make_room()

    def text(self) -> str:
        """The text with `\\n` at line ends; unlike `toPlainText` it keeps non-breaking spaces."""
        return self.document().toRawText().replace("\u2029", "\n")

    def show_text(self, text: str) -> None:
        """Replace only what differs, so that cursor, selection and scrolling stay."""
        old = self.text()
        start = _num_equal(old, text)
        tail = _num_equal(old[start:][::-1], text[start:][::-1])
        cursor = QTextCursor(self.document())
        cursor.setPosition(_utf16_length(old[:start]))
        cursor.setPosition(_utf16_length(old[: len(old) - tail]), QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(text[start : len(text) - tail])

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Underline the lines of problems."""
        self._problems = {}
        for problem in problems:
            if problem.line is not None:
                known = self._problems.get(problem.line)
                self._problems[problem.line] = f"{known}\n{problem.message}" if known else problem.message
        self._underline()
        self._gutter.update()

    def go_to_line(self, line: int) -> None:
        """Put the cursor at the start of a line, counted from 1, and show it in the middle."""
        block = self.document().findBlockByNumber(max(0, min(line, self.blockCount()) - 1))
        cursor = QTextCursor(block)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        self.setTextCursor(cursor)
        self.centerCursor()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def gutter_width(self) -> int:
        """Width of the line numbers in pixels."""
        digits = max(2, len(str(self.blockCount())))
        return self.fontMetrics().horizontalAdvance("9") * digits + 2 * _GUTTER_PADDING_PX

    def paint_gutter(self, event: QPaintEvent) -> None:
        """Draw the line numbers; those of problems in the colour of errors."""
        painter = QPainter(self._gutter)
        painter.fillRect(event.rect(), theme().window)
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        width = self._gutter.width() - _GUTTER_PADDING_PX
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            line = block.blockNumber() + 1
            painter.setPen(theme().error if line in self._problems else theme().secondary_text)
            painter.drawText(QRect(0, round(top), width, round(height)), Qt.AlignmentFlag.AlignRight, str(line))
            block, top = block.next(), top + height
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self._gutter.setGeometry(QRect(area.left(), area.top(), self.gutter_width(), area.height()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = QKeySequence.StandardKey
        if event.matches(keys.Undo):
            self.undo_wanted.emit()
        elif event.matches(keys.Redo):
            self.redo_wanted.emit()
        elif event.key() == Qt.Key.Key_Tab:
            indent(self.textCursor())
        elif event.key() == Qt.Key.Key_Backtab:
            dedent(self.textCursor())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            new_line(self.textCursor())
            self.ensureCursorVisible()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tooltip(event.globalPos())
            return True
        if event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        return super().event(event)

    def _show_tooltip(self, where: QPoint) -> None:
        line = self.cursorForPosition(self.viewport().mapFromGlobal(where)).blockNumber() + 1
        QToolTip.showText(where, self._problems.get(line, ""), self)

    def _underline(self) -> None:
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(theme().error)
        look.setProperty(QTextFormat.Property.FullWidthSelection, False)
        marks = []
        for line in self._problems:
            block = self.document().findBlockByNumber(line - 1)
            text = block.text()
            cursor = QTextCursor(block)
            cursor.setPosition(block.position() + _utf16_length(text) - _utf16_length(text.lstrip()))
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            mark = QTextEdit.ExtraSelection()
            mark.cursor, mark.format = cursor, look
            marks.append(mark)
        self.setExtraSelections(marks)

    def _make_room(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)

    def _scroll_gutter(self, area: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, area.y(), self._gutter.width(), area.height())


class _Gutter(QWidget):
    def __init__(self, code: CodeEdit) -> None:
        super().__init__(code)
        self._code = code

    def sizeHint(self) -> QSize:
        return QSize(self._code.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._code.paint_gutter(event)


def _num_equal(first: str, second: str) -> int:
    """How many characters two texts have in common at their start."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _utf16_length(text: str) -> int:
    """Length as Qt counts it."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)
