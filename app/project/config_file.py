"""A configuration's file on disk: its exact bytes, and whether someone else changed them."""

from __future__ import annotations

import codecs
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from trainer.config.document import read_config_text
from trainer.errors import ConfigError, Problem
from trainer.runs.atomic import write_atomically

_SETTLE_MS = 200


class ConfigFile(QObject):
    """Watches one file and its folder, so that a replaced file is noticed as well as a changed one."""

    changed_outside = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self._known: bytes | None = None
        self._noticed: bytes | None = None
        self._has_mark = False
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._settle)
        self._watcher.directoryChanged.connect(self._settle)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE_MS)
        self._timer.timeout.connect(self.check)

    def forget(self) -> None:
        """Belong to no file."""
        self._timer.stop()
        self.path, self._known, self._noticed, self._has_mark = None, None, None, False
        self._watch()

    def read(self, path: Path) -> str:
        """Text of a file, which becomes the one that is watched.

        Raises:
            ConfigError: The file cannot be read, is too large or is no text. The file before stays.
        """
        path = path.expanduser().absolute()
        text = read_config_text(path)
        if "\0" in text:
            message = "The file is not text. Expected a YAML file such as the one that Save writes."
            raise ConfigError((Problem("", message),), path)
        with path.open("rb") as file:
            self._has_mark = file.read(3) == codecs.BOM_UTF8
        self.path = path
        self._known = self._noticed = self._encoded(text)
        self._watch()
        return text

    def write(self, path: Path, text: str) -> None:
        """Save a text, with the byte order mark that the file had.

        Raises:
            ConfigError: Another program changed the file and nobody has been told yet; `changed_outside` now tells,
                and a second call overwrites.
            OSError: The file cannot be written; it is as it was.
        """
        path = path.expanduser().absolute()
        content = self._encoded(text)
        if path == self.path and self.check() and not self.is_missing:
            message = "Another program changed this file. Reload it, or save again to overwrite it."
            raise ConfigError((Problem("", message),), path)
        if path != self.path or content != self._on_disk():
            write_atomically(path.resolve(), content)
        self.path = path
        self._known = self._noticed = content
        self._watch()

    def adopt(self, path: Path) -> str | None:
        """Belong to a file that may be gone, as after a crash. Gives its text, or `None` if it cannot be read."""
        try:
            return self.read(path)
        except ConfigError:
            self.path, self._known, self._noticed = path.expanduser().absolute(), None, None
            self._watch()
            return None

    @property
    def is_missing(self) -> bool:
        """Whether the file was deleted or moved away."""
        return self.path is not None and not self.path.exists()

    def check(self) -> bool:
        """Look at the disk; tell once per change. Gives whether there was one that is now told."""
        self._timer.stop()
        if self.path is None:
            return False
        content = self._on_disk()
        self._watch()
        if content == self._known:
            self._noticed = content
            return False
        if content == self._noticed:
            return False
        self._noticed = content
        self.changed_outside.emit()
        return True

    def _encoded(self, text: str) -> bytes:
        return (codecs.BOM_UTF8 if self._has_mark else b"") + text.encode()

    def _on_disk(self) -> bytes | None:
        if self.path is None:
            return None
        try:
            return self.path.read_bytes()
        except OSError:
            return None

    def _settle(self) -> None:
        self._timer.start()

    def _watch(self) -> None:
        wanted = {str(self.path), str(self.path.parent)} if self.path is not None else set()
        wanted = {path for path in wanted if Path(path).exists()}
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if gone := sorted(watched - wanted):
            self._watcher.removePaths(gone)
        if new := sorted(wanted - watched):
            self._watcher.addPaths(new)
