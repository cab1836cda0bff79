"""Proposes a configuration for pictures with masks, boxes or a table of labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trainer.config.config import Config
from trainer.config.task import TASKS, Task
from trainer.data.inspect import Proposal, pictures_text, size_text
from trainer.data.path_list import PathList
from trainer.data.pictures.csv_labels import SEPARATORS, LabelTable, read_label_table
from trainer.data.pictures.image_index import index_picture_parts
from trainer.data.pictures.labels_place import find_labels_file, tables_of_other_parts
from trainer.data.pictures.mask_coding import value_text
from trainer.data.pictures.mask_folder import mask_folders
from trainer.data.pictures.picture_facts import PictureFacts, look_at_pictures
from trainer.data.pictures.picture_finder import relative_name
from trainer.data.pictures.picture_options import Layout, PictureOptions
from trainer.data.pictures.pillow_samples import PillowSamples
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

_TASKS: dict[Layout, Task] = {
    "labels_file": "image_classification",
    "masks": "image_segmentation",
    "voc": "object_detection",
    "coco": "object_detection",
    "yolo": "object_detection",
}
_TITLES: dict[Layout, str] = {"voc": "Pascal VOC", "coco": "COCO", "yolo": "YOLO"}
_SIDE = 256
_SIDES = 32
"""Networks for masks and boxes halve the size up to five times."""
_SMALLEST_CLASSIFIED, _LARGEST_CLASSIFIED = 32, 224
_STEPS: dict[Task, int] = {"image_segmentation": 240, "object_detection": 2000}
"""Training steps after which a network of the usual size has learned most."""
_FALLING = {"name": "WarmupCosine", "arguments": {"warmup_epochs": 1.0}}
"""Ends calmly: with few pictures, single epochs at the full rate differ a lot."""
_VALIDATION_FRACTION = 0.2
_MOST_PROBLEMS = 3
_MOST_NAMES = 6


def propose_pictures(
    layout: Layout, train: Path, validation: Path | None, test: Path | None, name: str, labels_file: Path | None = None
) -> Proposal:
    """Look at pictures of a layout other than class folders and propose settings.

    Args:
        layout: What they were recognised as.
        train: Folder or file to train on.
        validation: The same for validation, if there is any.
        test: The same for the test.
        name: For the project.
        labels_file: The table of labels, if it is known; otherwise it is looked for.

    Raises:
        DataError: They cannot be used.
    """
    task = _TASKS[layout]
    places: dict[str, Path | None] = {"train_dir": train, "val_dir": validation, "test_dir": test}
    is_table = layout == "labels_file"
    own, columns = _arguments_of_labels(places, train, labels_file) if is_table else (_arguments(layout, train), [])
    arguments: dict[str, Any] = {"layout": layout, **own}
    data: dict[str, Any] = {key: str(place) for key, place in places.items() if place is not None}
    data["loader"] = {"name": "ImageDataLoader", "arguments": arguments}
    config = Config.model_validate({"project": {"task": task}, "data": data})
    parts = index_picture_parts(config, Path())
    index = parts["train"]
    if layout == "masks":
        arguments |= _mask_arguments(index)
    facts = look_at_pictures(index.place, _usable_names(index))
    color_mode = "grayscale" if facts.num_read and facts.num_grey == facts.num_read else "rgb"
    size = _image_size(task, facts)
    batch_size = _batch_size(task, index.num_samples)
    sentences = [_summary(layout, index, facts), *columns, *_parts_sentences(parts, data)]
    if facts.num_read and size != facts.common_size:
        sentences.append(f"They will be brought to {size_text(size)}.")
    data |= {"image_size": list(size), "color_mode": color_mode, "batch_size": batch_size}
    values: dict[str, Any] = {"project": {"name": name, "task": task}, "data": data}
    if task in _STEPS:
        values["model"] = {"architecture": {"name": TASKS[task].model}}
        epochs = round(_STEPS[task] * batch_size / max(1, index.num_samples))
        values["training"] = {"epochs": int(np.clip(epochs, 10, 100))}
    data["augmentation"] = {"horizontal_flip": True}
    changes = "flipped left–right at random"
    if task == "image_segmentation":
        values["training"]["learning_rate_schedule"] = _FALLING
        data["augmentation"] |= {"contrast_fraction": 0.2, "brightness_fraction": 0.1}
        changes = "flipped left–right and varied in contrast and brightness at random"
    sentences.append(f"Training pictures are {changes}. Switch the flip off where left and right mean something.")
    sentences += _problem_sentences(parts)
    return Proposal(values=values, sentences=tuple(sentences))


def _usable_names(index: SampleIndex) -> PathList:
    assert isinstance(index.names, PathList)
    return index.names.take(np.setdiff1d(np.arange(index.num_samples), list(index.unusable)))


def _arguments(layout: Layout, train: Path) -> dict[str, Any]:
    """What the layout needs to be told; everything else it finds again by itself."""
    if layout == "masks":
        images, masks = mask_folders(train, PictureOptions())
        return {"images_dir": relative_name(images, train), "masks_dir": relative_name(masks, train)}
    return {}


def _arguments_of_labels(
    places: dict[str, Path | None], train: Path, given: Path | None
) -> tuple[dict[str, Any], list[str]]:
    """Arguments of the loader, and a sentence; tables of further parts are put among the places."""
    table = _labels_file(train, given)
    if places["val_dir"] is None and places["test_dir"] is None:
        places |= _tables_beside(table, train)
    return _arguments_of_table(table, train if places["train_dir"] == train else table)


def _labels_file(train: Path, given: Path | None) -> Path:
    file = given or (train if train.is_file() else find_labels_file(train))
    if file is None:
        raise DataError(f"{train} has no CSV file with the labels of its pictures.")
    return file


def _arguments_of_table(file: Path, train: Path) -> tuple[dict[str, Any], list[str]]:
    """Arguments of the loader, and a sentence on the columns."""
    is_itself = train == file
    arguments = {} if is_itself else {"labels_file": relative_name(file, train)}
    table = read_label_table(file, file.parent if is_itself else train, PictureOptions())
    if separator := _separator(table):
        arguments["label_separator"] = separator
    names = table.columns[:_MOST_NAMES]
    listed = ", ".join(names) + (" …" if len(table.columns) > len(names) else "")
    where = f"column {listed}" if len(table.columns) == 1 else f"columns {listed}"
    sentence = f"The classes are in the {where} of {file.name}. Give label_columns to the loader if that is wrong."
    return arguments, [sentence]


def _tables_beside(file: Path, train: Path) -> dict[str, Path]:
    """Tables of all parts, where those of validation or test lie beside that of training and among the pictures."""
    parts = tables_of_other_parts(file) if train in (file, file.parent) else {}
    keys = {"validation": "val_dir", "test": "test_dir"}
    return {"train_dir": file, **{keys[part]: other for part, other in parts.items()}} if parts else {}


def _separator(table: LabelTable) -> str:
    """What separates several classes of one picture, so that fewer classes are left; empty where there is nothing."""
    if table.is_marked or len(table.columns) > 1:
        return ""
    texts = [labels[0] for labels in table.labels if labels]
    whole = set(texts)
    for separator in SEPARATORS:
        parts = {part.strip() for text in whole for part in text.split(separator) if part.strip()}
        # Names of one class may have blanks in them; those of several are made of each other.
        if any(separator in text for text in whole) and len(parts) < len(whole) and parts & whole:
            return separator
    return ""


def _mask_arguments(index: SampleIndex) -> dict[str, Any]:
    """What the masks were found to be, written down so that it stays when further masks come."""
    assert isinstance(index.raw, PillowSamples)
    coding = index.raw.coding
    assert coding is not None
    found: dict[str, Any] = {"mask_values": coding.kind, "class_names": list(index.class_names)}
    if coding.kind in ("levels", "colors"):
        found["class_values"] = [value_text(value, coding.kind) for value in coding.values]
    return found


def _image_size(task: Task, facts: PictureFacts) -> tuple[int, int]:
    if not facts.num_read:
        return (_SIDE, _SIDE)
    smallest = int(np.median(np.minimum(facts.heights, facts.widths)))
    if task == "object_detection":
        return (_SIDE, _SIDE)
    if task == "image_segmentation":
        side = min(_SIDE, max(_SIDES, smallest // _SIDES * _SIDES))
        return (side, side)
    side = min(max(smallest, _SMALLEST_CLASSIFIED), _LARGEST_CLASSIFIED)
    if facts.common_size is not None and max(facts.common_size) <= _LARGEST_CLASSIFIED and side == smallest:
        return facts.common_size
    return (side, side)


def _batch_size(task: Task, num_pictures: int) -> int:
    if task == "image_classification":
        return 16 if num_pictures < 500 else 32
    return 4 if num_pictures < 100 else 8


def _summary(layout: Layout, index: SampleIndex, facts: PictureFacts) -> str:
    count = pictures_text(index.num_samples)
    size = f", all {size_text(facts.common_size)}" if facts.common_size is not None else ""
    names = ", ".join(index.class_names[:_MOST_NAMES]) + (" …" if len(index.class_names) > _MOST_NAMES else "")
    classes = f"{len(index.class_names):,} class{'' if len(index.class_names) == 1 else 'es'} ({names})"
    if layout == "masks":
        return f"{count} with masks of {classes}{size}."
    if index.boxes is not None:
        boxes = f"{len(index.boxes.classes):,} box{'' if len(index.boxes.classes) == 1 else 'es'}"
        return f"{count} with {boxes} of {classes} in the layout of {_TITLES[layout]}{size}."
    several = index.labels is not None and index.labels.ndim == 2
    return f"{count} with {'any number of' if several else 'one of'} {classes} from a table{size}."


def _parts_sentences(parts: Mapping[str, SampleIndex], data: dict[str, Any]) -> list[str]:
    sentences: list[str] = []
    for part, purpose in (("validation", "validates on them"), ("test", "is tested on them once, at the end")):
        if part in parts:
            sentences.append(f"For {part}: {pictures_text(parts[part].num_samples)}; the network {purpose}.")
    if "validation" not in parts:
        data["validation_fraction"] = _VALIDATION_FRACTION
        sentences.append(f"{_VALIDATION_FRACTION:.0%} of the pictures are held out for validation.")
    return sentences


def _problem_sentences(parts: Mapping[str, SampleIndex]) -> list[str]:
    problems = [problem for index in parts.values() for problem in index.problems]
    sentences = [
        f"{', '.join(item for item in (problem.file, problem.place) if item)}: {problem.message}."
        for problem in problems[:_MOST_PROBLEMS]
    ]
    if (further := len(problems) - _MOST_PROBLEMS) > 0:
        were = "problem was" if further == 1 else "problems were"
        sentences.append(f"{further:,} more {were} found; the data check lists all.")
    return sentences
