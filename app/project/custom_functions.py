"""The user's own functions: what is in `custom_functions/` beside the project, kept up to date while files change."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from trainer.catalog.discovery import FOLDER_NAME, FoundFunction, discover

_SETTLE_MS = 200
_POLL_MS = 20


class CustomFunctions(QObject):
    """Watches the folder and the files in use. Nothing is read before `begin`; then on a thread, beside the window.

    Signals:
        changed: Functions came, went or became others; a file in use may have other arguments now.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._base_dir: Path | None = None
        self._in_use: frozenset[Path] = frozenset()
        self._found: tuple[FoundFunction, ...] = ()
        self._stamps: dict[Path, int] = {}
        self._reading: _Reading | None = None
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._settle)
        self._watcher.directoryChanged.connect(self._settle)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLE_MS)
        self._settled.timeout.connect(self.read)
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._take)

    @property
    def is_watching(self) -> bool:
        """Whether `begin` was called."""
        return self._base_dir is not None

    @property
    def is_reading(self) -> bool:
        """Whether the folder is being looked at; what is new in it is not known yet."""
        return self._reading is not None

    def begin(self, base_dir: Path) -> None:
        """Read and watch the functions beside a project, and no longer those beside the one before."""
        if base_dir != self._base_dir:
            self._base_dir = base_dir
            self._found = ()
            self._watch()
            self.read()

    def use(self, files: Iterable[Path]) -> None:
        """Watch these files too, wherever they are."""
        in_use = frozenset(files)
        if in_use != self._in_use and self._base_dir is not None:
            self._in_use = in_use
            self._stamps = _stamps(in_use)
            self._watch()

    def end(self) -> None:
        """Read and watch nothing any more."""
        self._settled.stop()
        self._poll.stop()
        if self._reading is not None:
            self._reading.join()
        self._reading, self._base_dir, self._in_use, self._found = None, None, frozenset(), ()
        self._watch()

    def of(self, kind: str) -> tuple[FoundFunction, ...]:
        """The functions of one kind; none until they were read.

        What is inside them (`entry`) is read when asked for, which for many files takes too long for the window.
        """
        return tuple(item for item in self._found if item.kind == kind)

    @property
    def unreadable(self) -> tuple[FoundFunction, ...]:
        """Files of the folder that are no valid Python, each with its problem and line."""
        return tuple(item for item in self._found if item.kind is None)

    def read(self) -> None:
        """Look at the folder again; what is new comes with `changed`."""
        if self._base_dir is None:
            return
        if self._reading is not None:
            self._settled.start()
            return
        self._reading = _Reading(self._base_dir)
        self._reading.start()
        self._poll.start()

    def _take(self) -> None:
        reading = self._reading
        if reading is None or reading.is_alive():
            return
        self._poll.stop()
        self._reading = None
        if reading.base_dir != self._base_dir:
            self.read()
            return
        found, stamps = reading.found, _stamps(self._in_use)
        has_changed = found != self._found or stamps != self._stamps
        self._found, self._stamps = found, stamps
        self._watch()  # an editor may have put a new file in the place of the old one
        if has_changed:
            self.changed.emit()

    def _settle(self) -> None:
        self._settled.start()

    def _watch(self) -> None:
        """Files are watched by themselves, since an edit in place changes no folder; and folders, for new files."""
        wanted = {str(path) for path in self._in_use} | {str(path.parent) for path in self._in_use}
        if self._base_dir is not None:
            folder = self._base_dir / FOLDER_NAME
            wanted |= {str(_nearest_existing(self._base_dir)), str(folder)}
            files = {self._base_dir / file for file in {item.file for item in self._found}}
            wanted |= {str(path) for path in files} | {str(path.parent) for path in files}
        wanted = {path for path in wanted if Path(path).exists()}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := sorted(watched - wanted):
            self._watcher.removePaths(gone)
        if new := sorted(wanted - watched):
            self._watcher.addPaths(new)
            self._settled.start()  # they may have changed just before they were watched


class _Reading(threading.Thread):
    """Reads the folder once. Not a daemon: Python must not end in the middle of it."""

    def __init__(self, base_dir: Path) -> None:
        super().__init__(name="custom-functions", daemon=False)
        self.base_dir = base_dir
        self.found: tuple[FoundFunction, ...] = ()

    def run(self) -> None:
        self.found = discover(self.base_dir)


def _nearest_existing(folder: Path) -> Path:
    """The folder, or where it would be made."""
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def _stamps(files: Iterable[Path]) -> dict[Path, int]:
    return {path: stamp for path in files if (stamp := _stamp(path))}


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def files_in_use(values: Any) -> frozenset[str]:
    """Every `file` of a component anywhere in plain values, as it is written there.

    >>> sorted(files_in_use({"loss": {"file": "a.py", "name": "f"}, "metrics": ["x", {"file": "b.py"}]}))
    ['a.py', 'b.py']
    """
    if isinstance(values, dict):
        own = values.get("file")
        inner = frozenset().union(*map(files_in_use, values.values())) if values else frozenset()
        return inner | ({own} if isinstance(own, str) and own else frozenset())
    if isinstance(values, list):
        return frozenset().union(*map(files_in_use, values)) if values else frozenset()
    return frozenset()
