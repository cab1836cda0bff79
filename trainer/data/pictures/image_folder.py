"""Finds the pictures of a class folder: one sub-folder per class, the sub-folder's name is the class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.errors import DataError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
OTHER_EXTENSIONS = (".tif", ".tiff", ".webp", ".heic", ".avif", ".jp2", ".jfif", ".svg")
"""Endings of pictures that are not read."""
NOT_READ = "is of a kind that is not read, and is not used: save it as PNG or JPEG"
TRAIN_NAMES = ("train", "training")
VALIDATION_NAMES = ("val", "valid", "validation")
TEST_NAMES = ("test", "testing")
_IGNORED_FOLDERS = ("__MACOSX", "@eaDir", "lost+found")
_LAYOUT = "Expected one sub-folder of pictures per class, such as cats/ and dogs/"
_KINDS = "JPEG, PNG, BMP or GIF"


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """Which pictures a folder holds, and of which class each is.

    Attributes:
        folder: The folder that `paths` are relative to.
        class_names: All classes; a label is a position in here.
        paths: The pictures, sorted by class and then by path, with `/` between their parts.
        labels: int32, shape (number of pictures,).
        missing_classes: Classes that were asked for and have no picture here.
        other_pictures: Files of kinds that are not read, named like `paths`.
    """

    folder: Path
    class_names: tuple[str, ...]
    paths: PathList
    labels: NDArray[np.int32]
    missing_classes: tuple[str, ...] = ()
    other_pictures: tuple[str, ...] = ()

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """Number of pictures per class, in the order of `class_names`."""
        return np.bincount(self.labels, minlength=len(self.class_names)).astype(np.int64)


def scan_image_folder(folder: Path, class_names: Sequence[str] | None = None) -> ImageIndex:
    """List the pictures of a class folder, in an order that is the same on every machine.

    Sub-folders of a class belong to it. Hidden files and folders are passed over.

    Args:
        folder: Folder with one sub-folder per class.
        class_names: The classes of the training folder, for a validation or test folder: labels then count
            in these, classes without a picture are listed in `missing_classes`; unknown ones are an error, unless
            they hold no picture.

    Raises:
        DataError: The folder is missing, is a file, cannot be read, is empty, has no class folders, has fewer
            than two classes, or has a class that is empty or unknown.
    """
    found = _class_folders(folder)
    if class_names is None:
        _refuse_parts(folder, found)
        names = tuple(found)
        if len(names) < 2:
            raise DataError(
                f"{folder} holds only one class ({names[0]}). {_LAYOUT}: a network needs at least two to tell apart."
            )
    else:
        names = tuple(class_names)
        _refuse_unknown_classes(folder, tuple(found), names)
    others: dict[str, list[str]] = {name: [] for name in names}
    files = {name: pictures_below(folder / name, others[name]) if name in found else [] for name in names}
    empty = tuple(name for name in names if not files[name])
    if class_names is None and empty:
        raise DataError(_empty_class_message(folder, empty) + _other_kinds(others[empty[0]]))
    if len(empty) == len(names):
        raise DataError(f"{folder} holds no picture. {_LAYOUT}, with {_KINDS} files inside.")
    counts = [len(files[name]) for name in names]
    return ImageIndex(
        folder=folder,
        class_names=names,
        paths=PathList(f"{name}/{file}" for name in names for file in files[name]),
        labels=np.repeat(np.arange(len(names), dtype=np.int32), counts),
        missing_classes=empty,
        other_pictures=tuple(f"{name}/{file}" for name in names for file in others[name]),
    )


def filled_and_empty_classes(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the class folders that hold pictures, of whatever kind, and of those that hold none.

    Raises:
        DataError: The folder is missing, is a file, cannot be read, or has no class folders.
    """
    found = _class_folders(folder)
    empty = tuple(name for name in found if _is_without_pictures(folder / name))
    return tuple(name for name in found if name not in set(empty)), empty


def _is_without_pictures(folder: Path) -> bool:
    others: list[str] = []
    return not pictures_below(folder, others) and not others


