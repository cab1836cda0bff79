"""Reads pictures with Pillow: the first frame, 16 bits cut to 8, pixels as they are stored.

The orientation that a camera notes in EXIF is not applied.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

PILLOW_ERRORS = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


class UnreadablePictureError(Exception):
    """A file that is no picture, or a broken one. Its text is the reason, without the path."""


def read_picture(path: Path | IO[bytes], mode: Literal["L", "RGB", "RGBA"] = "RGB") -> NDArray[np.uint8]:
    """Decode a picture.

    Args:
        path: The file, or its bytes as an open file.
        mode: `L` for 1 channel, `RGB` for 3, `RGBA` for 4.

    Returns:
        uint8, shape (the picture's height, its width, channels).

    Raises:
        UnreadablePictureError: The file is no picture, is broken or cannot be opened.
    """
    try:
        with Image.open(path) as picture:
            pixels = np.array(_eight_bits(picture).convert(mode), dtype=np.uint8)
    except PILLOW_ERRORS as error:
        raise UnreadablePictureError(unreadable_because(path, error)) from error
    return pixels.reshape(*pixels.shape[:2], len(mode))


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Cut 16 bits to 8; Pillow would make everything above 255 white."""
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    return picture


def unreadable_because(path: Path | IO[bytes], error: Exception) -> str:
    """Why a picture cannot be read, in a few words."""
    if isinstance(error, FileNotFoundError):
        return "the file is gone"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(path, Path) and path.is_file() and path.stat().st_size == 0:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "it is not a picture in a known format"
    if "truncated" in str(error).lower():
        return "the file is cut off"
    return f"the file is damaged, or no picture ({error})"
