"""The Run menu and the run buttons: what they do to the shown run, and when they can be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from app.icons import icon
from app.pages.train.page import TrainPage
from app.project.project import Project
from app.training.run_controller import RunController
from app.widgets.message_bar import MessageBar
from app.window.actions import Actions
from app.window.consent import Consent
from trainer.errors import Problem
from trainer.runs.commands import Discard, Pause, Resume, SaveCheckpoint, StopAfterEpoch, StopNow
from trainer.runs.state import Status


class RunCommands(QObject):
    """Start, Pause, Stop, Continue for the run on the Train page.

    Attributes:
        consent: Asks before anything that executes the user's files.
        doubts: Gives what is known to end a training at its start; a person can start it all the same, as the
            data may be other by now.

    Signals:
        setting_wanted: Dotted key of a setting that must be looked at first.

    Args:
        controller: Starts and commands runs.
        project: The open project.
        page: The Train page, whose run is meant.
        messages: Where questions and refusals go.
        actions: The actions to connect and to enable.
    """

    setting_wanted = Signal(str)

    def __init__(
        self,
        controller: RunController,
        project: Project,
        page: TrainPage,
        messages: MessageBar,
        actions: Actions,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._project = project
        self._page = page
        self._messages = messages
        self._actions = actions
        self.consent = Consent(project, messages)
        self.doubts: Callable[[], tuple[Problem, ...]] = tuple
        actions["start"].setIcon(icon("play", "accent"))
        for name, slot in {
            "start": self.start,
            "pause": self._pause,
            "stop": lambda: self._send(StopAfterEpoch()),
            "stop_now": self.stop_now,
            "discard": self._ask_discard,
            "checkpoint": lambda: self._send(SaveCheckpoint()),
            "continue": self._continue_shown,
            "run_folder": self._open_folder,
        }.items():
            actions[name].triggered.connect(lambda _=False, slot=slot: slot())

    @property
    def is_active(self) -> bool:
        """Whether the shown run is being trained."""
        status = self._status()
        return status is not None and status.is_active

    def start(self) -> None:
        """Train the project as it stands."""
        self._project.commit_pending_edits()
        if self.is_active:
            self._messages.say("A run is being trained already. Stop it first.", tone="warning")
        elif doubts := self.doubts():
            self._messages.ask(f"Training would be refused: {doubts[0].message}", "Start all the same", self._start)
        else:
            self._start()

    def _start(self) -> None:
        self.consent.before(self._controller.start)

    def stop_now(self) -> None:
        """Stop after the current batch, saving everything."""
        self._send(StopNow())

    def continue_run(self, path: Path) -> None:
        """Go on with a run; a completed one needs more epochs, which are taken from the settings."""
        self.consent.before_run(path, lambda: self._continue(path))

    def _continue(self, path: Path) -> None:
        followed = self._page.followed
        is_done = followed is not None and followed.path == path and followed.status is Status.COMPLETED
        if followed is None or not is_done or followed.state.num_folds:
            self._controller.continue_run(path)
            return
        done, epochs = len(followed.state.epochs), self._project.value("training.epochs")
        if isinstance(epochs, int) and epochs > done:
            self._controller.continue_run(path, {"training.epochs": epochs})
            return
        self._messages.say(f"All {done} epochs of {path.name} are done. Raise the epochs above {done}, then go on.")
        self.setting_wanted.emit("training.epochs")

    def refresh(self, *, has_project: bool) -> None:
        """Enable what makes sense now."""
        status, active, actions = self._status(), self.is_active, self._actions
        actions["start"].setEnabled(not active and has_project)
        tip = "A run is being trained; stop it first" if active else "Train with the settings on the left (F5)"
        actions["start"].setToolTip(tip)
        paused = status is Status.PAUSED
        actions["pause"].setEnabled(status in (Status.RUNNING, Status.PAUSED))
        text = "&Resume" if paused else "&Pause"
        if actions["pause"].text() != text:  # setting an icon repaints the buttons, even if it is the same one
            actions["pause"].setText(text)
            actions["pause"].setIcon(icon("play" if paused else "pause"))
        for name in ("stop", "stop_now", "discard"):
            actions[name].setEnabled(active)
        actions["checkpoint"].setEnabled(status is Status.RUNNING)
        actions["continue"].setEnabled(status is not None and not active)
        actions["run_folder"].setEnabled(status is not None)

    def _status(self) -> Status | None:
        return self._page.followed.status if self._page.followed is not None else None

    def _send(self, command: Any) -> None:
        if self._page.followed is not None and self.is_active:
            self._controller.send(self._page.followed.path, command)

    def _pause(self) -> None:
        self._send(Resume() if self._status() is Status.PAUSED else Pause())

    def _ask_discard(self) -> None:
        if self._page.followed is not None:
            text = f"Stop {self._page.followed.path.name} and lose what it learned since its last checkpoint?"
            self._messages.ask(text, "Discard", lambda: self._send(Discard()))

    def _continue_shown(self) -> None:
        if self._page.followed is not None:
            self.continue_run(self._page.followed.path)

    def _open_folder(self) -> None:
        if self._page.followed is not None:
            open_folder(self._page.followed.path)


def open_folder(path: Path) -> None:
    """Show a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
