"""Which files of a project's own code this person has let run, kept in the user's data folder, not in the project."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ValidationError

from trainer.runs.atomic import write_atomically

_MOST_PER_FOLDER = 500
_MOST_FOLDERS = 500


class _Content(BaseModel):
    schema_version: int = 1
    folders: dict[str, dict[str, str]] = {}


def trusted_files_path() -> Path:
    """Where it is kept."""
    return Path(platformdirs.user_data_dir("modelgardener", appauthor=False)) / "trusted_functions.json"


class TrustedFiles:
    """Contents of files by project folder, each as the sha256 of its bytes. A damaged file counts as empty.

    Args:
        path: The file; in the user's data folder by default.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or trusted_files_path()

    def in_folder(self, folder: Path) -> frozenset[str]:
        """Digests of what may run in a project's folder."""
        return frozenset(self._read().folders.get(_key(folder), {}))

    def anywhere(self) -> frozenset[str]:
        """Digests of what may run in any project."""
        return frozenset().union(*self._read().folders.values())

    def add(self, folder: Path, names: Mapping[str, str]) -> None:
        """Let contents run in a project's folder from now on.

        Args:
            folder: The project's folder.
            names: Name of the file by digest.

        Raises:
            OSError: The user's data folder cannot be written.
        """
        content = self._read()
        known = content.folders.pop(_key(folder), {})
        if names.keys() <= known.keys():
            return
        kept = list({**known, **names}.items())[-_MOST_PER_FOLDER:]
        folders = [*content.folders.items(), (_key(folder), dict(kept))][-_MOST_FOLDERS:]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._path, _Content(folders=dict(folders)).model_dump_json(indent=2).encode())

    def _read(self) -> _Content:
        with contextlib.suppress(OSError, ValidationError):
            return _Content.model_validate_json(self._path.read_bytes())
        return _Content()


def _key(folder: Path) -> str:
    return str(folder.resolve())
