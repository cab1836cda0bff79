"""Makes labels of an array: class numbers, several classes per sample, or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.arrays.array_file import StoredArray, describe_array, text_of
from trainer.errors import DataError

_MOST_CLASSES = 10_000
_TEXT = "OSU"


@dataclass(frozen=True, slots=True)
class KnownClasses:
    """The classes of the training data, which validation and test data have to share.

    Attributes:
        names: Classes by number.
        are_stored: Whether these names are stored beside the labels, so that labels are positions among them; else they
            were made of the labels.
        are_sets: Whether a sample may have several classes.
    """

    names: tuple[str, ...]
    are_stored: bool = False
    are_sets: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ReadLabels:
    """Labels of all rows.

    Attributes:
        values: As in `SampleIndex.labels`; 0 where a row is unusable.
        class_names: Classes by number; empty for numbers.
        unusable: Reason by row.
    """

    values: NDArray[Any]
    class_names: tuple[str, ...] = ()
    unusable: dict[int, str] = field(default_factory=dict)


def read_numbers(array: StoredArray) -> ReadLabels:
    """Numbers to predict: float32, shape (rows,) or (rows, outputs).

    Raises:
        DataError: The array holds text, or more than numbers in a row.
    """
    if array.dtype.kind not in "biuf" or (len(array.shape) > 2 and not has_one_value(array)):
        raise DataError(
            f"The labels {describe_array(array)} are no numbers to predict. Expected numbers of shape (samples,) or "
            "(samples, outputs); for classes choose a classification task."
        )
    values = _all(array).astype(np.float32)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    is_bad = ~np.isfinite(values if values.ndim == 1 else values.sum(axis=1))
    reason = "its label is no finite number (NaN or infinite)"
    return ReadLabels(np.nan_to_num(values), unusable={int(row): reason for row in np.flatnonzero(is_bad)})


def read_classes(
    array: StoredArray,
    class_names: Sequence[str] = (),
    unusable: Sequence[int] = (),
    known: KnownClasses | None = None,
) -> ReadLabels:
    """Classes of all rows.

    Class numbers, text, one-hot rows and rows of 0 and 1 for several classes are told apart by what they hold.

    Args:
        array: The labels.
        class_names: Names by number as stored beside the labels; empty to make them of the labels.
        unusable: Rows whose label does not count.
        known: The classes of the training data, for validation and test data.

    Raises:
        DataError: These are no classes.
    """
    if known is not None:
        class_names = _shared_names(array, class_names, known)
    values = _all(array)
    if values.ndim == 2 and values.shape[1] == 1 and (known is None or not known.are_sets):
        values = values[:, 0]
    if values.ndim == 2 and values.dtype.kind in "biuf":
        return _rows_of_classes(array, values, class_names, are_sets=None if known is None else known.are_sets)
    if values.ndim != 1:
        raise DataError(
            f"The labels {describe_array(array)} are no classes. Expected class numbers or text of shape (samples,), "
            "or 0 and 1 of shape (samples, classes)."
        )
    usable = np.ones(len(values), bool)
    usable[list(unusable)] = False
    if values.dtype.kind in _TEXT:
        texts = np.array([text_of(value) for value in values.tolist()], dtype=np.str_)
        return _by_name(array, texts, usable, class_names)
    reasons = _no_whole_numbers(array, values, usable)
    usable[list(reasons)] = False
    numbers = np.where(usable, values, 0).astype(np.int64)
    if class_names and (known is None or known.are_stored):
        return _by_number(numbers, usable, tuple(class_names), reasons)
    if class_names:
        return _by_name(array, numbers.astype(str), usable, class_names, reasons)
    found = np.unique(numbers[usable])
    _require_few(array, len(found), int(usable.sum()))
    labels = np.searchsorted(found, numbers).clip(max=max(0, len(found) - 1))
    return ReadLabels(labels.astype(np.int32), tuple(map(str, found.tolist())), reasons)


def _shared_names(array: StoredArray, class_names: Sequence[str], known: KnownClasses) -> tuple[str, ...]:
    if class_names and known.are_stored and tuple(class_names) != known.names:
        raise DataError(
            f"The classes beside the labels {array.name} are {', '.join(class_names[:5])}, those of the training data "
            f"{', '.join(known.names[:5])}. Store the same class names in both."
        )
    return known.names


def has_one_value(array: StoredArray) -> bool:
    """Whether a sample has a single value, however many dimensions of size 1 it is wrapped in."""
    return all(size == 1 for size in array.shape[1:])


def _all(array: StoredArray) -> NDArray[Any]:
    values = array.read(np.arange(array.shape[0]))
    return values.reshape(len(values), 1) if values.ndim > 2 and has_one_value(array) else values


def _no_whole_numbers(array: StoredArray, values: NDArray[Any], usable: NDArray[np.bool_]) -> dict[int, str]:
    """Reasons for labels that are not finite; an error where labels are fractions."""
    if values.dtype.kind != "f":
        return {}
    is_bad = usable & ~np.isfinite(values)
    rest = values[usable & ~is_bad]
    if (rest != np.rint(rest)).any():
        raise DataError(
            f"The labels {describe_array(array)} are fractions such as {rest[rest != np.rint(rest)][0]}, not classes. "
            "Choose the task tabular_regression to predict numbers."
        )
    return {int(row): "its label is no finite number (NaN or infinite)" for row in np.flatnonzero(is_bad)}


def _require_few(array: StoredArray, num_classes: int, num_samples: int) -> None:
    if num_classes > _MOST_CLASSES or (num_classes > 100 and num_classes > num_samples / 2):
        raise DataError(
            f"The labels {describe_array(array)} have {num_classes:,} different values for {num_samples:,} samples: "
            "these are no classes. Choose other labels, or the task tabular_regression to predict numbers."
        )


def _by_number(
    numbers: NDArray[np.int64], usable: NDArray[np.bool_], class_names: tuple[str, ...], reasons: dict[int, str]
) -> ReadLabels:
    outside = usable & ((numbers < 0) | (numbers >= len(class_names)))
    reasons = reasons | {
        int(row): f"its class number {numbers[row]} is not among the {len(class_names)} classes, 0 to "
        f"{len(class_names) - 1}"
        for row in np.flatnonzero(outside)
    }
    return ReadLabels(np.where(outside, 0, numbers).astype(np.int32), class_names, reasons)


def _by_name(
    array: StoredArray,
    texts: NDArray[np.str_],
    usable: NDArray[np.bool_],
    class_names: Sequence[str],
    reasons: dict[int, str] | None = None,
) -> ReadLabels:
    names = tuple(class_names)
    if not names:
        names = tuple(np.unique(texts[usable]).tolist())
        _require_few(array, len(names), int(usable.sum()))
    number_of = {name: number for number, name in enumerate(names)}
    labels = np.array([number_of.get(text, -1) for text in texts.tolist()], np.int32)
    unknown = np.flatnonzero((labels < 0) & usable)
    found = {int(row): f"its class '{texts[row]}' is not among the {len(names)} known classes" for row in unknown}
    return ReadLabels(labels.clip(min=0), names, (reasons or {}) | found)


def _rows_of_classes(
    array: StoredArray, values: NDArray[Any], class_names: Sequence[str], *, are_sets: bool | None
) -> ReadLabels:
    is_bad: NDArray[np.bool_] = np.asarray(~np.isin(values, (0, 1)).all(axis=1))
    if is_bad.mean() > 0.5:
        raise DataError(
            f"The labels {describe_array(array)} are no classes. Expected 0 and 1 for each class, received values such "
            f"as {values[is_bad][0].tolist()[:5]}."
        )
    num_classes = values.shape[1]
    if class_names and len(class_names) != num_classes:
        raise DataError(
            f"The labels {describe_array(array)} have {num_classes} columns, but there are {len(class_names)} class "
            "names. Give one name per column."
        )
    names = tuple(class_names) or tuple(map(str, range(num_classes)))
    reasons = {int(row): "its labels are not 0 and 1" for row in np.flatnonzero(is_bad)}
    sets = np.where(is_bad[:, None], 0, values).astype(np.uint8)
    if are_sets is None:
        are_sets = bool((sets.sum(axis=1)[~is_bad] != 1).any())
    if not are_sets:
        totals = sets.sum(axis=1)
        not_one = np.flatnonzero((totals != 1) & ~is_bad)
        reasons |= {int(row): f"it has {totals[row]} classes instead of one" for row in not_one}
        return ReadLabels(sets.argmax(axis=1).astype(np.int32), names, reasons)
    return ReadLabels(sets, names, reasons)
