"""Draws samples as a sheet of pictures: one row per sample, raw beside what the network gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from trainer.data.drawing import class_color, drawing_font, fitted, with_boxes, with_mask

_GAP_PX = 8
_TEXT_PX = 18
_FONT_PX = 12
_SWATCH_PX = 10
_TEXT_COLOR = "#1b1f1c"


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture with what is to be predicted for it.

    Attributes:
        kind: `raw`, `preprocessed` or `augmented`.
        pixels: uint8, shape (height, width, 3).
        label: In words.
        mask: Class of every pixel, shape (height, width), any size; `None` without one.
        corners: shape (boxes, 4): left, top, right, bottom as fractions; `None` without boxes.
        classes: int32, shape (boxes,); negative ones are padding.
    """

    kind: str
    pixels: NDArray[np.uint8]
    label: str = ""
    mask: NDArray[np.uint8] | None = None
    corners: NDArray[np.float32] | None = None
    classes: NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SheetRow:
    """One sample.

    Attributes:
        name: Of the sample.
        pictures: From left to right.
    """

    name: str
    pictures: tuple[LabelledPicture, ...]


@dataclass(frozen=True, slots=True)
class SheetCell:
    """Where a picture is in the sheet.

    Attributes:
        sample: Name of the sample.
        kind: `raw`, `preprocessed` or `augmented`.
        label: In words.
        rectangle: Left, top, width and height in pixels.
    """

    sample: str
    kind: str
    label: str
    rectangle: tuple[int, int, int, int]


def contact_sheet(
    rows: Sequence[SheetRow], class_names: Sequence[str], side_px: int = 192
) -> tuple[Image.Image, tuple[SheetCell, ...]]:
    """Draw a sheet; below the pictures, what the colours of masks and boxes stand for.

    Args:
        rows: The samples; at least one, each with at least one picture.
        class_names: Names by class, for masks and boxes.
        side_px: Width and height that every picture is brought into.

    Returns:
        The sheet, and where each picture is in it.
    """
    num_columns = max(len(row.pictures) for row in rows)
    step_x, step_y = side_px + _GAP_PX, side_px + 2 * _TEXT_PX + _GAP_PX
    sheet = Image.new("RGB", (_GAP_PX + num_columns * step_x, _GAP_PX + len(rows) * step_y), "white")
    draw = ImageDraw.Draw(sheet)
    cells: list[SheetCell] = []
    for row_number, row in enumerate(rows):
        for column, picture in enumerate(row.pictures):
            drawn = labelled_pixels(picture, class_names, side_px)
            height, width = drawn.shape[:2]
            left, top = _GAP_PX + column * step_x, _GAP_PX + row_number * step_y
            place = left + (side_px - width) // 2, top + _TEXT_PX + (side_px - height) // 2
            sheet.paste(Image.fromarray(drawn), place)
            title = f"raw · {row.name}" if picture.kind == "raw" else picture.kind
            _write(draw, title, (left, top), side_px, _TEXT_COLOR)
            _write(draw, picture.label, (left, top + _TEXT_PX + side_px), side_px, "#5a625c")
            cells.append(SheetCell(row.name, picture.kind, picture.label, (*place, width, height)))
    return _with_legend(sheet, _drawn_classes(rows, class_names), class_names), tuple(cells)


def labelled_pixels(picture: LabelledPicture, class_names: Sequence[str], side_px: int) -> NDArray[np.uint8]:
    """A picture brought into a square, with its mask and boxes: uint8, shape (height, width, 3).

    Small pictures are enlarged by a whole number, so that every pixel stays a square.
    """
    pixels = fitted(picture.pixels, side_px)
    times = max(1, side_px // max(pixels.shape[:2]))
    pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    if picture.mask is not None:
        size = pixels.shape[1], pixels.shape[0]
        mask = np.asarray(Image.fromarray(picture.mask).resize(size, Image.Resampling.NEAREST))
        pixels = with_mask(pixels, mask, len(class_names))
    if picture.corners is not None and picture.classes is not None:
        pixels = with_boxes(pixels, picture.corners, picture.classes, class_names)
    return pixels


def _drawn_classes(rows: Sequence[SheetRow], class_names: Sequence[str]) -> list[int]:
    """The classes that have a colour in one of the pictures, by number."""
    found: set[int] = set()
    for picture in (picture for row in rows for picture in row.pictures):
        if picture.mask is not None:
            found |= {number for number in np.unique(picture.mask).tolist() if 0 < number < len(class_names)}
        if picture.classes is not None:
            found |= {number for number in picture.classes.tolist() if 0 <= number < len(class_names)}
    return sorted(found)


def _with_legend(sheet: Image.Image, classes: Sequence[int], class_names: Sequence[str]) -> Image.Image:
    """The sheet with a swatch and a name for each class, in as many lines as they need."""
    if not classes:
        return sheet
    font, x, line = drawing_font(_FONT_PX), _GAP_PX, 0
    places: list[tuple[int, int]] = []
    for number in classes:
        width = _SWATCH_PX + _GAP_PX + round(font.getlength(class_names[number]))
        if x > _GAP_PX and x + width > sheet.width - _GAP_PX:
            x, line = _GAP_PX, line + 1
        places.append((x, sheet.height + line * _TEXT_PX))
        x += width + 2 * _GAP_PX
    whole = Image.new("RGB", (sheet.width, sheet.height + (line + 1) * _TEXT_PX + _GAP_PX), "white")
    whole.paste(sheet, (0, 0))
    draw = ImageDraw.Draw(whole)
    for number, (left, top) in zip(classes, places, strict=True):
        middle = top + (_TEXT_PX - _SWATCH_PX) // 2
        draw.rectangle((left, middle, left + _SWATCH_PX, middle + _SWATCH_PX), fill=class_color(number))
        place = left + _SWATCH_PX + _GAP_PX, top
        _write(draw, class_names[number], place, max(16, sheet.width - place[0]), _TEXT_COLOR)
    return whole


def _write(draw: ImageDraw.ImageDraw, text: str, place: tuple[int, int], width_px: int, color: str) -> None:
    """One line, shortened in the middle to the width there is."""
    font = drawing_font(_FONT_PX)
    shown, kept = text, len(text)
    while kept > 2 and draw.textlength(shown, font=font) > width_px:
        kept -= 1
        shown = f"{text[: kept // 2]}…{text[-(kept - kept // 2) :]}"
    draw.text(place, shown, font=font, fill=color)
