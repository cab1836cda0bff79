"""What windows that run one command of ours have in common: a sentence, a thin bar, a body, buttons. Never modal."""

from __future__ import annotations

import json
import re
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.project.project import Project
from app.theme import theme, theme_changed
from app.training.quick_job import QuickJob
from app.training.snapshot import Snapshot, refusal
from app.widgets.labels import SecondaryLabel
from trainer.errors import ConfigError

_SIZE_PX = (720, 480)
_BAR_HEIGHT_PX = 4
_PROGRESS = re.compile(r"^progress: (\d+)/(\d+)$")


class JobDialog(QDialog):
    """Runs one command on the present settings and shows what it prints as JSON.

    Signals:
        closed: It was closed; its job has ended.

    Args:
        title: Of the window.
        body: What fills it.
        project: What is being edited.
    """

    closed = Signal()

    def __init__(self, title: str, body: QWidget, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.resize(*_SIZE_PX)
        self.project = project
        self._job: QuickJob | None = None
        self._snapshot: Snapshot | None = None
        self._tone = "text"
        self._is_closed = False
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(_BAR_HEIGHT_PX)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.hint = SecondaryLabel()
        self.buttons = QHBoxLayout()
        self._lay_out(body)
        theme_changed.changed.connect(self._restyle)

    @property
    def is_busy(self) -> bool:
        """Whether its command is running."""
        return self._job is not None

    def say(self, text: str, tone: str = "text") -> None:
        """Show a sentence above the body, in one of the theme's colours."""
        self._tone = tone
        self.sentence.setText(text)
        self._restyle()

    def run(self, command: list[str]) -> None:
        """Run a command on the settings as they stand; one that is still running is given up.

        Args:
            command: Name and options; the configuration and `--json` are added.
        """
        self.cancel()
        if self._is_closed:
            return
        try:
            self._snapshot = Snapshot(self.project)
        except ConfigError as error:
            self.say(refusal(error), "error")
            return
        name, *options = command
        arguments = [name, str(self._snapshot.path), "--json", *options]
        self._job = QuickJob(arguments, self._finish, self._fail, self, told=self.told)
        self.bar.setRange(0, 0)
        self.bar.show()
        self.show_busy(True)

    def cancel(self) -> None:
        """End the command that is running, if any."""
        if self._job is not None:
            self._job.cancel()
            self._end_job()

    def show_result(self, answer: dict[str, Any]) -> None:
        """Show what the command printed."""
        raise NotImplementedError

    def show_busy(self, is_busy: bool) -> None:
        """The command has begun or ended."""

    def show_progress(self, done: int, total: int) -> None:
        """The command has come so far."""

    def told(self, line: str) -> None:
        """A line that the command wrote besides; one that begins with `progress:` moves the bar."""
        if match := _PROGRESS.match(line):
            done, total = int(match[1]), int(match[2])
            self.bar.setRange(0, total)
            self.bar.setValue(done)
            self.show_progress(done, total)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._is_closed = True
        self.cancel()
        super().closeEvent(event)
        self.closed.emit()

    def reject(self) -> None:
        self.close()

    def _finish(self, lines: list[str]) -> None:
        self._end_job()
        answer = _answer(lines)
        if answer is None:
            self.say("The command gave no result.", "error")
        else:
            self.show_result(answer)

    def _fail(self, message: str) -> None:
        """A command may have a result although it says by its exit code that something is wrong."""
        answer = _answer(self._job.printed) if self._job is not None else None
        self._end_job()
        if answer is None:
            self.say(message, "error")
        else:
            self.show_result(answer)

    def _end_job(self) -> None:
        self._job = None
        if self._snapshot is not None:
            self._snapshot.remove()
            self._snapshot = None
        self.bar.hide()
        self.show_busy(False)

    def _restyle(self) -> None:
        palette = self.sentence.palette()
        palette.setColor(palette.ColorRole.WindowText, getattr(theme(), self._tone))
        self.sentence.setPalette(palette)

    def _lay_out(self, body: QWidget) -> None:
        self.bar.hide()
        lower = QHBoxLayout()
        lower.addWidget(self.hint, 1)
        lower.addLayout(self.buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.sentence)
        layout.addWidget(self.bar)
        layout.addWidget(body, 1)
        layout.addLayout(lower)


def _answer(lines: list[str]) -> dict[str, Any] | None:
    """The object on the last line; `None` if there is none."""
    try:
        answer = json.loads(lines[-1])
    except (IndexError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
