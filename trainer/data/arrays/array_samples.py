"""From the arrays of a file to samples: inputs, and what is to be predicted of them."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.config.task import Task
from trainer.data.arrays.array_choice import choose_class_names, choose_inputs, choose_labels, column_names
from trainer.data.arrays.array_file import ArrayFile, RowNames, StoredArray, describe_array
from trainer.data.arrays.array_labels import KnownClasses, ReadLabels, read_classes, read_numbers
from trainer.data.arrays.array_pictures import (
    StoredMasks,
    StoredPictures,
    ValueRange,
    find_masks,
    is_range_certain,
)
from trainer.data.arrays.array_settings import ArraySettings
from trainer.data.arrays.array_shaped import EncodedPictures, ShapedArray, are_pictures, shaped
from trainer.data.arrays.tfrecord_file import FeatureArray, check_records
from trainer.data.pictures.pillow_picture import UnreadablePictureError, read_picture
from trainer.data.sample_index import DataProblem, SampleIndex
from trainer.errors import DataError

_CHECKED_BYTES = 256 * 2**20
_CHECKED_ROWS = 256
_NO_NUMBER = "it has values that are no finite numbers (NaN or infinite)"

Pictures = StoredPictures | EncodedPictures


@dataclass(frozen=True, slots=True, eq=False)
class ArraySamples:
    """The samples of a file, and where their pictures and masks are.

    Attributes:
        index: What is known of them.
        files: The files behind them.
        pictures: The pictures; `None` for tables.
        masks: The masks, for segmentation.
        classes: The classes, which validation and test data have to share; `None` where nothing is classified.
    """

    index: SampleIndex
    files: tuple[Path, ...]
    pictures: Pictures | None = None
    masks: StoredMasks | None = None
    classes: KnownClasses | None = None

    @property
    def known(self) -> Known:
        """What validation and test data share with these samples."""
        pictures, masks = self.pictures, self.masks
        known = Known(self.classes)
        if masks is not None and masks.array.dtype.kind != "b":
            known = dataclasses.replace(known, is_black_and_white=masks.is_black_and_white)
        if not isinstance(pictures, StoredPictures) or is_range_certain(pictures.array):
            return known
        return dataclasses.replace(known, value_range=pictures.value_range, is_float=pictures.array.dtype.kind == "f")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the training data, and means the same in the other parts.

    Attributes:
        classes: The classes; `None` where nothing is classified.
        value_range: Which numbers of pictures are black and white; `auto` where every array says that by its type.
        is_float: Whether these numbers are floating point numbers; others have a range of their own.
        is_black_and_white: Whether 255 in a mask stands for class 1; `None` where it does not occur, or without masks.
    """

    classes: KnownClasses | None = None
    value_range: ValueRange = "auto"
    is_float: bool = False
    is_black_and_white: bool | None = None

    def range_of(self, array: StoredArray) -> ValueRange:
        """The range of pictures of another part; `auto` where they are stored in another way."""
        is_alike = not is_range_certain(array) and (array.dtype.kind == "f") == self.is_float
        return self.value_range if is_alike else "auto"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be found in a file.

    Attributes:
        settings: What the person said about the arrays.
        task: What is to be learned.
        part: `train`, `validation` or `test`.
        group_by: Array that says which samples belong together; empty for none.
        known: What is known of the training data, for the other parts.
    """

    settings: ArraySettings
    task: Task
    part: str
    group_by: str = ""
    known: Known = Known()


Unusable = dict[int, str]
"""Reason by row, added to while the arrays are looked at."""


def samples_of(file: ArrayFile, wanted: Wanted) -> ArraySamples:
    """Choose the arrays and check them against each other and the task.

    Raises:
        DataError: Arrays are missing, have another number of rows than others, or do not suit the task.
    """
    task = wanted.task
    if task == "object_detection":
        raise DataError(
            f"{wanted.settings.loader} reads pictures, masks and tables, but no boxes. Read boxes with "
            "ImageDataLoader: Pascal VOC, COCO or YOLO."
        )
    inputs = choose_inputs(file, wanted.settings, wanted.part, task)
    labels = choose_labels(file, wanted.settings, inputs, wanted.part, task)
    group = file.get(wanted.group_by, "data.split.group_by") if wanted.group_by else None
    _require_same_length(file, (*inputs, labels, *(() if group is None else (group,))))
    _check_features((*inputs, labels, *(() if group is None else (group,))))
    unusable: Unusable = dict(file.unusable)
    pictures = _pictures(file, inputs, wanted, unusable)
    masks, known = _masks(labels, wanted, file) if task == "image_segmentation" else (None, wanted.known.classes)
    read = None if masks is not None else _labels(file, labels, wanted, unusable)
    if read is not None and read.class_names and known is None:
        stored = choose_class_names(file, wanted.settings)
        known = KnownClasses(read.class_names, bool(stored), read.values.ndim == 2)
    features = None if pictures is not None else _features(inputs, unusable)
    _require_usable(file, unusable, inputs[0].shape[0])
    index = SampleIndex(
        place=file.place,
        names=file.names or RowNames(inputs[0].shape[0]),
        class_names=known.names if known is not None else (),
        labels=None if read is None else read.values,
        features=features,
        feature_names=() if features is None else column_names(file, inputs),
        groups=None if group is None else _numbered(group),
        unusable=unusable,
        problems=_problems(file, unusable, file.names or RowNames(inputs[0].shape[0])),
        raw=None if pictures is None else RawArrays(pictures, masks),
    )
    return ArraySamples(index, file.files, pictures, masks, known)


def _require_same_length(file: ArrayFile, arrays: Sequence[StoredArray]) -> None:
    first = arrays[0]
    for other in arrays[1:]:
        if other.shape[0] != first.shape[0]:
            raise DataError(
                f"The {file.noun}s of {file.place} have different lengths: {describe_array(first)} has "
                f"{first.shape[0]:,} rows, {describe_array(other)} has {other.shape[0]:,}. Nothing says which rows "
                "belong together. Store one row per sample in both, or choose other ones."
            )
    if not first.shape[0]:
        raise DataError(f"The {file.noun} {describe_array(first)} of {file.place} has no row.")


def _check_features(arrays: Sequence[StoredArray]) -> None:
    features = [array for array in arrays if isinstance(array, FeatureArray)]
    if features:
        check_records(features[0].records, features)


def _pictures(file: ArrayFile, inputs: Sequence[StoredArray], wanted: Wanted, unusable: Unusable) -> Pictures | None:
    is_table = wanted.task.startswith("tabular")
    if is_table or (wanted.task == "custom" and inputs[0].dtype.kind != "O" and len(inputs[0].shape) <= 2):
        return None
    (array, *others) = inputs
    if others:
        raise DataError(f"inputs names {len(inputs)} {file.noun}s; for pictures name one. Several are for tables.")
    if are_pictures(array, unusable):
        return EncodedPictures(array)
    array = shaped(array, wanted.settings, file.arrays, unusable)
    if isinstance(array, ShapedArray):
        unusable |= array.misfits(unusable)
    value_range = wanted.settings.value_range
    if value_range == "auto":
        value_range = wanted.known.range_of(array)
    pictures = StoredPictures(array, wanted.settings.layout, value_range)
    if not pictures.never_fails:
        _check_values(pictures, unusable)
    return pictures


def _check_values(pictures: StoredPictures, unusable: Unusable) -> None:
    """Look at all pictures, unless there are more than is quick: then training tells, which reads them anyway."""
    array = pictures.array
    if int(np.prod(array.shape, dtype=np.int64)) * array.dtype.itemsize > _CHECKED_BYTES:
        return
    for start in range(0, array.shape[0], _CHECKED_ROWS):
        rows = np.arange(start, min(start + _CHECKED_ROWS, array.shape[0]))
        for position, reason in pictures.read(rows, pictures.channels)[1].items():
            unusable.setdefault(start + position, reason)


def _masks(array: StoredArray, wanted: Wanted, file: ArrayFile) -> tuple[StoredMasks, KnownClasses]:
    array = shaped(array, wanted.settings, file.arrays, file.unusable) if array.dtype.kind == "O" else array
    stored = choose_class_names(file, wanted.settings)
    names = wanted.known.classes.names if wanted.known.classes is not None else stored
    masks = find_masks(array, len(names), wanted.known.is_black_and_white)
    return masks, KnownClasses(names or tuple(f"class {number}" for number in range(masks.num_classes)), bool(stored))


def _labels(file: ArrayFile, array: StoredArray, wanted: Wanted, unusable: Unusable) -> ReadLabels:
    is_number = wanted.task == "tabular_regression" or (wanted.task == "custom" and array.dtype.kind == "f")
    if is_number:
        read = read_numbers(array)
    else:
        stored, known = choose_class_names(file, wanted.settings), wanted.known.classes
        read = read_classes(array, stored, tuple(unusable), known)
        if known is None and len(read.class_names) < 2:
            raise DataError(
                f"The labels {describe_array(array)} of {file.place} hold only one class "
                f"({', '.join(read.class_names) or 'none'}). A network needs at least two to tell apart."
            )
        if known is None and read.values.ndim == 1:
            _refuse_empty_classes(file, array, read)
    for row, reason in read.unusable.items():
        unusable.setdefault(row, reason)
    return read


def _refuse_empty_classes(file: ArrayFile, array: StoredArray, read: ReadLabels) -> None:
    counts = np.bincount(read.values, minlength=len(read.class_names))
    empty = [name for name, count in zip(read.class_names, counts, strict=True) if not count]
    if empty:
        raise DataError(
            f"The labels {describe_array(array)} of {file.place} have no sample of {', '.join(empty[:5])}, which "
            "the class names list. Add samples of them, or leave their names out and number the classes without them."
        )


def _features(inputs: Sequence[StoredArray], unusable: Unusable) -> NDArray[np.float32]:
    columns: list[NDArray[np.float32]] = []
    for array in inputs:
        if array.dtype.kind not in "biuf" or len(array.shape) > 2:
            raise DataError(
                f"{describe_array(array)} is no table. Expected numbers of shape (samples,) or (samples, columns); for "
                "pictures choose an image task."
            )
        values = array.read(np.arange(array.shape[0])).astype(np.float32)
        columns.append(values.reshape(len(values), -1))
    table = np.concatenate(columns, axis=1)
    for row in np.flatnonzero(~np.isfinite(table).all(axis=1)).tolist():
        unusable.setdefault(row, _NO_NUMBER)
    return table


def _numbered(array: StoredArray) -> NDArray[np.int64]:
    return np.unique(array.read(np.arange(array.shape[0])), return_inverse=True)[1].astype(np.int64)


def _require_usable(file: ArrayFile, unusable: dict[int, str], num_rows: int) -> None:
    if len(unusable) == num_rows:
        row, reason = min(unusable.items())
        raise DataError(f"None of the {num_rows:,} samples of {file.place} can be used. Row {row}: {reason}.")


def _problems(file: ArrayFile, unusable: Unusable, names: Sequence[str]) -> tuple[DataProblem, ...]:
    rows = [
        DataProblem("unreadable", f"This sample cannot be used: {reason}.", str(file.place), names[row])
        for row, reason in sorted(unusable.items())
    ]
    return tuple(rows)


class RawArrays:
    """Reads single samples as they are stored. See `RawSamples`.

    Args:
        pictures: The pictures.
        masks: Their masks; `None` where there are none.
    """

    def __init__(self, pictures: Pictures, masks: StoredMasks | None) -> None:
        self._pictures = pictures
        self._masks = masks

    def picture(self, number: int) -> NDArray[np.uint8]:
        """See `RawSamples.picture`."""
        if isinstance(self._pictures, StoredPictures):
            return _only(self._pictures.read(np.array([number]), 3))
        try:
            return read_picture(io.BytesIO(self._pictures.content(number)))
        except UnreadablePictureError as error:
            raise DataError(f"The picture cannot be read: {error}.") from error

    def mask(self, number: int) -> NDArray[np.uint8]:
        """See `RawSamples.mask`."""
        if self._masks is None:
            raise DataError("These samples have no masks.")
        return _only(self._masks.read(np.array([number])))[..., 0]


def _only(read: tuple[NDArray[Any], dict[int, str]]) -> NDArray[np.uint8]:
    values, reasons = read
    if reasons:
        raise DataError(f"The sample cannot be read: {reasons[0]}.")
    found: NDArray[np.uint8] = values[0]
    return found
