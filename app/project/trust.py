"""Whether the code that a project brings along may run: this person made it here, or agreed to it once."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from app.project.trusted_files import TrustedFiles
from trainer.catalog.discovery import FOLDER_NAME
from trainer.runs.folder import RunFolder

_MOST_FILES = 1000


class _Stamp(NamedTuple):
    """What a file's system says of it; the time of the last change of any kind cannot be given by an archive."""

    modified_ns: int
    changed_ns: int
    size_bytes: int
    number: int


class Trust:
    """Knows which of the open project's files have not been run or written here by this person.

    Files of a project that was made here are trusted, and so is what is written while the project is open. Everything
    else needs `agree`, once for each content.

    Args:
        kept: What was agreed to before.
    """

    def __init__(self, kept: TrustedFiles | None = None) -> None:
        self._kept = kept or TrustedFiles()
        self._base_dir = Path()
        self._files: frozenset[Path] = frozenset()
        self._is_made_here = True
        self._trusted: set[Path] = set()
        self._seen: dict[Path, _Stamp | None] = {}

    def begin(self, base_dir: Path, files: Iterable[Path], *, is_made_here: bool) -> None:
        """Another project is open.

        Args:
            base_dir: Its folder.
            files: The Python files that its settings name.
            is_made_here: Whether it was made in this window and not read from a file.
        """
        self._is_made_here = is_made_here
        self._trusted = set()
        self.move(base_dir, files)

    def move(self, base_dir: Path, files: Iterable[Path]) -> None:
        """The project is in another folder now, with the files that are there already."""
        self._base_dir = base_dir
        self.use(files)
        candidates = {*_python_files(base_dir / FOLDER_NAME), *files_that_run(self._files)}
        self._seen = {path: _stamp(path) for path in candidates | self._files}

    def use(self, files: Iterable[Path]) -> None:
        """The settings name these files now."""
        self._files = frozenset(files)

    def unknown(self) -> tuple[Path, ...]:
        """The files that would run and have neither been agreed to nor written here, sorted."""
        if not self._files or self._is_made_here:
            return ()
        known = self._kept.in_folder(self._base_dir)
        return tuple(sorted(path for path in files_that_run(self._files) if not self._is_trusted(path, known)))

    def unknown_in_run(self, folder: RunFolder) -> tuple[Path, ...]:
        """The copies of the user's files in a run's folder whose content was never agreed to."""
        copies = sorted(folder.functions_path.glob("*.py"))
        if not copies:
            return ()
        known = self._kept.anywhere()
        return tuple(path for path in copies if path not in self._trusted and _digest(path) not in known)

    def agree(self) -> None:
        """Let the files of the open project run as they are, now and later."""
        self._trusted |= files_that_run(self._files)
        self.remember()

    def agree_to_run(self, folder: RunFolder) -> None:
        """Let the copies in a run's folder run."""
        copies = set(folder.functions_path.glob("*.py"))
        self._trusted |= copies
        self._keep(folder.path, copies)

    def remember(self) -> None:
        """Keep the present content of all trusted files, so that it is not asked about when the project opens again."""
        if not self._files:
            return
        files = files_that_run(self._files)
        if not self._is_made_here:
            known = self._kept.in_folder(self._base_dir)
            files = {path for path in files if self._is_trusted(path, known)}
        self._keep(self._base_dir, files)

    def _keep(self, folder: Path, files: Iterable[Path]) -> None:
        names = {digest: path.name for path in files if (digest := _digest(path))}
        with contextlib.suppress(OSError):  # then the same question comes again another day
            self._kept.add(folder, names)

    def _is_trusted(self, path: Path, known: frozenset[str]) -> bool:
        if path not in self._trusted and (self._is_written_here(path) or _digest(path) in known):
            self._trusted.add(path)
        return path in self._trusted

    def _is_written_here(self, path: Path) -> bool:
        """Whether it came or changed since the project was opened, where that is looked at."""
        is_watched = path in self._seen or path.is_relative_to(self._base_dir / FOLDER_NAME)
        return is_watched and self._seen.get(path) != _stamp(path)


def files_that_run(files: Iterable[Path]) -> set[Path]:
    """The files and those of their neighbours that they import, read with `ast` and not executed."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting and len(found) < _MOST_FILES:
        path = waiting.pop()
        if path not in found and path.is_file():
            found.add(path)
            waiting += [neighbour for name in _imported_names(path) for neighbour in _modules(path.parent, name)]
    return found


def _imported_names(path: Path) -> set[str]:
    """First parts of the names of the modules that a file imports; none of a file that cannot be read."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module.partition(".")[0]} if node.module else {alias.name for alias in node.names}
    return names


def _modules(folder: Path, name: str) -> Iterator[Path]:
    """What `import name` can run of a folder: a file, or all of a package."""
    if name and (folder / f"{name}.py").is_file():
        yield folder / f"{name}.py"
    elif name and (folder / name / "__init__.py").is_file():
        yield from _python_files(folder / name)


def _python_files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for parent, _, files in os.walk(folder):
        found += (Path(parent, name) for name in files if name.endswith(".py"))
        if len(found) > _MOST_FILES:
            break
    return found[:_MOST_FILES]


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return _Stamp(status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


def _digest(path: Path) -> str:
    """Of the file's bytes; empty if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
