"""Arrays and pictures inside of strings of bytes: encoded pictures, plain bytes, and lists that stand for a shape."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.data.arrays.array_file import StoredArray, describe_array
from trainer.data.arrays.array_settings import ArraySettings
from trainer.data.arrays.tfrecord_file import FeatureArray
from trainer.data.pictures.pillow_picture import PILLOW_ERRORS
from trainer.errors import DataError

_PICTURE_HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM")
_SIDES = (("height", "rows"), ("width", "cols", "columns"), ("depth", "channels", "channel"))


class EncodedPictures:
    """Pictures as the bytes of their JPEG, PNG, GIF or BMP files.

    Args:
        array: One string of bytes per row.
    """

    def __init__(self, array: StoredArray) -> None:
        self.array = array

    @property
    def num_rows(self) -> int:
        """Number of pictures."""
        return self.array.shape[0]

    def content(self, row: int) -> bytes:
        """The bytes of one picture's file.

        Raises:
            DataError: They can no longer be read.
        """
        if isinstance(self.array, FeatureArray):
            return self.array.content(row)
        value = self.array.read(np.array([row]))[0]
        return value.tobytes() if isinstance(value, np.ndarray) else bytes(value)

    def size(self, row: int) -> tuple[int, int]:
        """Height and width, from the head of the picture.

        Raises:
            DataError: It cannot be read.
        """
        try:
            with Image.open(io.BytesIO(self.content(row))) as picture:
                return picture.height, picture.width
        except PILLOW_ERRORS as error:
            raise DataError(f"The picture cannot be read: {error}.") from error


class ShapedArray:
    """An array of a shape, from plain bytes or from one long list per row. See `StoredArray`.

    Args:
        array: Strings of bytes, or lists of numbers.
        shape: Shape of one row.
        dtype: Type of the values in bytes; lists keep their own.

    Raises:
        DataError: Lists have another length.
    """

    def __init__(self, array: StoredArray, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.name = array.name
        self._array = array
        self._is_bytes = array.dtype.kind == "O"
        self.shape: tuple[int, ...] = (array.shape[0], *shape)
        self.dtype: np.dtype[Any] = dtype if self._is_bytes else array.dtype
        if not self._is_bytes and math.prod(array.shape[1:]) != math.prod(shape):
            raise DataError(
                f"{describe_array(array)} has {math.prod(array.shape[1:]):,} values per sample, but the shape {shape} "
                f"has {math.prod(shape):,}."
            )

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `StoredArray.read`; rows of bytes of another length give zeros, see `misfits`."""
        values = self._array.read(rows)
        if not self._is_bytes:
            return values.reshape(len(rows), *self.shape[1:])
        result = np.zeros((len(rows), *self.shape[1:]), self.dtype)
        flat = result.reshape(len(rows), -1)
        for place, value in enumerate(values):
            if len(value) == flat.shape[1] * self.dtype.itemsize:
                flat[place] = np.frombuffer(value, self.dtype)
        return result

    def misfits(self, unusable: Mapping[int, str]) -> dict[int, str]:
        """Reason by row, for bytes of another length than the shape has."""
        if not self._is_bytes:
            return {}
        wanted = math.prod(self.shape[1:]) * self.dtype.itemsize
        reasons: dict[int, str] = {}
        for row in (row for row in range(self.shape[0]) if row not in unusable):
            value = self._array.read(np.array([row]))[0]
            if len(value) != wanted:
                reasons[row] = (
                    f"its '{self.name}' has {len(value):,} bytes, but {self.shape[1:]} of {self.dtype.name} has "
                    f"{wanted:,}"
                )
        return reasons


def are_pictures(array: StoredArray, unusable: Mapping[int, str]) -> bool:
    """Whether the first usable row holds the bytes of a picture file."""
    if array.dtype.kind != "O":
        return False
    row = _first_usable(array, unusable)
    return EncodedPictures(array).content(row)[:6].startswith(_PICTURE_HEADS)


def shaped(
    array: StoredArray, settings: ArraySettings, arrays: Mapping[str, StoredArray], unusable: Mapping[int, str]
) -> StoredArray:
    """The array in the shape that the settings give, or that features such as `height` and `width` beside it tell.

    Raises:
        DataError: It holds plain bytes, and nothing says their shape.
    """
    shape = settings.shape
    if not shape and (array.dtype.kind == "O" or isinstance(array, FeatureArray)):
        shape = _told_shape(array, arrays, _first_usable(array, unusable))
    if shape and tuple(array.shape[1:]) != shape:
        return ShapedArray(array, shape, settings.value_type)
    if array.dtype.kind == "O":
        raise DataError(
            f"{describe_array(array)} holds plain bytes and no picture in a known format. Give their shape, such as "
            "[32, 32, 3], in the loader's argument shape, and raw_dtype if they are not uint8."
        )
    return array


def _first_usable(array: StoredArray, unusable: Mapping[int, str]) -> int:
    return next((row for row in range(array.shape[0]) if row not in unusable), 0)


def _told_shape(array: StoredArray, arrays: Mapping[str, StoredArray], row: int) -> tuple[int, ...]:
    """Height, width and depth from the features of that name beside it, which all samples share."""
    group = array.name.rpartition("/")[0]
    sides: list[int] = []
    for words in _SIDES:
        names = [f"{group}/{word}" if group else word for word in words]
        found = next((arrays[name] for name in names if name in arrays), None)
        if found is not None and found.dtype.kind in "iu" and len(found.shape) == 1:
            sides.append(int(found.read(np.array([row]))[0]))
    return tuple(sides) if len(sides) >= 2 else ()
