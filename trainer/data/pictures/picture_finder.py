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
        self._above = _folders_above(self.paths)
        self._by_name: dict[str, str | None] = {}
        for path in self.paths:
            name, plain = path.rpartition("/")[2], path.rpartition(".")[0]
            for key in {name, name.rpartition(".")[0], plain}:
                # Names that several pictures share mean none of them.
                self._by_name[key] = path if key not in self._by_name else None

    def find(self, name: str, beside: Path | None = None) -> str | None:
        """The path that a name means, relative to the folder; `None` if no picture or several could be meant.

        Args:
            name: A path or a file name, with or without its ending.
            beside: Folder of the file that the name stands in, as paths may start from there.
        """
        name = name.strip().replace("\\", "/").removeprefix("./")
        if name in self._known:
            return name
        if "/" in name and (found := self._by_folders(name, beside)) is not None:
            return found
        for key in (name, name.rpartition("/")[2]):
            found = self._by_name.get(key)
            # A file of the same name in another folder than the one that is named is another picture.
            if found and ("/" not in name or "/" not in found or name.endswith(f"/{found}")):
                return found
        return None

    def _by_folders(self, name: str, beside: Path | None) -> str | None:
        """A path that starts from a folder that all pictures are in, or from the folder of the file that names it."""
        for above in self._above:
            if (path := f"{above}/{name}") in self._known:
                return path
        if beside is None:
            return None
        from_there = relative_name(Path(os.path.normpath(beside / name)), self.folder)
        return from_there if from_there in self._known else None


def _folders_above(paths: list[str]) -> tuple[str, ...]:
    """Folders that all pictures are in, the innermost first, such as `data/raw` and `data`."""
    if not paths:
        return ()
    # Sorted paths share what the first and the last share.
    common = os.path.commonpath([PurePosixPath(paths[0]).parent, PurePosixPath(paths[-1]).parent]).replace("\\", "/")
    return tuple(
        str(folder) for folder in (PurePosixPath(common), *PurePosixPath(common).parents) if str(folder) != "."
    )


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
