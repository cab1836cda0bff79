"""Finds the picture that a table or an annotation means by a name."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from trainer.data.pictures.image_folder import pictures_below


class PictureFinder:
    """All pictures below a folder, found by path, by file name or by file name without its ending.

    Args:
        folder: The folder.

    Attributes:
        folder: The same.
        paths: All pictures, relative to the folder, sorted.

    Raises:
        DataError: The folder is missing or cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = pictures_below(folder)
        self._known = set(self.paths)
        self._by_name: dict[str, str | None] = {}
        for path in self.paths:
            pure = PurePosixPath(path)
            for key in {pure.name, pure.stem, str(pure.with_suffix(""))}:
                # Names that several pictures share mean none of them.
                self._by_name[key] = path if key not in self._by_name else None

    def find(self, name: str) -> str | None:
        """The path that a name means, relative to the folder; `None` if no picture or several could be meant."""
        name = name.strip().replace("\\", "/").removeprefix("./")
        if name in self._known:
            return name
        for key in (name, name.rpartition("/")[2]):
            found = self._by_name.get(key)
            # A file of the same name in another folder than the one that is named is another picture.
            if found and ("/" not in name or "/" not in found):
                return found
        return None


def first_folder(place: Path, names: tuple[str, ...]) -> Path | None:
    """The first of some folders that there is in a place, whatever the case of its letters."""
    try:
        children = {child.name.lower(): child for child in sorted(place.iterdir()) if child.is_dir()}
    except OSError:
        return None
    return next((children[name.lower()] for name in names if name.lower() in children), None)


def relative_name(path: Path, place: Path) -> str:
    """A path as an index has it: relative to its place, with `/` between its parts."""
    try:
        return path.relative_to(place).as_posix()
    except ValueError:
        return Path(os.path.relpath(path, place)).as_posix()
