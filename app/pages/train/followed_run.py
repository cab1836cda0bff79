"""A run folder followed from the window: a timer, slices, signals."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from trainer.errors import RunError
from trainer.runs.events import Event, SessionStarted
from trainer.runs.folder import CLAIM_GRACE_S, RunFolder
from trainer.runs.follow import RunFollower
from trainer.runs.state import RunState, Status

_ACTIVE_INTERVAL_MS = 200
_IDLE_INTERVAL_MS = 1000
_BACKLOG_INTERVAL_MS = 5
_ALIVE_CHECK_INTERVAL_S = 1.0
_TICK_BUDGET_S = 0.005
_EVENTS_SLICE_BYTES = 32 << 10
_LOG_SLICE_BYTES = 64 << 10
_LOG_TAIL_BYTES = 16 << 20


class FollowedRun(QObject):
    """Keeps up with one run until `stop`. A long history is read in slices, some milliseconds at a time.

    An ended or lost run is still looked at once a second, so that a Continue from elsewhere shows.

    Signals:
        advanced: New events (`list[Event]`), already applied to `state`.
        log_lines: New log lines (`list[str]`), raw.
        status_changed: The `Status`, at its first determination and at every change.
        caught_up: Once, when all that had been written was read.
    """

    advanced = Signal(list)
    log_lines = Signal(list)
    status_changed = Signal(object)
    caught_up = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = RunFolder(path)
        log_bytes = self.folder.log_path.stat().st_size if self.folder.log_path.exists() else 0
        self.log_starts_late = log_bytes > _LOG_TAIL_BYTES
        self._follower = RunFollower(self.folder, log_offset=max(0, log_bytes - _LOG_TAIL_BYTES))
        self._status: Status | None = None
        self._is_caught_up = False
        self._seems_alive = True
        self._alive_checked_at = -_ALIVE_CHECK_INTERVAL_S
        self._session_expected_until = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def state(self) -> RunState:
        """What is known of the run so far."""
        return self._follower.state

    @property
    def status(self) -> Status | None:
        """The run's status; `None` until its history was read."""
        return self._status

    @property
    def is_caught_up(self) -> bool:
        """Whether everything written before now was read once."""
        return self._is_caught_up

    def start(self) -> None:
        """Begin to read, in slices."""
        self._timer.start(0)

    def stop(self) -> None:
        """Read nothing more."""
        self._timer.stop()

    def expect_session(self) -> None:
        """A worker was just told to take this run: it counts as starting until its first event."""
        self._session_expected_until = time.monotonic() + CLAIM_GRACE_S
        self._set_status(Status.STARTING)
        self._timer.start(_BACKLOG_INTERVAL_MS)

    def _tick(self) -> None:
        self._check_alive()
        events = self._read_events()
        lines = self._follower.poll_log(_LOG_SLICE_BYTES) if self._follower.events_at_end else []
        if any(isinstance(event, SessionStarted) for event in events):
            self._session_expected_until = 0.0
            self._seems_alive = self._is_worker_alive()
        if events:
            self.advanced.emit(events)
        if lines:
            self.log_lines.emit(lines)
        self._update_status()
        self._timer.setInterval(self._next_interval_ms())
        if self._follower.events_at_end and self._follower.log_at_end and not self._is_caught_up:
            self._is_caught_up = True
            self.caught_up.emit()

    def _read_events(self) -> list[Event]:
        deadline = time.monotonic() + _TICK_BUDGET_S
        events = self._follower.poll(_EVENTS_SLICE_BYTES)
        while not self._follower.events_at_end and time.monotonic() < deadline:
            events += self._follower.poll(_EVENTS_SLICE_BYTES)
        return events

    def _next_interval_ms(self) -> int:
        if not (self._follower.events_at_end and self._follower.log_at_end):
            return _BACKLOG_INTERVAL_MS
        is_active = self._status is not None and self._status.is_active
        return _ACTIVE_INTERVAL_MS if is_active else _IDLE_INTERVAL_MS

    def _check_alive(self) -> None:
        now = time.monotonic()
        if self.state.end is None and now - self._alive_checked_at >= _ALIVE_CHECK_INTERVAL_S:
            self._alive_checked_at = now
            self._seems_alive = self._is_worker_alive()

    def _is_worker_alive(self) -> bool:
        try:
            record = self.folder.read_record()
        except RunError:
            return False
        return record.awaits_worker() or (record.process is not None and record.process.is_alive())

    def _update_status(self) -> None:
        """A dead worker makes a run lost only after all it wrote was read: its last line may be its end."""
        if time.monotonic() < self._session_expected_until:
            self._set_status(Status.STARTING)
        elif self._follower.events_at_end:
            self._set_status(self.state.status(is_alive=self._seems_alive))

    def _set_status(self, status: Status) -> None:
        if status is not self._status:
            self._status = status
            self.status_changed.emit(status)
