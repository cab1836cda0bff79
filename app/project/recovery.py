"""Unsaved work on disk, so that a crash loses nothing."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.runs.atomic import write_atomically
from trainer.runs.process import ProcessIdentity


class Recovery(BaseModel):
    """Work that was not saved.

    Attributes:
        path: The file it belongs to; `None` if it was never saved.
        text: The configuration as it was last.
        saved_at: When this was written, in seconds since 1970.
        owner: The window that wrote it.
    """

    model_config = ConfigDict(frozen=True)

    path: Path | None
    text: str
    saved_at: float
    owner: ProcessIdentity


def recovery_folder() -> Path:
    """Where unsaved work is kept."""
    return Path(platformdirs.user_state_dir("modelgardener", appauthor=False)) / "recovery"


class RecoveryFile:
    """The one recovery file of an open project.

    Args:
        folder: Where to write; the user's state folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or recovery_folder()
        self._file = self._folder / f"{uuid.uuid4().hex}.json"
        self._is_written = False

    def write(self, path: Path | None, text: str) -> None:
        """Keep a text.

        Raises:
            OSError: The folder cannot be written.
        """
        kept = Recovery(path=path, text=text, saved_at=time.time(), owner=ProcessIdentity.current())
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file, kept.model_dump_json().encode())
        self._is_written = True

    def remove(self) -> None:
        """The work is saved or given up."""
        if self._is_written:
            self._file.unlink(missing_ok=True)
            self._is_written = False


def recoverable(folder: Path | None = None) -> dict[Path, Recovery]:
    """Work left by windows that are gone, newest first, by its recovery file. Unreadable files are left out."""
    found: dict[Path, Recovery] = {}
    for file in sorted((folder or recovery_folder()).glob("*.json")):
        with contextlib.suppress(OSError, ValidationError):  # another window may just have removed it
            recovery = Recovery.model_validate_json(file.read_bytes())
            if recovery.owner.process_id != os.getpid() and not recovery.owner.is_alive():
                found[file] = recovery
    return dict(sorted(found.items(), key=lambda item: -item[1].saved_at))


def discard(file: Path) -> None:
    """Give up what a recovery file holds."""
    file.unlink(missing_ok=True)
