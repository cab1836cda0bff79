"""Pictures and masks that are stored as arrays: how their axes and values are meant, and 8 bits made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from trainer.data.arrays.array_file import StoredArray, describe_array
from trainer.errors import DataError

Layout = Literal["auto", "channels_last", "channels_first"]
ValueRange = Literal["auto", "0 to 1", "-1 to 1", "0 to 255", "0 to 65535"]
Reasons = dict[int, str]

_CHANNELS = (1, 3, 4)
_BOUNDS: dict[str, tuple[float, float]] = {
    "0 to 1": (0.0, 1.0),
    "-1 to 1": (-1.0, 1.0),
    "0 to 255": (0.0, 255.0),
    "0 to 65535": (0.0, 65535.0),
}
_NUM_LOOKED_AT = 256
_SLACK = 1e-3
_RED, _GREEN, _BLUE, _HALF, _SHIFT = 19595, 38470, 7471, 0x8000, 16
"""Luma of ITU-R 601 in whole numbers, as Pillow and libjpeg compute it."""


class StoredPictures:
    """Pictures in an array, of shape (rows, height, width), (rows, height, width, channels) or with channels first.

    Args:
        array: The pictures.
        layout: Where the channels are; `auto` takes the last axis of length 1, 3 or 4.
        value_range: Which numbers are black and white; `auto` looks at up to 256 pictures.

    Attributes:
        height: In pixels.
        width: In pixels.
        channels: 1, 3 or 4 as stored.
        value_range: What was found or given.
        never_fails: Whether all values that can be stored are in that range.

    Raises:
        DataError: This is no array of pictures, or its values are in no known range.
    """

    def __init__(self, array: StoredArray, layout: Layout = "auto", value_range: ValueRange = "auto") -> None:
        self.array = array
        if array.dtype.kind not in "biuf" or len(array.shape) not in (3, 4):
            raise DataError(
                f"{describe_array(array)} is no array of pictures. Expected numbers of shape (samples, height, width) "
                "or (samples, height, width, channels). For rows of plain numbers choose a tabular task."
            )
        self._channels_first = self._find_layout(layout)
        shape = array.shape[1:]
        if len(shape) == 2:
            self.height, self.width, self.channels = *shape, 1
        else:
            self.height, self.width, self.channels = (*shape[1:], shape[0]) if self._channels_first else shape
        self.value_range = value_range if value_range != "auto" else _find_range(array)
        self.never_fails = array.dtype.kind in "bu" and array.dtype.itemsize == 1 and self.value_range == "0 to 255"

    @property
    def num_rows(self) -> int:
        """Number of pictures."""
        return self.array.shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels, as stored."""
        return self.height, self.width

    def read(self, rows: NDArray[np.int64], channels: int) -> tuple[NDArray[np.uint8], Reasons]:
        """Some pictures with 8 bits, as image files would give them.

        Args:
            rows: Which.
            channels: 1 for grey, 3 for colour, 4 for colour and opacity.

        Returns:
            uint8, shape (len(rows), height, width, channels), and reasons by position in `rows` for pictures that have
            values outside of their range or that are no numbers.

        Raises:
            DataError: They can no longer be read.
        """
        values = self.array.read(rows)
        pictures, reasons = self._eight_bits(values)
        if pictures.ndim == 3:
            pictures = pictures[..., np.newaxis]
        elif self._channels_first:
            pictures = np.moveaxis(pictures, 1, -1)
        return with_channels(pictures, channels), reasons

    def _find_layout(self, layout: Layout) -> bool:
        shape = self.array.shape
        if len(shape) == 3:
            return False
        last, first = shape[3] in _CHANNELS, shape[1] in _CHANNELS
        is_first = layout == "channels_first" or (layout == "auto" and first and not last)
        if not (first if is_first else last):
            axis = {"auto": "either the last or the second", "channels_first": "the second"}.get(layout, "the last")
            raise DataError(
                f"{describe_array(self.array)} are no pictures: {axis} axis should have 1 value for grey, 3 for colour "
                "or 4 for colour and opacity."
            )
        return is_first

    def _eight_bits(self, values: NDArray[Any]) -> tuple[NDArray[np.uint8], Reasons]:
        if values.dtype == np.uint8 and self.value_range == "0 to 255":
            return values, {}
        low, high = _BOUNDS[self.value_range]
        reasons = _reasons(values, low, high)
        if values.dtype.kind in "iu" and self.value_range == "0 to 65535":
            # Cut to 8 bits, as image files of 16 bits are.
            return (values.clip(0, 65535) >> 8).astype(np.uint8), reasons
        if values.dtype.kind in "iu" and self.value_range == "0 to 255":
            return values.clip(0, 255).astype(np.uint8), reasons
        exact = np.float64 if values.dtype.itemsize > 4 else np.float32
        scaled = (np.nan_to_num(values.astype(exact)) - exact(low)) * exact(255 / (high - low))
        return np.rint(scaled).clip(0, 255).astype(np.uint8), reasons