def _class_folders(folder: Path) -> list[str]:
    entries = _entries(folder)
    folders = sorted(entry.name for entry in entries if entry.is_dir())
    if folders:
        return folders
    if any(_is_picture(entry) for entry in entries):
        raise DataError(
            f"The pictures lie directly in {folder}, so their classes are not known. "
            f"{_LAYOUT}: sort the pictures into such sub-folders, choose the folder above, or add a CSV file with a "
            "row for each picture, such as a.jpg,cat below file,label."
        )
    what = f"is empty: it has no class folder and no picture. {_LAYOUT}, with {_KINDS} files inside."
    if entries:
        some = sorted(entry.name for entry in entries)[0]
        what = f"holds files such as {some}, but no class folder and no picture. {_LAYOUT}, with {_KINDS} files inside."
    raise DataError(f"{folder} {what}")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if str(folder) in ("", "."):
        folder = Path.cwd()
    try:
        with os.scandir(folder) as found:
            return [entry for entry in found if not entry.name.startswith(".") and entry.name not in _IGNORED_FOLDERS]
    except FileNotFoundError:
        raise DataError(f"The folder {folder} does not exist. Check its spelling or choose another folder.") from None
    except NotADirectoryError:
        raise DataError(f"{folder} is a file, not a folder. Choose the folder that holds the class folders.") from None
    except PermissionError:
        raise DataError(
            f"The folder {folder} cannot be read: permission denied. Change its permissions or choose another folder."
        ) from None
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read: {error.strerror or error}.") from error


def _is_picture(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(EXTENSIONS) and entry.is_file()


def pictures_below(folder: Path, others: list[str] | None = None) -> list[str]:
    """Pictures in a folder and its sub-folders, relative to it with `/` between their parts, and sorted.

    Args:
        folder: The folder.
        others: Where to note pictures of kinds that are not read.

    Raises:
        DataError: The folder is missing, is a file or cannot be read.
    """
    pictures: list[str] = []
    start = os.path.realpath(folder)
    open_folders: list[tuple[str, str, tuple[str, ...]]] = [("", start, (start,))]
    while open_folders:
        prefix, real, above = open_folders.pop()
        for entry in _entries(folder / prefix):
            if _is_picture(entry):
                pictures.append(prefix + entry.name)
            elif entry.is_dir():
                below = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(real, entry.name)  # noqa: PTH118
                # A link to a folder that leads here would be followed for ever.
                if below not in above:
                    open_folders.append((f"{prefix}{entry.name}/", below, (*above, below)))
            elif others is not None and entry.name.lower().endswith(OTHER_EXTENSIONS):
                others.append(prefix + entry.name)
    return sorted(pictures)


def _other_kinds(names: list[str]) -> str:
    """What an empty class holds instead, as a sentence; empty where that is nothing."""
    kinds = sorted({os.path.splitext(name)[1].lower() for name in names})  # noqa: PTH122
    return f" There are {' and '.join(kinds)} files, which are not read: save them as PNG or JPEG." if kinds else ""


def _refuse_parts(folder: Path, found: list[str]) -> None:
    """A data set's own parts are not classes: training on `train` against `test` would look fine and mean nothing."""
    parts = {name for name in found if name.lower() in TRAIN_NAMES + VALIDATION_NAMES + TEST_NAMES}
    train = next((name for name in found if name.lower() in TRAIN_NAMES), None)
    if train is not None and len(parts) == len(found):
        raise DataError(
            f"{folder} holds the parts of a data set ({', '.join(found)}), not classes. "
            f"Choose {folder / train} as the training folder."
        )


def _refuse_unknown_classes(folder: Path, found: tuple[str, ...], expected: tuple[str, ...]) -> None:
    unknown = [name for name in found if name not in set(expected) and not _is_without_pictures(folder / name)]
    if not unknown:
        return
    absent = [name for name in expected if name not in set(found)]
    lacking = f" It lacks {_listed(absent)}." if absent else ""
    raise DataError(
        f"{folder} has {_classes(unknown)} that the training folder does not have.{lacking} "
        "Give both folders the same class folders."
    )


def _empty_class_message(folder: Path, empty: tuple[str, ...]) -> str:
    subject = "The class folder" if len(empty) == 1 else "The class folders"
    verb = "holds" if len(empty) == 1 else "hold"
    return (
        f"{subject} {_listed(empty)} in {folder} {verb} no picture. "
        f"Put {_KINDS} files inside, or remove the folder{'' if len(empty) == 1 else 's'}."
    )


def _classes(names: Sequence[str]) -> str:
    return f"{'the class' if len(names) == 1 else 'classes'} {_listed(names)}"


def _listed(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
