"""Offers to end a run that was told to stop and does not react, as with a loop of the user's that never ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.pages.train.page import TrainPage
from app.training.run_controller import RunController
from app.widgets.message_bar import MessageBar
from trainer.errors import RunError
from trainer.runs.commands import Discard, StopAfterEpoch, StopNow, Terminate
from trainer.runs.folder import RunFolder
from trainer.runs.process import ProcessIdentity
from trainer.runs.state import RunState

PATIENCE_S = 10.0
GRACE_S = 5.0
_LOOK_MS = 500
_STOPS = (StopAfterEpoch, StopNow, Discard)


class Termination(QObject):
    """Watches the run on the Train page from the moment it is told to stop.

    Args:
        controller: Sends commands.
        page: Shows the run.
        messages: Where the offer is made.
        clock: Seconds that pass; tests give their own.
    """

    def __init__(
        self,
        controller: RunController,
        page: TrainPage,
        messages: MessageBar,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._page = page
        self._messages = messages
        self._clock = clock
        self._path: Path | None = None
        self._progress: object = None
        self._moved_at = 0.0
        self._has_offered = False
        self._offer = ""
        self._terminated_at: float | None = None
        self._process: ProcessIdentity | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)
        page.run_state_changed.connect(self.look)
        controller.told.connect(self._on_told)

    def look(self) -> None:
        """See whether the run moved on since it was told to stop; make or take back the offer."""
        followed = self._page.followed
        is_active = followed is not None and followed.status is not None and followed.status.is_active
        if followed is None or not is_active or (self._path is not None and followed.path != self._path):
            self._end()
        elif self._path is None:
            if followed.state.stop_requested:
                self._begin(followed.path)
        elif self._terminated_at is not None:
            self._kill_when_time_is_up()
        else:
            self._judge(followed.state, followed.path.name)

    def terminate(self) -> None:
        """End the run at once; where its process does not even hear that, kill it after a moment."""
        if self._path is None:
            return
        try:
            self._process = RunFolder(self._path).read_record().process
        except RunError:
            self._process = None
        self._terminated_at = self._clock()
        self._controller.send(self._path, Terminate())

    def close(self) -> None:
        """Watch nothing any more."""
        self._timer.stop()

    def _on_told(self, path: Path, command: object) -> None:
        if isinstance(command, _STOPS) and self._path != path:
            self._begin(path)

    def _begin(self, path: Path) -> None:
        followed = self._page.followed
        self._path = path
        self._progress = _progress_of(followed.state) if followed is not None else None
        self._moved_at = self._clock()
        self._has_offered = False
        self._timer.start()

    def _end(self) -> None:
        self._timer.stop()
        self._withdraw()
        self._path, self._terminated_at, self._process = None, None, None

    def _judge(self, state: RunState, name: str) -> None:
        progress = _progress_of(state)
        if progress != self._progress:
            self._progress, self._moved_at, self._has_offered = progress, self._clock(), False
            self._withdraw()
        elif self._clock() - self._moved_at >= PATIENCE_S and not self._has_offered:
            self._has_offered = True
            self._offer = (
                f"{name} has not reacted to Stop for {PATIENCE_S:.0f} s. A step may take long, or your code may loop "
                f"for ever. Terminate ends it at once; {_what_is_kept(state)}"
            )
            self._messages.ask(self._offer, "Terminate", self.terminate)

    def _withdraw(self) -> None:
        if self._offer and self._messages.text.text() == self._offer:
            self._messages.hide()
        self._offer = ""

    def _kill_when_time_is_up(self) -> None:
        assert self._terminated_at is not None
        followed = self._page.followed
        if self._clock() - self._terminated_at < GRACE_S or followed is None:
            return
        self._terminated_at = self._clock()
        if self._process is not None and self._process.is_alive():
            kill_with_children(self._process)
            kept = _what_is_kept(followed.state)
            self._messages.say(f"The process of {followed.path.name} did not answer and was killed; {kept}")


def kill_with_children(process: ProcessIdentity) -> None:
    """End a process, and those it started, without asking it."""
    import psutil  # here, as the window starts faster without it

    try:
        worker = psutil.Process(process.process_id)
        victims = [*worker.children(recursive=True), worker]
    except psutil.Error:
        return
    for victim in victims:
        try:
            victim.kill()
        except psutil.Error:
            continue


def _progress_of(state: RunState) -> object:
    """Everything by which a run shows that it moves on; its heartbeat comes from another thread and says nothing."""
    saved = tuple((name, event.epoch, event.step) for name, event in state.checkpoints.items())
    return (state.session, state.phase, state.phase_done, state.epoch, state.step, len(state.epochs), saved)


def _what_is_kept(state: RunState) -> str:
    newest = max(state.checkpoints.values(), key=lambda event: (event.epoch, event.step), default=None)
    if newest is None:
        return "nothing was saved yet."
    step = f", batch {newest.step} of the next" if newest.step else ""
    return f"what came after its last checkpoint (epoch {newest.epoch}{step}) is lost."