def with_channels(pictures: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Pictures with another number of channels: opacity is dropped or full, grey is luma or repeated."""
    stored = pictures.shape[-1]
    if stored == channels:
        return pictures
    if channels == 1:
        red, green, blue = (pictures[..., number].astype(np.uint32) for number in range(3))
        luma = (red * _RED + green * _GREEN + blue * _BLUE + _HALF) >> _SHIFT
        return luma.astype(np.uint8)[..., np.newaxis]
    colours = np.repeat(pictures, 3, axis=-1) if stored == 1 else pictures[..., :3]
    if channels == 3:
        return colours
    return np.concatenate([colours, np.full((*colours.shape[:-1], 1), 255, np.uint8)], axis=-1)


def is_range_certain(array: StoredArray) -> bool:
    """Whether the type of an array says which numbers are black and white, whatever its values are."""
    return _range_of_type(array) is not None


def _range_of_type(array: StoredArray) -> ValueRange | None:
    if array.dtype == np.uint8:
        return "0 to 255"
    return "0 to 1" if array.dtype.kind == "b" else None


def _find_range(array: StoredArray) -> ValueRange:
    if (certain := _range_of_type(array)) is not None:
        return certain
    count = array.shape[0]
    rows = np.unique(np.linspace(0, count - 1, min(count, _NUM_LOOKED_AT)).astype(np.int64))
    values = array.read(rows)
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    for name, (least, most) in _BOUNDS.items():
        if low >= least - _SLACK and high <= most + _SLACK:
            return name  # type: ignore[return-value]
    raise DataError(
        f"The values of {describe_array(array)} go from {low:g} to {high:g}, which is no range that pictures have. "
        f"Expected one of: {', '.join(_BOUNDS)}. Store the pictures before they were normalized, or give value_range."
    )


def _reasons(values: NDArray[Any], low: float, high: float) -> Reasons:
    axes = tuple(range(1, values.ndim))
    least, most = values.min(axis=axes), values.max(axis=axes)
    slack = _SLACK * (high - low) if values.dtype.kind == "f" else 0
    # Not a number is neither inside nor outside, so ask for what is inside.
    inside = (least >= low - slack) & (most <= high + slack)
    reasons: Reasons = {}
    for position in np.flatnonzero(~inside).tolist():
        if np.isfinite(least[position]) and np.isfinite(most[position]):
            found = f"values from {least[position]:g} to {most[position]:g}"
            reasons[position] = f"it has {found}, outside of {low:g} to {high:g} (the loader's argument value_range)"
        else:
            reasons[position] = "it has values that are no finite numbers (NaN or infinite)"
    return reasons


@dataclass(frozen=True, slots=True, eq=False)
class StoredMasks:
    """Masks in an array of shape (rows, height, width) or (rows, height, width, 1).

    Attributes:
        array: Class numbers, 255 where nothing is counted; or two values such as 0 and 255.
        num_classes: Number of classes.
        is_black_and_white: Whether 255 stands for class 1.
    """

    array: StoredArray
    num_classes: int
    is_black_and_white: bool = False

    never_fails = False

    @property
    def num_rows(self) -> int:
        """Number of masks."""
        return self.array.shape[0]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels, as stored."""
        return self.array.shape[1], self.array.shape[2]

    def read(self, rows: NDArray[np.int64], channels: int = 1) -> tuple[NDArray[np.uint8], Reasons]:
        """Some masks: uint8 class numbers of shape (len(rows), height, width, 1), and reasons by position in `rows`."""
        assert channels == 1
        values = self.array.read(rows)
        values = values[..., np.newaxis] if values.ndim == 3 else values
        if values.dtype == np.bool_:
            return values.astype(np.uint8), {}
        if self.is_black_and_white:
            values = np.where(values == 255, 1, values)
        is_class = (values >= 0) & (values < self.num_classes) & (values == np.rint(values))
        is_known = is_class | (values == 255)
        reasons = {
            position: f"its mask has the value {values[position][~is_known[position]].flat[0]:g}, but classes go from "
            f"0 to {self.num_classes - 1}"
            for position in np.flatnonzero(~is_known.all(axis=(1, 2, 3))).tolist()
        }
        return np.where(is_known, values, 255).astype(np.uint8), reasons


def find_masks(array: StoredArray, num_classes: int = 0, is_black_and_white: bool | None = None) -> StoredMasks:
    """Masks of an array, with the number of classes that occur in them.

    Args:
        array: The masks.
        num_classes: Number of classes where it is known; 0 for as many as there are in the masks.
        is_black_and_white: Whether 255 stands for class 1; `None` to look at all masks.

    Raises:
        DataError: This is no array of masks.
    """
    shape = array.shape
    if array.dtype.kind not in "biuf" or not (len(shape) == 3 or (len(shape) == 4 and shape[3] == 1)):
        raise DataError(
            f"{describe_array(array)} is no array of masks. Expected class numbers of shape (samples, height, width) "
            "or (samples, height, width, 1)."
        )
    if array.dtype.kind == "b":
        return StoredMasks(array, 2)
    if num_classes and is_black_and_white is not None:
        return StoredMasks(array, num_classes, is_black_and_white)
    counts = np.zeros(256, np.int64)
    for start in range(0, shape[0], _NUM_LOOKED_AT):
        values = array.read(np.arange(start, min(start + _NUM_LOOKED_AT, shape[0])))
        whole = values[(values >= 0) & (values <= 255)]
        counts += np.bincount(whole.astype(np.uint8).ravel(), minlength=256)
    found = np.flatnonzero(counts)
    is_black_and_white = set(found.tolist()) <= {0, 255} and num_classes in (0, 2)
    most = 2 if is_black_and_white else int(max(found[found < 255], default=0)) + 1
    return StoredMasks(array, num_classes or max(2, most), is_black_and_white)
