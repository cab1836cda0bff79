"""What is known of the pictures of a configuration before any is decoded, in whatever layout they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from trainer.config.config import Config
from trainer.config.paths import resolve
from trainer.data.findings import Findings
from trainer.data.pictures.coco import coco_folder, read_coco
from trainer.data.pictures.csv_labels import LabelTable, index_label_table, note_unnamed, read_label_table
from trainer.data.pictures.found_boxes import FoundBoxes, in_order
from trainer.data.pictures.image_folder import (
    NOT_READ,
    TEST_NAMES,
    TRAIN_NAMES,
    VALIDATION_NAMES,
    scan_image_folder,
)
from trainer.data.pictures.mask_folder import MaskFolder, find_masks, index_masks, mask_folders, read_mask_folder
from trainer.data.pictures.mask_pairs import sibling_parts
from trainer.data.pictures.picture_finder import first_folder
from trainer.data.pictures.picture_groups import groups_of_paths, numbered
from trainer.data.pictures.picture_layout import find_layout
from trainer.data.pictures.picture_options import Layout, PictureOptions
from trainer.data.pictures.pillow_samples import PillowSamples
from trainer.data.pictures.voc import read_voc, voc_folder
from trainer.data.pictures.yolo import read_yolo, yolo_folder
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

Places = Mapping[str, Path]
PARTS = ("train", "validation", "test")
_PART_FOLDERS = {"train": TRAIN_NAMES, "validation": VALIDATION_NAMES, "test": TEST_NAMES}


def index_picture_parts(
    config: Config, base_dir: Path, options: PictureOptions | None = None
) -> dict[str, SampleIndex]:
    """The samples of all parts, with the same classes in each.

    Args:
        config: `data.train_dir`, `data.val_dir` and `data.test_dir` say where, `data.loader` how.
        base_dir: Folder that relative paths start from.
        options: Arguments of the loader, where they are not those of the configuration.

    Returns:
        `train`, and `validation` and `test` where they have a place of their own, or where the data set itself says
        what belongs to them (the lists of Pascal VOC, the files of COCO, the folders of YOLO and of masks).

    Raises:
        DataError: The data cannot be used.
        ConfigError: Arguments of the loader do not fit the data.
    """
    data = config.data
    options = PictureOptions.from_config(config) if options is None else options
    if not data.train_dir:
        raise DataError("data.train_dir is empty. Give the folder that holds one sub-folder of pictures per class.")
    given = {"train": data.train_dir, "validation": data.val_dir, "test": data.test_dir}
    places = {part: resolve(place, base_dir) for part, place in given.items() if place}
    layout = find_layout(places["train"], options, config.project.task)
    parts = _READERS[layout](places, options, config)
    # Only training data is divided, so only its groups are asked for.
    train = parts["train"]
    if train.groups is not None:
        return parts
    return parts | {"train": dataclasses.replace(train, groups=groups_of_paths(config, train.names))}


def _class_folders(places: Places, options: PictureOptions, config: Config) -> dict[str, SampleIndex]:  # noqa: ARG001
    parts: dict[str, SampleIndex] = {}
    class_names: tuple[str, ...] | None = options.class_names or None
    for part, place in places.items():
        index = scan_image_folder(place, class_names)
        class_names = index.class_names
        findings = Findings()
        for name in index.other_pictures:
            findings.warning("unreadable", NOT_READ, name)
        parts[part] = SampleIndex(
            place=index.folder,
            names=index.paths,
            class_names=class_names,
            labels=index.labels,
            problems=findings.problems,
            raw=PillowSamples(index.folder, index.paths),
        )
    return parts


def _labels_file(places: Places, options: PictureOptions, config: Config) -> dict[str, SampleIndex]:
    split = config.data.split
    column = split.group_by if split.method == "group" else ""
    tables = {part: _table(place, options, column if part == "train" else "") for part, place in places.items()}
    train = tables["train"]
    note_unnamed(list(tables.values()))
    names = options.class_names or train.class_names
    if len(names) < 2 and not train.several:
        shown = ", ".join(names) or "none"
        raise DataError(f"{train.file} has only one class ({shown}): a network needs at least two to tell apart.")
    parts = {
        part: index_label_table(table, names, several=train.several or table.several) for part, table in tables.items()
    }
    return {
        part: index if (groups := tables[part].groups) is None else dataclasses.replace(index, groups=numbered(groups))
        for part, index in parts.items()
    }


def _table(place: Path, options: PictureOptions, group_column: str) -> LabelTable:
    if place.is_file():
        return read_label_table(place, place.parent, options, group_column)
    if not options.labels_file:
        raise DataError(f"No table of labels is given for {place}. Give its name as labels_file of the loader.")
    return read_label_table(place / options.labels_file, place, options, group_column)


def _masks(places: Places, options: PictureOptions, config: Config) -> dict[str, SampleIndex]:  # noqa: ARG001
    folders: dict[str, MaskFolder] = {}
    for part, place in places.items():
        images, masks = mask_folders(place, options)
        inner = (_inner_parts(images, masks) or sibling_parts(images, masks)) if part == "train" else {}
        if inner:
            for name, (inner_images, inner_masks) in inner.items():
                if name == part or name not in places:
                    folders[name] = read_mask_folder(place, inner_images, inner_masks)
        else:
            folders[part] = read_mask_folder(place, images, masks)
    coding, names = find_masks(folders["train"], options)
    return {part: index_masks(folders[part], coding, names) for part in PARTS if part in folders}


def _inner_parts(images: Path, masks: Path) -> dict[str, tuple[Path, Path]]:
    """Sub-folders `train`, `val` and `test` that are in both."""
    pairs = {part: (first_folder(images, names), first_folder(masks, names)) for part, names in _PART_FOLDERS.items()}
    found = {part: (one, other) for part, (one, other) in pairs.items() if one is not None and other is not None}
    return found if "train" in found else {}


def _boxes(
    places: Places, options: PictureOptions, read: Callable[[Path], dict[str, FoundBoxes]]
) -> dict[str, SampleIndex]:
    found = read(places["train"])
    own = {part: place for part, place in places.items() if part != "train"}
    # A place of its own has its pictures in the part that it is there for, or in what would be its training part.
    for part, place in own.items():
        inner = read(place)
        found[part] = inner.get(part) or inner["train"]
    names = options.class_names or _union(found)
    if not names:
        raise DataError(f"No box was found in {places['train']}. Expected at least one picture with boxes.")
    return {part: found[part].index(names) for part in PARTS if part in found}


def _union(found: Mapping[str, FoundBoxes]) -> tuple[str, ...]:
    declared = list(dict.fromkeys(name for boxes in found.values() for name in boxes.declared))
    used = {name for boxes in found.values() for name in boxes.class_names} - set(declared)
    return (*declared, *in_order(used))


def _voc(places: Places, options: PictureOptions, config: Config) -> dict[str, SampleIndex]:  # noqa: ARG001
    def read(place: Path) -> dict[str, FoundBoxes]:
        folder = voc_folder(place, options)
        return {part: read_voc(folder, part) for part in folder.lists or ("train",)}

    return _boxes(places, options, read)


def _coco(places: Places, options: PictureOptions, config: Config) -> dict[str, SampleIndex]:  # noqa: ARG001
    def read(place: Path) -> dict[str, FoundBoxes]:
        folder = coco_folder(place, options)
        return {part: read_coco(folder, part) for part in folder.files}

    return _boxes(places, options, read)


def _yolo(places: Places, options: PictureOptions, config: Config) -> dict[str, SampleIndex]:  # noqa: ARG001
    def read(place: Path) -> dict[str, FoundBoxes]:
        folder = yolo_folder(place, options)
        return {part: read_yolo(folder, part) for part in folder.parts}

    return _boxes(places, options, read)


_READERS: dict[Layout, Callable[[Places, PictureOptions, Config], dict[str, SampleIndex]]] = {
    "class_folders": _class_folders,
    "labels_file": _labels_file,
    "masks": _masks,
    "voc": _voc,
    "coco": _coco,
    "yolo": _yolo,
}
