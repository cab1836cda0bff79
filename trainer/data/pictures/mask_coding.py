"""What the pixels of masks stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.data.pictures.picture_options import MaskValues
from trainer.data.pictures.pillow_picture import PILLOW_ERRORS, UnreadablePictureError, unreadable_because

UNCOUNTED = 255
"""In a mask of classes: this pixel stands for no class."""
MOST_CLASSES = 255
_LOSSY = ("JPEG",)
_MOST_SHOWN = 5


class MaskValueError(Exception):
    """A mask with values that stand for no class. Its text says which, without the path."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredMask:
    """A mask as it is stored.

    Attributes:
        values: Palette indices or grey levels, uint8 or int32 of shape (height, width); colours as 0xRRGGBB, int32.
        in_color: Whether they are colours.
        has_palette: Whether they are indices of a palette.
        is_lossy: Whether the file's format changes values, as JPEG does.
    """

    values: NDArray[np.uint8] | NDArray[np.int32]
    in_color: bool = False
    has_palette: bool = False
    is_lossy: bool = False

    def distinct(self) -> StoredMask:
        """Its different values only, each once, as a mask of one row."""
        values: NDArray[Any] = np.unique(self.values)[None, :]
        return replace(self, values=values)


@dataclass(frozen=True, slots=True)
class MaskCoding:
    """How masks are stored.

    Attributes:
        kind: `indices` (255 is not counted), `black_white` (0 and 255), `levels` of grey or `colors`.
        values: Value of every class in their order; colours as 0xRRGGBB.
    """

    kind: Literal["indices", "black_white", "levels", "colors"]
    values: tuple[int, ...]

    def classes(self, stored: StoredMask) -> NDArray[np.uint8]:
        """Class of every pixel, uint8, 255 where none is counted.

        Raises:
            MaskValueError: It has values that stand for no class.
        """
        values = self._comparable(stored)
        if values.dtype == np.uint8:
            table = np.full(256, -1, np.int16)
            for number, value in enumerate(self.values):
                if value < 256:
                    table[value] = number
            if self.kind == "indices":
                table[UNCOUNTED] = UNCOUNTED
            # Which values there are at all is counted much faster than every pixel is compared.
            there = np.flatnonzero(np.bincount(values.reshape(-1), minlength=256))
            self._refuse(there[table[there] < 0])
            return table.astype(np.uint8)[values]
        order = np.argsort(self.values)
        ordered = np.array(self.values, np.int64)[order]
        places = np.searchsorted(ordered, values).clip(0, len(ordered) - 1)
        is_known = ordered[places] == values
        if not is_known.all():
            self._refuse(np.unique(values[~is_known]))
        classes: NDArray[np.uint8] = order[places].astype(np.uint8)
        return classes

    def _comparable(self, stored: StoredMask) -> NDArray[np.uint8] | NDArray[np.int32]:
        if self.kind == "colors":
            if stored.in_color:
                return stored.values
            return stored.values.astype(np.int32) * 0x010101
        if stored.in_color:
            raise MaskValueError("is in colour, expected grey values")
        if self.kind == "black_white":
            if stored.is_lossy:
                return np.where(stored.values < 128, 0, 255).astype(np.uint8)
            if stored.has_palette and set(np.unique(stored.values).tolist()) <= {0, 1}:
                return (stored.values * 255).astype(np.uint8)
        return stored.values

    def _refuse(self, unknown: NDArray[np.int64]) -> None:
        if not len(unknown):
            return
        shown = ", ".join(value_text(int(value), self.kind) for value in unknown[:_MOST_SHOWN])
        more = f" and {len(unknown) - _MOST_SHOWN} more" if len(unknown) > _MOST_SHOWN else ""
        expected = ", ".join(value_text(value, self.kind) for value in self.values[:10])
        expected += " …" if len(self.values) > 10 else ""
        what, stand = ("values", "stand") if len(unknown) > 1 else ("the value", "stands")
        raise MaskValueError(f"has {what} {shown}{more}, which {stand} for no class; expected {expected}")


def value_text(value: int, kind: MaskValues) -> str:
    """A value as a person writes it: `#ff0000` for a colour, else a number."""
    return f"#{value:06x}" if kind == "colors" else str(value)


def read_stored_mask(path: Path) -> StoredMask:
    """Read a mask as it is stored.

    Raises:
        UnreadablePictureError: The file is no picture, is broken or cannot be opened.
    """
    try:
        with Image.open(path) as picture:
            is_lossy = picture.format in _LOSSY
            if picture.mode == "P":
                return StoredMask(np.asarray(picture, np.uint8), has_palette=True)
            if picture.mode == "1":
                # Black and white: index 0 and 1.
                return StoredMask(np.asarray(picture).astype(np.uint8), has_palette=True)
            if picture.mode.startswith("I") or picture.mode == "F":
                return StoredMask(np.asarray(picture).astype(np.int32))
            if picture.mode == "L":
                return StoredMask(np.array(picture, np.uint8), is_lossy=is_lossy)
            pixels = np.array(picture.convert("RGB"), np.uint8)
    except PILLOW_ERRORS as error:
        raise UnreadablePictureError(unreadable_because(path, error)) from error
    if (pixels == pixels[..., :1]).all():
        return StoredMask(np.ascontiguousarray(pixels[..., 0]), is_lossy=is_lossy)
    red, green, blue = np.moveaxis(pixels.astype(np.int32), -1, 0)
    return StoredMask((red << 16) | (green << 8) | blue, in_color=True, is_lossy=is_lossy)


def read_mask(path: Path, coding: MaskCoding) -> NDArray[np.uint8]:
    """Class of every pixel of a file, uint8, shape (height, width); 255 is not counted.

    Raises:
        UnreadablePictureError: The file is no picture, is broken or cannot be opened.
        MaskValueError: It has values that stand for no class.
    """
    return coding.classes(read_stored_mask(path))


def parse_value(text: str) -> int:
    """The value that `7`, `#ff0000` or `255 0 0` means; colours as 0xRRGGBB.

    Raises:
        ValueError: It is none of these.
    """
    text = text.strip()
    if text.startswith("#") and len(text) == 7:
        return int(text[1:], 16)
    parts: Sequence[int] = [int(part) for part in text.replace(",", " ").split()]
    if len(parts) == 3 and all(0 <= part <= 255 for part in parts):
        return parts[0] << 16 | parts[1] << 8 | parts[2]
    if len(parts) == 1 and parts[0] >= 0:
        return parts[0]
    raise ValueError(text)
