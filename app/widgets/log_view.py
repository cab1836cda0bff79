"""The log: lines as they come, with filter, search, follow and copy."""

from __future__ import annotations

import time
from collections import deque
from itertools import islice

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.theme import theme_changed
from app.widgets.buttons import tool_button
from app.widgets.labels import SecondaryLabel
from app.widgets.log_lines import Level, LogLine, clean_line, line_level
from app.widgets.log_search import LogSearch
from app.widgets.log_text import KEPT_LINES, LogText

_LINES_PER_SLICE = 50
_SLICE_BUDGET_S = 0.004
_SLICE_INTERVAL_MS = 10
_REPAINT_INTERVAL_S = 0.1


class LogView(QWidget):
    """Shows the last 50,000 lines given to `append_lines`; any number may arrive at once."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._incoming: deque[str] = deque()
        self._kept: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self._refill: deque[LogLine] = deque()
        self._in_traceback = False
        self._num_cut = 0
        self._repaint_at = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_SLICE_INTERVAL_MS)
        self._timer.timeout.connect(self._take_slice)
        self.text = LogText()
        self.search = LogSearch(self.text)
        self.cut_note = SecondaryLabel()
        self._build()
        theme_changed.changed.connect(self.text.restyle)

    def append_lines(self, lines: list[str]) -> None:
        """Take raw lines without their newline; they appear in slices that never hold up the window."""
        self._incoming.extend(lines)
        while len(self._incoming) > KEPT_LINES:  # they would be cut again before anyone could read them
            self._incoming.popleft()
            self._num_cut += 1
        if self._incoming:
            self._timer.start()

    def clear(self) -> None:
        """Forget all lines."""
        self._incoming.clear()
        self._kept.clear()
        self._refill.clear()
        self._in_traceback = False
        self._num_cut = 0
        self._timer.stop()
        self.text.setUpdatesEnabled(True)
        self.text.empty()
        self.text.set_follows(True)
        self._show_cut_note()

    def note_earlier_lines(self) -> None:
        """Say that lines before the first one given were left out."""
        self._num_cut += 1
        self._show_cut_note()

    @property
    def is_idle(self) -> bool:
        """Whether all lines given so far are shown."""
        return not self._incoming and not self._refill

    def copy(self) -> None:
        """Copy the selection, or all shown lines without one."""
        selected = self.text.textCursor().selectedText().replace("\u2029", "\n")
        QGuiApplication.clipboard().setText(selected or self.text.toPlainText())

    def _build(self) -> None:
        self.level_choice = QComboBox()
        self.level_choice.addItem("All lines", Level.NORMAL)
        self.level_choice.addItem("Warnings and errors", Level.WARNING)
        self.level_choice.setToolTip("Which lines to show")
        self.level_choice.currentIndexChanged.connect(self._start_refill)
        self.follow_button = tool_button("arrow-down-to-line", "Follow: keep the newest line in view (End)")
        self.follow_button.setCheckable(True)
        self.follow_button.setChecked(True)
        self.follow_button.clicked.connect(self.text.set_follows)
        self.text.follow_changed.connect(self.follow_button.setChecked)
        search_button = tool_button("search", "Search the log (Ctrl+F)")
        search_button.clicked.connect(self.search.open_search)
        copy_button = tool_button("copy", "Copy the selection (Ctrl+C), or the whole log without one")
        copy_button.clicked.connect(self.copy)
        header = QHBoxLayout()
        header.setSpacing(6)
        header.addWidget(QLabel("Log"))
        header.addWidget(self.cut_note, 1)
        for widget in (self.level_choice, self.follow_button, search_button, copy_button):
            header.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(header)
        layout.addWidget(self.search)
        layout.addWidget(self.text, 1)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.search.open_search)

    def _start_refill(self) -> None:
        self._refill = deque(self._kept)
        self.text.empty()
        self.text.set_follows(True)
        self._timer.start()

    def _take_slice(self) -> None:
        self.text.setUpdatesEnabled(False)
        deadline = time.monotonic() + _SLICE_BUDGET_S
        while not self.is_idle and time.monotonic() < deadline:
            lines = self._next_refill() if self._refill else self._next_incoming()
            lowest = self.level_choice.currentData()
            self.text.add([text for text, level in lines if level >= lowest])
        self._show_cut_note()
        if self.is_idle:
            self._timer.stop()
            self.text.setUpdatesEnabled(True)
        else:
            self._repaint_now_and_then()

    def _repaint_now_and_then(self) -> None:
        """While lines pour in, painting after every slice would cost more than taking them."""
        if time.monotonic() >= self._repaint_at:
            self._repaint_at = time.monotonic() + _REPAINT_INTERVAL_S
            self.text.setUpdatesEnabled(True)
            self.text.viewport().repaint()

    def _next_refill(self) -> list[LogLine]:
        return [self._refill.popleft() for _ in range(min(_LINES_PER_SLICE, len(self._refill)))]

    def _next_incoming(self) -> list[LogLine]:
        raw_lines = list(islice(self._incoming, _LINES_PER_SLICE))
        lines: list[LogLine] = []
        for raw in raw_lines:
            self._incoming.popleft()
            text = clean_line(raw)
            level, self._in_traceback = line_level(text, in_traceback=self._in_traceback)
            lines.append((text, int(level)))
        self._num_cut += max(0, len(self._kept) + len(lines) - KEPT_LINES)
        self._kept.extend(lines)
        return lines

    def _show_cut_note(self) -> None:
        if self._num_cut:
            self.cut_note.setText(f"Showing the last {KEPT_LINES:,} lines; all of them are in log.txt")
        else:
            self.cut_note.setText("")  # `clear` would lay out the window again even if there was no text
