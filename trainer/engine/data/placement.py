"""Where a picture comes to lie when it is brought to a format: for masks and boxes, which have to follow it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

ResizeMode = Literal["stretch", "crop", "pad"]


@dataclass(frozen=True, slots=True)
class Placement:
    """What is kept of a picture and where it goes; the same as `fit_to_size` does with its pixels.

    Attributes:
        top: First row that is kept.
        left: First column that is kept.
        kept_height: Rows that are kept.
        kept_width: Columns that are kept.
        inner_height: Rows that these are resized to.
        inner_width: Columns that these are resized to.
        offset_top: Rows of filling above.
        offset_left: Columns of filling on the left.
    """

    top: int
    left: int
    kept_height: int
    kept_width: int
    inner_height: int
    inner_width: int
    offset_top: int = 0
    offset_left: int = 0


def place(height: int, width: int, size: tuple[int, int], mode: ResizeMode) -> Placement:
    """Where a picture goes.

    Args:
        height: The picture's rows.
        width: The picture's columns.
        size: Rows and columns of the result.
        mode: As `data.resize_mode`.
    """
    new_height, new_width = size
    if mode == "stretch" or (height, width) == size:
        return Placement(0, 0, height, width, new_height, new_width)
    if mode == "crop":
        wanted = new_width / new_height
        kept_height = min(max(round(width / wanted), 1), height)
        kept_width = min(max(round(height * wanted), 1), width)
        top, left = (height - kept_height) // 2, (width - kept_width) // 2
        return Placement(top, left, kept_height, kept_width, new_height, new_width)
    scale = min(new_height / height, new_width / width)
    inner_height, inner_width = max(round(height * scale), 1), max(round(width * scale), 1)
    offset_top, offset_left = (new_height - inner_height) // 2, (new_width - inner_width) // 2
    return Placement(0, 0, height, width, inner_height, inner_width, offset_top, offset_left)


def placed_mask(mask: NDArray[np.uint8], size: tuple[int, int], mode: ResizeMode, filling: int) -> NDArray[np.uint8]:
    """Bring a mask to a size as its picture is; every pixel takes the class of the nearest one.

    Args:
        mask: uint8, shape (any height, any width).
        size: Rows and columns of the result.
        mode: As `data.resize_mode`.
        filling: Value where there is no picture.
    """
    where = place(mask.shape[0], mask.shape[1], size, mode)
    rows = where.top + _nearest(where.kept_height, where.inner_height)
    columns = where.left + _nearest(where.kept_width, where.inner_width)
    inner: NDArray[np.uint8] = mask[rows[:, None], columns[None, :]]
    if inner.shape == size:
        return inner
    result = np.full(size, filling, np.uint8)
    top, left = where.offset_top, where.offset_left
    result[top : top + where.inner_height, left : left + where.inner_width] = inner
    return result


def _nearest(old: int, new: int) -> NDArray[np.int64]:
    """The old pixel under the centre of every new one."""
    return ((np.arange(new) + 0.5) * (old / new)).astype(np.int64).clip(0, old - 1)


def placed_boxes(
    corners: NDArray[np.float32], picture: tuple[int, int], size: tuple[int, int], mode: ResizeMode
) -> NDArray[np.float32]:
    """Boxes in pixels of the result, cut off where the picture is.

    Args:
        corners: float32, shape (boxes, 4): left, top, right, bottom as fractions of the picture.
        picture: The picture's rows and columns.
        size: Rows and columns of the result.
        mode: As `data.resize_mode`.

    Returns:
        float32, shape (boxes, 4); boxes that are cut away completely have no width or no height.
    """
    height, width = picture
    where = place(height, width, size, mode)
    kept = np.array([where.kept_width, where.kept_height] * 2, np.float64)
    begin = np.array([where.left, where.top] * 2, np.float64)
    inner = np.array([where.inner_width, where.inner_height] * 2, np.float64)
    offset = np.array([where.offset_left, where.offset_top] * 2, np.float64)
    pixels = corners.astype(np.float64) * np.array([width, height] * 2) - begin
    moved: NDArray[np.float32] = (pixels.clip(0, kept) * (inner / kept) + offset).astype(np.float32)
    return moved
