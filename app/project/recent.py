"""Files opened lately, newest first."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

_KEY = "recent_files"
_MOST = 12


class RecentFiles(QObject):
    """The list behind the Recent menu, kept between starts."""

    changed = Signal()

    def __init__(self, settings: QSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings if settings is not None else QSettings()

    def paths(self) -> list[Path]:
        """The files, newest first; those that are gone included."""
        stored = self._settings.value(_KEY, [])
        texts = [stored] if isinstance(stored, str) else list(stored) if isinstance(stored, list) else []
        return [Path(text) for text in texts if isinstance(text, str) and text]

    def add(self, path: Path) -> None:
        """Put a file on top."""
        path = path.expanduser().absolute()
        self._store([path, *(other for other in self.paths() if other != path)][:_MOST])

    def remove(self, path: Path) -> None:
        """Take a file off the list."""
        self._store([other for other in self.paths() if other != path])

    def clear(self) -> None:
        """Forget all."""
        self._store([])

    def _store(self, paths: list[Path]) -> None:
        self._settings.setValue(_KEY, [str(path) for path in paths])
        self.changed.emit()
