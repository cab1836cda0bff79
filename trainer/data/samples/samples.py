"""Small data sets that need no internet, written out as class folders or in the layout of their task."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from PIL import Image

from trainer.data.order import random_order
from trainer.data.samples.sample_boxes import write_shape_boxes
from trainer.data.samples.sample_cells import write_cells
from trainer.data.samples.sample_digits import digits
from trainer.data.samples.sample_shapes import shapes
from trainer.data.samples.sample_tables import write_diabetes, write_wine
from trainer.errors import DataError

_MARK = ".modelgardener-sample.json"
_TEST_FRACTION = 0.2
_SPLIT_SEED = 1


_PICTURES: dict[str, Callable[[], Iterator[tuple[str, Image.Image]]]] = {"digits": digits, "shapes": shapes}
_WRITERS: dict[str, Callable[[Path], int]] = {
    "cells": write_cells,
    "shape_boxes": write_shape_boxes,
    "wine": write_wine,
    "diabetes": write_diabetes,
}
"""Samples of another layout than class folders: each writes itself into a new folder and returns how many it wrote."""


def make_sample(name: str, destination: Path) -> Path:
    """Write a sample data set, or find it where it was written before.

    The result has a `train` and a `test` folder (80 and 20 % of every class) with one sub-folder per class, or the
    layout of its task, such as that of Pascal VOC. It appears complete or not at all. Takes about a second.

    Args:
        name: One of `SAMPLES`.
        destination: The folder in which the sample's own folder, `destination / name`, is made.

    Returns:
        The sample's folder; give it to `propose_config`.

    Raises:
        DataError: There is no such sample, the folder is taken by something else, or cannot be written.
    """
    if name not in (*_PICTURES, *_WRITERS):
        raise DataError(f"There is no sample named {name!r}. Choose one of: {', '.join((*_PICTURES, *_WRITERS))}.")
    folder = destination / name
    if _is_sample(folder):
        return folder
    if folder.exists():
        raise DataError(f"{folder} exists and is not a sample of ModelGardener. Choose another place or move it away.")
    aside = destination / f".{name}.{os.getpid()}.part"
    try:
        destination.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(destination, name)
        _write(name, aside)
        _rename(aside, folder)
    except OSError as error:
        raise DataError(
            f"The sample {name} could not be written to {folder}: {error.strerror or error}. "
            "Choose a folder that can be written and has a few megabytes free."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _is_sample(folder: Path) -> bool:
    return (folder / _MARK).is_file()


def _write(name: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    num_samples = _WRITERS[name](folder) if name in _WRITERS else _write_classes(name, folder)
    mark = {"sample": name, "pictures": num_samples}
    (folder / _MARK).write_text(json.dumps(mark), encoding="utf-8")


def _write_classes(name: str, folder: Path) -> int:
    pictures: dict[str, list[Image.Image]] = defaultdict(list)
    for class_name, picture in _PICTURES[name]():
        pictures[class_name].append(picture)
    for class_number, class_name in enumerate(sorted(pictures)):
        _write_class(class_name, class_number, pictures[class_name], folder)
    return sum(map(len, pictures.values()))


def _write_class(class_name: str, class_number: int, pictures: list[Image.Image], folder: Path) -> None:
    order = random_order(len(pictures), _SPLIT_SEED, class_number)
    test = set(order[: round(len(pictures) * _TEST_FRACTION)].tolist())
    for part in ("train", "test"):
        (folder / part / class_name).mkdir(parents=True)
    for number, picture in enumerate(pictures):
        part = "test" if number in test else "train"
        picture.save(folder / part / class_name / f"{class_name}_{number:04}.png")


def _rename(aside: Path, folder: Path) -> None:
    try:
        aside.rename(folder)
    except OSError:
        # Another process may have been faster; its sample is as good as ours.
        if not _is_sample(folder):
            raise


def _remove_abandoned(destination: Path, name: str) -> None:
    """Clear what a killed process left half made."""
    for left in destination.glob(f".{name}.*.part"):
        process_id = left.name.split(".")[2]
        if process_id.isdigit() and not psutil.pid_exists(int(process_id)):
            shutil.rmtree(left, ignore_errors=True)
