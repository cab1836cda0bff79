"""Which samples end up in training, validation and test, as far as that is known without decoding them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.divide_rows import DivisibleSamples, divide_samples
from trainer.data.pictures.image_folder import EXTENSIONS
from trainer.data.sample_index import SampleIndex

NO_ROWS = np.zeros(0, np.int64)
_PICTURE_FILES = (*EXTENSIONS, ".tif", ".tiff", ".webp")


@dataclass(frozen=True, slots=True, eq=False)
class PartSamples:
    """The samples of one part.

    Attributes:
        name: `train`, `validation` or `test`.
        index: The folder or file they are in; two parts may share one.
        rows: int64: the samples of `index` that are used in this part, sorted.
        left_out: int64: samples that would be here if they could be used.
        is_held_out: Whether they are a share of the training data.
    """

    name: str
    index: SampleIndex
    rows: NDArray[np.int64]
    left_out: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    is_held_out: bool = False

    @property
    def num_samples(self) -> int:
        """Number of samples that are used."""
        return len(self.rows)

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """int64, shape (classes,): samples or boxes of each class; empty where that is not known without decoding."""
        index, num_classes = self.index, len(self.index.class_names)
        if index.boxes is not None:
            lengths = np.diff(index.boxes.ends)
            is_used = np.zeros(index.num_samples, bool)
            is_used[self.rows] = True
            classes = index.boxes.classes[: int(index.boxes.ends[-1])][np.repeat(is_used, lengths)]
            return np.bincount(classes[classes >= 0], minlength=num_classes).astype(np.int64)
        if index.labels is None or not num_classes:
            return np.zeros(0, np.int64)
        labels = index.labels[self.rows]
        if labels.ndim == 2:
            return np.asarray(labels.sum(axis=0), np.int64)
        return np.bincount(labels.astype(np.int64), minlength=num_classes).astype(np.int64)


def divided_parts(config: Config, indexes: Mapping[str, SampleIndex]) -> tuple[PartSamples, ...]:
    """Divide the data of a configuration as a training with it would; a cross-validation as its first fold.

    Args:
        config: Its section `data` says how; `runtime.seed` decides what is random.
        indexes: What `open_data` gives.

    Raises:
        ConfigError: The samples cannot be divided like that.
    """
    config = trained_first(config)
    train = indexes["train"]
    usable, left_out = _usable(train)
    division = divide_samples(DivisibleSamples(usable, single_labels(train), train.groups), config, indexes)
    parts = [PartSamples("train", train, division.train, left_out)]
    for name, held_out in (("validation", division.validation), ("test", division.test)):
        if name in indexes:
            parts.append(PartSamples(name, indexes[name], *_usable(indexes[name])))
        elif len(held_out):
            parts.append(PartSamples(name, train, held_out, is_held_out=True))
    return tuple(parts)


def trained_first(config: Config) -> Config:
    """The configuration of the run that is trained first: of a cross-validation, its first fold."""
    if not config.data.split.trains_all_folds:
        return config
    split = config.data.split.model_copy(update={"fold": 1})
    return config.model_copy(update={"data": config.data.model_copy(update={"split": split})})


def single_labels(index: SampleIndex) -> NDArray[np.int32] | None:
    """Class of every sample, int32 of shape (samples,), where each has one."""
    labels = index.labels
    if labels is None or not index.class_names or labels.ndim != 1:
        return None
    return labels.astype(np.int32)


def picture_file(index: SampleIndex, number: int) -> Path | None:
    """The picture file of a sample; `None` where samples are no files of their own, as in HDF5."""
    return index.place / index.names[number] if is_file(index, number) else None


def is_file(index: SampleIndex, number: int) -> bool:
    """Whether a sample is a picture file of its own."""
    return index.raw is not None and index.names[number].lower().endswith(_PICTURE_FILES)


def mask_file(index: SampleIndex, number: int) -> Path | None:
    """The file of a sample's mask, where masks are files."""
    if index.mask_names is None or not index.mask_names[number]:
        return None
    return index.place / index.mask_names[number]


def usable_rows(index: SampleIndex) -> NDArray[np.int64]:
    """int64: the samples that can be used, in order."""
    return _usable(index)[0]


def _usable(index: SampleIndex) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that can be used, and those that cannot."""
    left_out = np.array(sorted(index.unusable), np.int64)
    every = np.arange(index.num_samples, dtype=np.int64)
    return np.setdiff1d(every, left_out, assume_unique=True), left_out  # else NumPy would hold up other threads
