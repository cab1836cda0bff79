"""Finds the table of labels of a folder of pictures, the pictures of a table, and the tables of further parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from trainer.data.arrays.array_parts import part_of, without_part
from trainer.data.pictures.csv_labels import LABEL_WORDS, has_pictures, named_pictures, read_label_table
from trainer.data.pictures.image_folder import EXTENSIONS, TRAIN_NAMES
from trainer.data.pictures.mask_folder import IMAGE_FOLDERS
from trainer.data.pictures.picture_finder import PictureFinder, first_folder
from trainer.data.pictures.picture_options import PictureOptions
from trainer.errors import ConfigError, DataError

_SUFFIXES = (".csv", ".tsv")
_MOST_FOLDERS = 200
_MOST_FOLDERS_WITH_TABLES = 20
_MOST_TABLES_IN_FOLDER = 10
_MOST_LEVELS_UP = 2


@dataclass(frozen=True, slots=True)
class _Place:
    """The pictures of a folder, listed once for all tables.

    Attributes:
        folder: The folder.
        finder: Its pictures.
        is_usual: Some lie in the folder itself, or in one below it that is called like pictures or training.
        classes: Folders that may be classes.
    """

    folder: Path
    finder: PictureFinder
    is_usual: bool
    classes: frozenset[str]


def find_labels_file(place: Path) -> Path | None:
    """A CSV file whose rows name pictures below a folder; of several, the one named after labels or training.

    It is looked for in the folder, and in its sub-folders where these are few. Class folders need no such file: one
    beside them counts only if a column is named after labels, or has the names of the folders.
    """
    tables = _tables(place)
    listed = _listed(place) if tables else None
    if listed is None:
        return None
    files = [file for file in tables if _is_labels_file(file, listed, is_chosen=False)]
    words = ("label", "train", "class")
    return next((file for word in words for file in files if word in file.name.lower()), files[0] if files else None)


def _tables(place: Path) -> list[Path]:
    tables, folders = _tables_in(place)
    if len(folders) > _MOST_FOLDERS_WITH_TABLES:
        return tables
    inside = [_tables_in(folder)[0] for folder in folders]
    # Who has far more tables than that keeps other things in them.
    return tables + [file for found in inside if len(found) <= _MOST_TABLES_IN_FOLDER for file in found]


def _tables_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The tables in a folder and the folders in it; nothing of one that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            shown = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
            tables = [entry for entry in shown if entry.name.lower().endswith(_SUFFIXES) and entry.is_file()]
            return [folder / entry.name for entry in tables], [folder / entry.name for entry in shown if entry.is_dir()]
    except OSError:
        return [], []


def _listed(place: Path) -> _Place | None:
    """The pictures of a folder; `None` if there are none to be seen, or they cannot be listed."""
    if next(_some_pictures(place), None) is None:
        return None
    try:
        finder = PictureFinder(place)
    except DataError:
        return None
    folders = {path.rpartition("/")[0] for path in finder.paths}
    usual = first_folder(place, (*IMAGE_FOLDERS, "train"))
    is_usual = "" in folders or (usual is not None and usual.name in folders)
    return _Place(place, finder, is_usual, _possible_classes(folders))


def _some_pictures(place: Path) -> Iterator[str]:
    """Pictures in a folder and those below it, in as many of them as can be looked at in no time."""
    for _, _, names in islice(os.walk(place), _MOST_FOLDERS):
        yield from (name for name in names if name.lower().endswith(EXTENSIONS))


def _possible_classes(folders: set[str]) -> frozenset[str]:
    """Of all folders with pictures those that may be classes: the outermost, or the outermost of the training part."""
    names = {folder.partition("/")[0] for folder in folders if folder}
    train = next((name for name in sorted(names) if name.lower() in TRAIN_NAMES), None)
    if train is not None:
        return frozenset(folder.split("/")[1] for folder in folders if folder.startswith(f"{train}/"))
    if any(part_of(name) == "train" for name in names):
        names = {name for name in names if not part_of(name)}
    return frozenset(names)


def _is_labels_file(file: Path, place: _Place, *, is_chosen: bool) -> bool:
    is_usual = place.is_usual and file.parent == place.folder
    try:
        if not has_pictures(file, place.finder, are_near=is_usual):
            return False
        return is_usual or len(place.classes) < 2 or _says_more_than_folders(file, place, is_chosen=is_chosen)
    except (DataError, ConfigError):
        return False


def _says_more_than_folders(file: Path, place: _Place, *, is_chosen: bool) -> bool:
    """Whether a table beside what may be class folders has classes of its own; sizes, ages and parts are none."""
    if file.parent != place.folder and file.parent.name in place.classes:
        return False
    table = read_label_table(file, place.folder, PictureOptions(), finder=place.finder)
    classes = set(table.class_names)
    is_named = all(column.lower() in LABEL_WORDS for column in table.columns)
    are_folders = classes <= place.classes and not all(part_of(name) for name in classes)
    return len(classes) > 1 and (is_chosen or is_named or are_folders)


def place_of_pictures(file: Path) -> Path | None:
    """The folder that has both a table and the pictures that it names; `None` if it names none that there are."""
    listed = _listed(file.parent)
    if listed is not None and _is_labels_file(file, listed, is_chosen=True):
        return file.parent
    try:
        texts = named_pictures(file)
    except (DataError, ConfigError):
        return None
    paths = [Path(os.path.normpath(file.parent / text.replace("\\", "/"))) for text in texts]
    there = [path for path in paths if path.is_file()]
    if 2 * len(there) <= len(texts):
        return None
    common = Path(os.path.commonpath([file.parent, *(path.parent for path in there)]))
    # Everything below the folder is listed, so it must not be one that has everything in it.
    return common if common in file.parent.parents[:_MOST_LEVELS_UP] and len(common.parts) > 2 else None


def tables_of_other_parts(file: Path) -> dict[str, Path]:
    """`val.csv` and `test.csv` beside `train.csv`, as far as they name pictures and classes of its own."""
    if part_of(file.stem) != "train":
        return {}
    tables, _ = _tables_in(file.parent)
    same = [
        other for other in tables if other.suffix == file.suffix and without_part(other.stem) == without_part(file.stem)
    ]
    found = {part: other for part in ("validation", "test") for other in same if part_of(other.stem) == part}
    return {part: other for part, other in found.items() if _belongs_to(other, file)}


def _belongs_to(other: Path, file: Path) -> bool:
    options = PictureOptions()
    try:
        own, train = (read_label_table(table, table.parent, options) for table in (other, file))
    except (DataError, ConfigError):
        return False
    return len(own.unusable) < len(own.names) and set(own.class_names) <= set(train.class_names)
