"""Summaries of all runs, made off the GUI thread and only where something changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue

from PySide6.QtCore import QRunnable, QThreadPool

from trainer.errors import RunError
from trainer.runs.folder import RunFolder
from trainer.runs.follow import RunFollower
from trainer.runs.state import Status
from trainer.runs.store import RunSummary, list_runs, summary_of

Fingerprint = tuple[int, int, int]
_SLICE_BYTES = 64 << 10
_PAUSE_S = 0.002


class _CancelledError(Exception):
    """The page no longer wants to know."""


@dataclass(slots=True)
class _Entry:
    fingerprint: Fingerprint
    summary: RunSummary
    follower: RunFollower | None


class SummaryCache:
    """Summaries by path. A finished run is read once; an active one is followed, so only news are read."""

    def __init__(self) -> None:
        self._entries: dict[Path, _Entry] = {}
        self.num_full_reads = 0

    def get(self, path: Path, pause: Callable[[], None] = lambda: None) -> RunSummary:
        """The summary of a run as it is now.

        Args:
            path: Folder of the run.
            pause: Called between slices of a long history. What it raises ends the reading.

        Raises:
            RunError: `path` is no run folder.
        """
        fingerprint = _fingerprint(path)
        entry = self._entries.get(path)
        if entry is not None and entry.fingerprint == fingerprint and not entry.summary.status.is_active:
            return entry.summary
        follower = self._follower(path, entry)
        _read_on(follower, pause)
        summary = summary_of(follower)
        if summary.status is Status.LOST and summary.record.awaits_worker():
            summary = replace(summary, status=Status.STARTING)
        self._entries[path] = _Entry(fingerprint, summary, follower if summary.status.is_active else None)
        return summary

    def keep_only(self, paths: list[Path]) -> None:
        """Forget runs that are gone."""
        for path in set(self._entries) - set(paths):
            del self._entries[path]

    def _follower(self, path: Path, entry: _Entry | None) -> RunFollower:
        if entry is None or entry.follower is None:
            self.num_full_reads += 1
            return RunFollower(RunFolder(path))
        return entry.follower


def _read_on(follower: RunFollower, pause: Callable[[], None]) -> None:
    follower.poll(_SLICE_BYTES)
    while not follower.events_at_end:
        pause()
        follower.poll(_SLICE_BYTES)


def _fingerprint(path: Path) -> Fingerprint:
    folder = RunFolder(path)
    try:
        record_time = folder.record_path.stat().st_mtime_ns
        events = folder.events_path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (events.st_mtime_ns, events.st_size, record_time)


class Scan:
    """One pass over a runs folder in a thread of the pool. It knows no widget; the page takes what it found.

    Args:
        runs_dir: Folder of runs.
        cache: Used by one scan at a time.
    """

    def __init__(self, runs_dir: Path, cache: SummaryCache) -> None:
        self.runs_dir = runs_dir
        self.paths: list[Path] = []
        self.num_unreadable = 0
        self._cache = cache
        self._found: SimpleQueue[RunSummary] = SimpleQueue()
        self._cancelled = threading.Event()
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin, in a thread of the global pool."""
        QThreadPool.globalInstance().start(QRunnable.create(self._run))

    def cancel(self) -> None:
        """End after the run being read."""
        self._cancelled.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; `False` if it takes longer. Not for the GUI thread."""
        return self._ended.wait(timeout_s)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be found."""
        return self._ended.is_set()

    @property
    def was_cancelled(self) -> bool:
        """Whether it may have ended before the last run."""
        return self._cancelled.is_set()

    def take(self) -> list[RunSummary]:
        """Summaries found since the last call."""
        found = []
        while True:
            try:
                found.append(self._found.get_nowait())
            except Empty:
                return found

    def _run(self) -> None:
        try:
            self.paths = list_runs(self.runs_dir)
            self._cache.keep_only(self.paths)
            for path in self.paths:
                self._summarize(path)
                self._pause()
        except _CancelledError:
            return
        except OSError:
            self.num_unreadable += 1  # the runs folder went away under the scan; the next one tells
        finally:
            self._ended.set()

    def _summarize(self, path: Path) -> None:
        try:
            self._found.put(self._cache.get(path, self._pause))
        except (RunError, OSError):
            self.num_unreadable += 1

    def _pause(self) -> None:
        """Let the window have Python for a moment: it waits for this thread at every call from Qt."""
        if self._cancelled.wait(_PAUSE_S):
            raise _CancelledError
