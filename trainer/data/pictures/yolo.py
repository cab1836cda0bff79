"""Boxes in the layout of YOLO: one text file per picture with lines `class x y width height` in fractions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from trainer.data.pictures.found_boxes import Corners, FoundBoxes
from trainer.data.pictures.image_folder import NOT_READ, TEST_NAMES, TRAIN_NAMES, VALIDATION_NAMES, pictures_below
from trainer.data.pictures.mask_folder import IMAGE_FOLDERS
from trainer.data.pictures.mask_values import listed_names
from trainer.data.pictures.picture_finder import first_folder, relative_name
from trainer.data.pictures.picture_options import PictureOptions
from trainer.errors import DataError

_PARTS = {"train": TRAIN_NAMES, "validation": VALIDATION_NAMES, "test": TEST_NAMES}
_YAML_KEYS = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}
_YAML_FILES = ("data.yaml", "dataset.yaml", "data.yml")
_LABELS = "labels"
_MOST_LOOKED_AT = 20
_PIXELS_FROM = 1.5
"""Fractions above this can only be pixels."""


@dataclass(frozen=True, slots=True)
class YoloFolder:
    """Where the parts of a YOLO data set are.

    Attributes:
        place: The folder of all.
        parts: Folders of pictures, or lists of them, by part: `train`, `validation`, `test`.
        names: Classes by number.
        labels: Folder of the text files as given; `None` to look beside the pictures.
        file: The YAML file that says all this; `None` without.
        missing: What the YAML file names and what there is not: its key, and the folder or list.
    """

    place: Path
    parts: dict[str, tuple[Path, ...]]
    names: tuple[str, ...]
    labels: Path | None
    file: Path | None
    missing: tuple[tuple[str, str], ...] = ()


def yolo_folder(place: Path, options: PictureOptions) -> YoloFolder:
    """Find pictures, text files and names of classes.

    Raises:
        DataError: The YAML file is not as expected, or names a training folder that there is not.
    """
    file = _description(place)
    content = _yaml(file) if file is not None else {}
    names = options.class_names or _names(content.get("names"), file) or _listed_names(place)
    labels = place / options.annotations if options.annotations else None
    if options.images_dir:
        return YoloFolder(place, _divided(place / options.images_dir), names, labels, file)
    found = {part: _folders(place, content, keys) for part, keys in _YAML_KEYS.items()}
    parts = {part: folders for part, (folders, _) in found.items() if folders}
    if "train" not in parts:
        images = first_folder(place, IMAGE_FOLDERS)
        has_usual = images is not None and first_folder(images, TRAIN_NAMES) is not None
        if not has_usual and (missing := found["train"][1]):
            key, text = missing[0]
            raise DataError(
                f"{file}: {key} names {text}, and there is no such folder or list in {place}. Correct the line, or "
                "remove it to train on the pictures that there are."
            )
        parts = _divided(images or place)
    missing = tuple(item for _, items in found.values() for item in items)
    return YoloFolder(place, parts, names, labels, file, missing)


def _description(place: Path) -> Path | None:
    """The YAML file that describes a data set: by its usual name, or by what it holds."""
    usual = next((place / name for name in _YAML_FILES if (place / name).is_file()), None)
    others = (file for pattern in ("*.yaml", "*.yml") for file in sorted(place.glob(pattern)))
    return usual or next((file for file in others if _is_description(file)), None)


def _is_description(file: Path) -> bool:
    try:
        return {"train", "names"} <= set(_yaml(file))
    except DataError:
        return file.name in _YAML_FILES  # reading it says what is wrong


def _listed_names(place: Path) -> tuple[str, ...]:
    """Classes from `classes.txt` or a file like it, beside the text files too, or from `obj.names`."""
    for folder in (place, place / _LABELS):
        if names := listed_names(folder):
            return names
    file = next(iter(sorted(place.glob("*.names"))), None)
    lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines() if file is not None else []
    return tuple(line.strip() for line in lines if line.strip())


def _yaml(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if not isinstance(content, dict):
        raise DataError(f"{path} is no data set description. Expected the keys train, val and names.")
    return content


def _names(value: Any, file: Path | None) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, value))
    if isinstance(value, dict):
        if set(value) != set(range(len(value))):
            raise DataError(f"{file}: the numbers of names are {sorted(map(str, value))[:5]}, expected 0 upwards.")
        return tuple(str(value[number]) for number in range(len(value)))
    return ()


def _folders(
    place: Path, content: dict[str, Any], keys: tuple[str, ...]
) -> tuple[tuple[Path, ...], tuple[tuple[str, str], ...]]:
    """Folders and lists of a part, and those that are named and missing, with the key that names them."""
    key = next((key for key in keys if content.get(key)), "")
    value = content.get(key)
    found: list[Path] = []
    missing: list[tuple[str, str]] = []
    for text in map(str, value if isinstance(value, list) else [value] if value else []):
        base = place / str(content.get("path") or "")
        # Roboflow writes ../train/images for what is beside the file.
        candidates = (base / text, place / text, place / text.removeprefix("../"), place / Path(text).name)
        existing = next((candidate for candidate in candidates if candidate.exists()), None)
        if existing is None:
            missing.append((key, text))
        else:
            found.append(existing)
    return tuple(found), tuple(missing)


def _divided(images: Path) -> dict[str, tuple[Path, ...]]:
    """Parts by sub-folders `train`, `val` and `test`; one part without."""
    parts = {part: first_folder(images, names) for part, names in _PARTS.items()}
    if parts["train"] is None:
        return {"train": (images,)}
    return {part: (folder,) for part, folder in parts.items() if folder is not None}


def read_yolo(folder: YoloFolder, part: str) -> FoundBoxes:
    """Read the boxes of one part.

    Raises:
        DataError: There are no pictures, or names of the classes that occur are not known.
    """
    found = FoundBoxes(folder.place, folder.names)
    if part == "train" and folder.file is not None:
        file = relative_name(folder.file, folder.place)
        for key, text in folder.missing:
            message = f"names {text}, and there is no such folder or list; it is passed over"
            found.findings.warning("missing_picture", message, file, key)
    pictures = list(chain.from_iterable(_pictures(folder, item, found) for item in folder.parts[part]))
    if not pictures:
        where = ", ".join(map(str, folder.parts[part]))
        raise DataError(f"{where} holds no picture. Expected JPEG, PNG, BMP or GIF files with a text file each.")
    for picture, exists in pictures:
        if exists:
            _add_sample(folder, found, picture)
        else:
            found.begin(relative_name(picture, folder.place), "there is no such picture")
    return found


def _pictures(folder: YoloFolder, item: Path, found: FoundBoxes) -> list[tuple[Path, bool]]:
    """Pictures of a folder or a list, and whether they exist."""
    if item.is_dir():
        others: list[str] = []
        listed = [(item / name, True) for name in pictures_below(item, others)]
        for name in others:
            found.findings.warning("unreadable", NOT_READ, relative_name(item / name, folder.place))
        return listed
    pictures: list[tuple[Path, bool]] = []
    lines = item.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if not name:
            continue
        candidates = (Path(name), item.parent / name, folder.place / name)
        existing = next((path for path in candidates if path.is_file()), None)
        picture = existing or folder.place / name
        pictures.append((picture, existing is not None))
        if existing is None:
            file, sample = relative_name(item, folder.place), relative_name(picture, folder.place)
            found.findings.error("missing_picture", f"{name} is missing", file, f"line {number}", sample=sample)
    return pictures


def _add_sample(folder: YoloFolder, found: FoundBoxes, picture: Path) -> None:
    name = relative_name(picture, folder.place)
    labels = labels_of(picture, folder.labels)
    file = relative_name(labels, folder.place)
    try:
        text = labels.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        found.begin(name)
        message = f"has no text file {file} and counts as a picture without objects"
        found.findings.warning("missing_annotation", message, name)
        return
    except (OSError, UnicodeDecodeError) as error:
        found.begin(name, f"its text file {file} cannot be read: {error}")
        found.findings.error("missing_annotation", f"cannot be read: {error}", file, sample=name)
        return
    found.begin(name)
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            _add_box(folder, found, line.split(), file, f"line {number}")


def labels_of(picture: Path, labels: Path | None) -> Path:
    """The text file of a picture: in the folder given, in `labels` where the path says `images`, or beside it."""
    if labels is not None:
        return labels / f"{picture.stem}.txt"
    parts = list(picture.parts)
    for position in range(len(parts) - 2, -1, -1):
        if parts[position].lower() in ("images", "image", "imgs"):
            return Path(*parts[:position], _LABELS, *parts[position + 1 :]).with_suffix(".txt")
    return picture.with_suffix(".txt")


def _add_box(folder: YoloFolder, found: FoundBoxes, fields: list[str], file: str, place: str) -> None:
    box = _numbers(fields)
    if box is None:
        message = f"expected a class and four numbers, received {' '.join(fields)[:60]!r}; the line is left out"
        found.findings.warning("row", message, file, place)
        return
    number, corners = box
    if folder.names and number >= len(folder.names):
        message = f"class {number} is none of the {len(folder.names)} classes; the box is left out"
        found.findings.warning("box", message, file, place)
    elif max(map(abs, corners)) > _PIXELS_FROM:
        message = f"{' '.join(fields)[:60]} is not in fractions of the picture's width and height; it is left out"
        found.findings.warning("box", message, file, place)
    else:
        name = folder.names[number] if folder.names else str(number)
        found.add(name, corners, (1.0, 1.0), file, place)


def _numbers(fields: list[str]) -> tuple[int, Corners] | None:
    """Class and corners of a line; of an outline its bounding box."""
    if len(fields) < 5 or len(fields) % 2 == 0 or not re.fullmatch(r"\d+(\.0+)?", fields[0]):
        return None
    try:
        values = [float(field) for field in fields[1:]]
    except ValueError:
        return None
    number = int(float(fields[0]))
    if len(values) > 4:
        xs, ys = values[0::2], values[1::2]
        return number, (min(xs), min(ys), max(xs), max(ys))
    x, y, width, height = values
    return number, (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def has_yolo(place: Path) -> bool:
    """Whether pictures in a folder have text files of boxes, or a YAML file of a usual name describes such data."""
    try:
        if any((place / name).is_file() and _is_description(place / name) for name in _YAML_FILES):
            return True
        folder = yolo_folder(place, PictureOptions())
        first = next(iter(folder.parts["train"]))
        pictures = [picture for picture, exists in _pictures(folder, first, FoundBoxes(place)) if exists]
    except (DataError, OSError, StopIteration):
        return False
    for picture in pictures[:_MOST_LOOKED_AT]:
        try:
            lines = labels_of(picture, None).read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError):
            continue
        filled = [line for line in lines if line.strip()]
        if filled:
            return all(_numbers(line.split()) is not None for line in filled)
    return False
