"""The YAML side of the project: what is typed here is the project's text, right or wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.project.project import Project
from app.yaml_view.code_edit import CodeEdit
from app.yaml_view.find_bar import FindBar
from app.yaml_view.problem_strip import ProblemStrip

_HAND_IN_AFTER_MS = 300


class YamlView(QWidget):
    """Live both ways: typing reaches the project a moment later, other edits reach the text at once.

    Args:
        project: What is shown and edited.
    """

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.editor = CodeEdit()
        self.find_bar = FindBar(self.editor)
        self.strip = ProblemStrip()
        self._is_showing = False
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_HAND_IN_AFTER_MS)
        self._typing.timeout.connect(self.commit_pending)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.find_bar)
        layout.addWidget(self.editor, 1)
        layout.addWidget(self.strip)
        self._connect()
        self._show_text()
        self._show_problems()

    def commit_pending(self) -> None:
        """Hand in what was typed lately."""
        if self._typing.isActive() or self._differs():
            self._typing.stop()
            if self._differs():
                self.project.set_text(self._as_in_file(self.editor.text()))

    def go_to_line(self, line: int) -> None:
        """Put the cursor on a line, counted from 1."""
        self.editor.go_to_line(line)

    def go_to_key(self, key: str) -> None:
        """Put the cursor on the line of a key, or of the nearest key around it that the text has."""
        lines = self.project.loaded.lines
        while key and key not in lines:
            key = key.rpartition(".")[0]
        self.editor.go_to_line(lines.get(key, 1))

    def start_search(self) -> None:
        """Open the find bar."""
        self.find_bar.open()

    def _connect(self) -> None:
        self.editor.textChanged.connect(self._note_typing)
        self.editor.left.connect(self.commit_pending)
        self.editor.undo_wanted.connect(self.project.undo)
        self.editor.redo_wanted.connect(self._redo)
        self.strip.line_wanted.connect(self.go_to_line)
        self.project.changed.connect(self._show_text)
        self.project.problems_changed.connect(self._show_problems)
        self.project.pending_edits_wanted.connect(self.commit_pending)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.start_search)

    def _redo(self) -> None:
        self.commit_pending()
        self.project.redo()

    def _note_typing(self) -> None:
        if not self._is_showing and self._differs():
            self._typing.start()

    def _show_text(self) -> None:
        if self._typing.isActive():
            return  # a person is typing, and what they type wins
        if self._differs():
            self._is_showing = True
            self.editor.show_text(_with_plain_line_ends(self.project.text))
            self._is_showing = False
        self._show_problems()

    def _show_problems(self) -> None:
        self.editor.show_problems(self.project.problems)
        self.strip.show_problems(self.project.problems)

    def _differs(self) -> bool:
        return self.editor.text() != _with_plain_line_ends(self.project.text)

    def _as_in_file(self, text: str) -> str:
        return text.replace("\n", "\r\n") if "\r\n" in self.project.text else text


def _with_plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
