"""Following a run: events and log of a live, finished or lost run, read the same way."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from trainer.errors import RunError
from trainer.runs.events import Event, decode_event
from trainer.runs.folder import RunFolder
from trainer.runs.line_file import LineReader
from trainer.runs.state import RunState, Status

_EVENTS_LIMIT_BYTES = 8 << 20
_TEXT_LIMIT_BYTES = 4 << 20
_LONGEST_LOG_LINE_BYTES = 1 << 20


class RunFollower:
    """Keeps a `RunState` up to date with a run's folder. Call `poll` now and then; it never waits.

    Args:
        folder: The run.
        log_offset: Byte of the log at which `poll_log` begins.
    """

    def __init__(self, folder: RunFolder, *, log_offset: int = 0) -> None:
        self.folder = folder
        self.state = RunState()
        self.num_unknown_events = 0
        self._events = LineReader(folder.events_path)
        self._log = LineReader(folder.log_path, offset=log_offset, longest_line_bytes=_LONGEST_LOG_LINE_BYTES)

    @property
    def events_at_end(self) -> bool:
        """Whether the last `poll` read all events written so far."""
        return self._events.at_end

    @property
    def log_at_end(self) -> bool:
        """Whether the last `poll_log` read all lines written so far."""
        return self._log.at_end

    def poll(self, limit_bytes: int = _EVENTS_LIMIT_BYTES) -> list[Event]:
        """Read new events, apply them to `state` and give them back, oldest first.

        At most about `limit_bytes` of the file are read, so that a long backlog can be taken in slices.
        """
        new: list[Event] = []
        for line in self._events.read(limit_bytes):
            if not line.strip():
                continue
            try:
                event = decode_event(line)
            except ValidationError:
                self.num_unknown_events += 1
                continue
            self.state.apply(event)
            new.append(event)
        return new

    def poll_log(self, limit_bytes: int = _TEXT_LIMIT_BYTES) -> list[str]:
        """Complete log lines written since the last call, at most about `limit_bytes` of them."""
        return [line.decode("utf-8", "replace") for line in self._log.read(limit_bytes)]

    def status(self) -> Status:
        """The run's status now: its last event, and whether its worker exists."""
        if self.state.end is not None:
            return self.state.status(is_alive=False)
        try:
            is_alive = self.folder.is_alive()
        except RunError:
            is_alive = False
        if not is_alive:
            self.poll()
        return self.state.status(is_alive=is_alive)


def read_run(path: Path) -> RunFollower:
    """Read all of a run's events.

    Raises:
        RunError: `path` is no run folder.
    """
    folder = RunFolder(path)
    folder.read_record()
    follower = RunFollower(folder)
    while follower.poll() or not follower.events_at_end:
        pass
    return follower
