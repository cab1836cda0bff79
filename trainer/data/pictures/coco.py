"""Boxes in the layout of COCO: one JSON file per part, with pictures, classes and boxes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.data.pictures.found_boxes import FoundBoxes
from trainer.data.pictures.image_folder import TEST_NAMES, TRAIN_NAMES, VALIDATION_NAMES
from trainer.data.pictures.picture_finder import PictureFinder, first_folder, relative_name
from trainer.data.pictures.picture_options import PictureOptions
from trainer.data.pictures.picture_sizes import picture_size
from trainer.errors import DataError

_FOLDERS = ("annotations", "annotation", "labels")
_PARTS = {"train": TRAIN_NAMES, "validation": VALIDATION_NAMES, "test": TEST_NAMES}
_TRAIN_AND_VALIDATION = {f"{one}{other}" for one in TRAIN_NAMES for other in VALIDATION_NAMES}
_BETWEEN_WORDS = re.compile(r"[\W\d_]+|(?<=[a-z])(?=[A-Z])")
_LOOKED_AT_BYTES = 4096
_DAMAGED = "is no picture, or its beginning is damaged"


@dataclass(frozen=True, slots=True)
class CocoFolder:
    """Where the parts of a COCO data set are.

    Attributes:
        place: The folder of all.
        files: JSON file by part: `train`, `validation`, `test`, as far as there are any.
        images_dir: Folder of the pictures as given; empty to look for it.
    """

    place: Path
    files: dict[str, Path]
    images_dir: str


def coco_folder(place: Path, options: PictureOptions) -> CocoFolder:
    """Find the JSON files.

    Args:
        place: A folder, or a JSON file, which then is all there is.
        options: `annotations` may name the file, or the folder of several.

    Raises:
        DataError: There is none.
    """
    if place.is_file():
        return CocoFolder(place.parent, {"train": place}, options.images_dir)
    given = place / options.annotations if options.annotations else None
    if given is not None and given.is_file():
        return CocoFolder(place, {"train": given}, options.images_dir)
    folders = [given] if given is not None else [place, first_folder(place, _FOLDERS)]
    files = [file for folder in folders if folder is not None for file in sorted(folder.glob("*.json"))]
    files = [file for file in files if _looks_like_coco(file)]
    if not files:
        where = given or place
        raise DataError(f"{where} has no JSON file of COCO. Expected one with images, annotations and categories.")
    return CocoFolder(place, _files_of_parts(files), options.images_dir)


def _files_of_parts(files: list[Path]) -> dict[str, Path]:
    """The file of each part by the words of its name; a file is of one part at most."""
    # COCO has several kinds of annotations; those of objects are called instances.
    files = sorted(files, key=lambda file: "instances" not in file.stem)
    named = {file: _named_parts(file.stem) for file in files}
    parts: dict[str, Path] = {}
    for part in _PARTS:
        own = [file for file in files if named[file] == {part}]
        if own:
            parts[part] = own[0]
    if "train" in parts:
        return parts
    both = [file for file in files if named[file] == {"train", "validation"}]
    if both:
        return {"train": both[0]} | {part: file for part, file in parts.items() if part == "test"}
    return {"train": min(files, key=lambda file: len(named[file]))}


def _named_parts(stem: str) -> set[str]:
    words = {word.lower() for word in _BETWEEN_WORDS.split(stem)}
    found = {part for part, names in _PARTS.items() if words & set(names)}
    return found | {"train", "validation"} if words & _TRAIN_AND_VALIDATION else found


def _looks_like_coco(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT_BYTES)
    except OSError:
        return False
    words = (b'"images"', b'"annotations"', b'"categories"')
    # Of a longer file only some of the lists begin here.
    return (any if len(start) == _LOOKED_AT_BYTES else all)(word in start for word in words)


def read_coco(folder: CocoFolder, part: str) -> FoundBoxes:
    """Read the boxes of one part.

    Raises:
        DataError: The file is not as expected.
    """
    path = folder.files[part]
    content = _content(path)
    categories = {item["id"]: str(item["name"]) for item in content["categories"]}
    found = FoundBoxes(folder.place, _classes(content, categories))
    file = relative_name(path, folder.place)
    known = {image["id"] for image in content["images"]}
    boxes: dict[Any, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for number, item in enumerate(content["annotations"]):
        if item["image_id"] in known:
            boxes[item["image_id"]].append((number, item))
        else:
            message = f"its picture, id {item['image_id']}, is not among the images; the box is left out"
            found.findings.warning("missing_picture", message, file, f"annotation {item.get('id', number)}")
    finder = PictureFinder(_images_folder(folder, path, part, content["images"]))
    done: set[Any] = set()
    for image in content["images"]:
        if image["id"] in done:
            found.findings.error("duplicate", "a second picture has this id and is left out", file, _place(image))
            continue
        done.add(image["id"])
        _add_sample(found, finder, image, boxes.get(image["id"], []), categories, file)
    return found


def _classes(content: dict[str, Any], categories: dict[Any, str]) -> list[str]:
    """Names of the classes in the order of their numbers, without what only stands above others and has no box."""
    used = {item.get("category_id") for item in content["annotations"]}
    above = {item.get("supercategory") for item in content["categories"] if item.get("supercategory") != item["name"]}
    return [categories[number] for number in sorted(categories) if number in used or categories[number] not in above]


def _place(image: dict[str, Any]) -> str:
    return f"image {image['id']}"


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise DataError(f"{path} is no JSON: {error}.") from error
    wanted = {"images": ("id", "file_name"), "annotations": ("image_id",), "categories": ("id", "name")}
    for key, fields in wanted.items():
        items = content.get(key) if isinstance(content, dict) else None
        if not isinstance(items, list):
            raise DataError(f"{path} has no list {key}. Expected an object with images, annotations and categories.")
        for number, item in enumerate(items):
            if not isinstance(item, dict) or any(field not in item for field in fields):
                raise DataError(f"{path}: entry {number} of {key} lacks {' or '.join(fields)}.")
    return dict(content)


def _images_folder(folder: CocoFolder, path: Path, part: str, images: list[dict[str, Any]]) -> Path:
    """The folder that the pictures' names are relative to: the first in which one of them is.

    Where none is in any, as with paths on the machine that the boxes were drawn on, file names alone count.
    """
    if folder.images_dir:
        return folder.place / folder.images_dir
    place = folder.place
    folders = [part, *_PARTS[part], *(f"{word}{year}" for word in _PARTS[part] for year in ("2017", "2014"))]
    roots = [place, place / "images", path.parent, path.parent.parent, path.parent.parent / "images"]
    candidates = [*roots, *(root / name for root in (place, place / "images") for name in folders)]
    first = [str(image["file_name"]).replace("\\", "/") for image in images[:20]]
    for names in (first, [name.rpartition("/")[2] for name in first]):
        for candidate in candidates:
            if any((candidate / name).is_file() for name in names):
                return candidate
    return place


def _add_sample(
    found: FoundBoxes,
    finder: PictureFinder,
    image: dict[str, Any],
    boxes: list[tuple[int, dict[str, Any]]],
    categories: dict[Any, str],
    file: str,
) -> None:
    name = finder.find(str(image["file_name"]))
    if name is None:
        found.begin(str(image["file_name"]), "there is no such picture")
        message = f"its picture {image['file_name']} is missing in {finder.folder}"
        found.findings.error("missing_picture", message, file, _place(image), sample=str(image["file_name"]))
        return
    path = relative_name(finder.folder / name, found.place)
    size = _size(image) or picture_size(finder.folder / name)
    if size is None:
        found.begin(path, _DAMAGED)
        found.findings.error("unreadable", _DAMAGED, path)
        return
    found.begin(path)
    if not boxes:
        message = f"{path} has no annotation and counts as a picture without objects"
        found.findings.warning("missing_annotation", message, file, _place(image))
    for number, item in boxes:
        place = f"annotation {item.get('id', number)}"
        if item.get("iscrowd"):
            found.findings.warning("box", "the box stands for a crowd and is left out", file, place)
        elif item.get("category_id") not in categories:
            message = f"its category {item.get('category_id')} is not among the categories; the box is left out"
            found.findings.warning("box", message, file, place)
        elif (box := _box(item.get("bbox"))) is None:
            found.findings.warning("box", "it has no bbox of four numbers and is left out", file, place)
        else:
            left, top, width, height = box
            corners = (left, top, left + width, top + height)
            found.add(categories[item["category_id"]], corners, size, file, place)


def _size(image: dict[str, Any]) -> tuple[float, float] | None:
    width, height = image.get("width"), image.get("height")
    if isinstance(width, int | float) and isinstance(height, int | float) and width > 0 and height > 0:
        return float(width), float(height)
    return None


def _box(value: Any) -> tuple[float, float, float, float] | None:
    if isinstance(value, list) and len(value) == 4 and all(isinstance(item, int | float) for item in value):
        left, top, width, height = map(float, value)
        return left, top, width, height
    return None


def has_coco(place: Path) -> bool:
    """Whether a folder, or the folder `annotations` in it, has a JSON file of COCO."""
    try:
        coco_folder(place, PictureOptions())
    except (DataError, OSError):
        return False
    return True
