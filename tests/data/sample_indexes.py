"""Samples made in memory or of small files, for tests of what works on any layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.config.config import Config
from trainer.data.sample_index import BoxList, SampleIndex
from trainer.errors import DataError


class FilePictures:
    """Reads pictures and masks of files with Pillow."""

    def __init__(self, place: Path, names: list[str], masks: list[str] | None = None) -> None:
        self._place, self._names, self._masks = place, names, masks

    def picture(self, number: int) -> NDArray[np.uint8]:
        return self._read(self._names[number], "RGB")

    def mask(self, number: int) -> NDArray[np.uint8]:
        assert self._masks is not None
        return self._read(self._masks[number], "L")

    def _read(self, name: str, mode: str) -> NDArray[np.uint8]:
        try:
            with Image.open(self._place / name) as picture:
                return np.asarray(picture.convert(mode))
        except OSError as error:
            raise DataError(f"{name} cannot be decoded: {error}.") from error


def picture_index(place: Path, names: list[str], **facts: Any) -> SampleIndex:
    """An index of picture files, whatever is to be predicted."""
    masks = facts.get("mask_names")
    return SampleIndex(place=place, names=names, raw=FilePictures(place, names, masks), **facts)


def class_index(place: Path, classes: dict[str, int], seed: int = 0) -> SampleIndex:
    """Write so many pictures of each class, all different, and give their index."""
    random = np.random.default_rng(seed)
    names, labels = [], []
    for label, (name, count) in enumerate(classes.items()):
        for number in range(count):
            write_picture(place / name / f"{number:03}.png", random)
            names.append(f"{name}/{number:03}.png")
            labels.append(label)
    return picture_index(place, names, class_names=tuple(classes), labels=np.array(labels, np.int32))


def write_picture(path: Path, random: np.random.Generator, size: tuple[int, int] = (10, 8)) -> None:
    """Write a picture of (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path)


def boxes_of(*samples: list[tuple[float, float, float, float, int]]) -> BoxList:
    """Boxes (left, top, right, bottom, class) of each sample."""
    rows = [box for sample in samples for box in sample]
    ends = np.cumsum([0, *map(len, samples)]).astype(np.int64)
    corners = np.array([row[:4] for row in rows], np.float32).reshape(-1, 4)
    return BoxList(corners, np.array([row[4] for row in rows], np.int32), ends)


def data_config(**data: Any) -> Config:
    """A configuration with these settings of the data."""
    return Config.model_validate({"data": {"train_dir": "unused", **data}})
