"""A worker's voice: events to `events.jsonl`, log lines to its standard output."""

from __future__ import annotations

import collections
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Literal

from trainer.runs.events import Noticed, Phase, PhaseProgressed, PhaseStarted, encode_event

_PROGRESS_INTERVAL_S = 0.1
_BUFFERED_EVENTS = 10_000


class RunOutput:
    """Appends events and prints log lines. Safe to use from several threads; never raises.

    While the disk is full, up to 10,000 events wait in memory and are written when there is room again.
    """

    def __init__(self, events_path: Path) -> None:
        self._descriptor = os.open(events_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = threading.Lock()
        self._waiting: collections.deque[bytes] = collections.deque(maxlen=_BUFFERED_EVENTS)
        self._next_progress = 0.0
        self._start_fresh_line(events_path)

    def emit(self, event: Any) -> None:
        """Append an event."""
        line = encode_event(event)
        with self._lock:
            self._waiting.append(line)
            self._flush()

    def log(self, tag: str, message: str) -> None:
        """Print `HH:MM:SS [TAG] message`."""
        print(f"{time.strftime('%H:%M:%S')} [{tag}] {message}", flush=True)

    def notice(self, level: Literal["info", "warning", "error"], message: str) -> None:
        """Tell the person something, in the log and as an event."""
        self.log(level.upper(), message)
        self.emit(Noticed(level=level, message=message))

    def phase(self, phase: Phase) -> None:
        """Say that something else is being done from here on."""
        self.emit(PhaseStarted(phase=phase))
        self._next_progress = 0.0

    def progress(self, done: int, total: int, unit: str = "") -> None:
        """Say how far the current phase is; at most ten times a second reach the file."""
        now = time.monotonic()
        if now >= self._next_progress or done >= total:
            self._next_progress = now + _PROGRESS_INTERVAL_S
            self.emit(PhaseProgressed(done=done, total=total, unit=unit))

    def _flush(self) -> None:
        while self._waiting:
            line = self._waiting[0]
            try:
                written = os.write(self._descriptor, line)
            except OSError:
                return
            if written < len(line):
                self._waiting[0] = line[written:]
            else:
                self._waiting.popleft()

    def _start_fresh_line(self, path: Path) -> None:
        """A killed worker may have left half a line; events of this session must not be glued to it."""
        if path.stat().st_size == 0:
            return
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                self._waiting.append(b"\n")


def capture_output(log_path: Path) -> None:
    """Send everything this process prints, native libraries included, into the run's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)  # noqa: SIM115
