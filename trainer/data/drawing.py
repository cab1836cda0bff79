"""Draws labels on pictures: masks translucent in the colours of their classes, boxes with names."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from trainer.data.part_samples import picture_file
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

NOT_COUNTED = 255
_MASK_OPACITY = 0.45
_FIRST_COLORS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")
"""Okabe and Ito's colour-blind-safe set: https://jfly.uni-koeln.de/color/"""
_LEAST_FONT_PX = 11
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def class_color(number: int) -> tuple[int, int, int]:
    """Red, green and blue of a class; the same everywhere."""
    if number < len(_FIRST_COLORS):
        text = _FIRST_COLORS[number]
        return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)
    red, green, blue = colorsys.hsv_to_rgb(number * 0.618034 % 1, 0.65, 0.6 + 0.35 * (number % 2))
    return round(255 * red), round(255 * green), round(255 * blue)


def with_mask(picture: NDArray[np.uint8], mask: NDArray[np.integer[Any]], num_classes: int) -> NDArray[np.uint8]:
    """Lay a mask over a picture. Class 0 of several is the background and stays clear, as does what is not counted.

    Args:
        picture: uint8, shape (height, width, 3).
        mask: Class of every pixel, shape (height, width).
        num_classes: How many classes there are.

    Returns:
        uint8, shape (height, width, 3).
    """
    colors = np.array([class_color(number) for number in range(max(num_classes, 1))], np.float32)
    is_drawn = (mask > 0) & (mask < num_classes)
    classes = np.where(is_drawn, mask, 0).astype(np.int64)
    mixed = picture * (1 - _MASK_OPACITY) + colors[classes] * _MASK_OPACITY
    return np.where(is_drawn[..., None], mixed, picture).round().astype(np.uint8)


def with_boxes(
    picture: NDArray[np.uint8],
    corners: NDArray[np.float32],
    classes: NDArray[np.int32],
    class_names: Sequence[str],
    *,
    with_names: bool = True,
) -> NDArray[np.uint8]:
    """Draw boxes and the names of their classes.

    Args:
        picture: uint8, shape (height, width, 3).
        corners: shape (boxes, 4): left, top, right, bottom as fractions of the width and height.
        classes: shape (boxes,); negative ones are padding and not drawn.
        class_names: Names by class.
        with_names: Write the names beside the boxes that are large enough.

    Returns:
        uint8, shape (height, width, 3).
    """
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    height, width = picture.shape[:2]
    side_px = max(height, width)
    line_px, font = max(1, round(side_px / 300)), drawing_font(max(_LEAST_FONT_PX, round(side_px / 36)))
    for (left, top, right, bottom), number in zip(corners.tolist(), classes.tolist(), strict=True):
        if number < 0:
            continue
        color = class_color(number)
        # Boxes of faulty data may be turned round; Pillow refuses those.
        across = sorted((left * width, right * width - 1))
        down = sorted((top * height, bottom * height - 1))
        draw.rectangle((across[0], down[0], across[1], down[1]), outline=color, width=line_px)
        name = class_names[number] if number < len(class_names) else f"class {number}"
        if with_names and across[1] - across[0] >= draw.textlength(name, font=font):
            _write_name(draw, name, (across[0], down[0]), color, font)
    return np.asarray(image)


def labelled_picture(index: SampleIndex, number: int, side_px: int, *, with_names: bool = True) -> NDArray[np.uint8]:
    """A sample's picture with its mask or boxes, no larger than a square; never enlarged.

    Raises:
        DataError: The picture cannot be read. A mask that cannot be read is left away.
    """
    assert index.raw is not None
    picture = fitted(_picture(index, number, side_px), side_px)
    if index.mask_names is not None:
        try:
            mask = index.raw.mask(number)
        except (DataError, OSError):
            return picture
        resized = Image.fromarray(mask).resize((picture.shape[1], picture.shape[0]), Image.Resampling.NEAREST)
        return with_mask(picture, np.asarray(resized), len(index.class_names))
    if index.boxes is not None:
        return with_boxes(picture, *index.boxes.of(number), index.class_names, with_names=with_names)
    return picture


def fitted(picture: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """A picture made smaller, in its proportions, until it fits into a square; uint8, shape (height, width, 3)."""
    colored = picture[..., :3] if picture.shape[-1] >= 3 else np.repeat(picture[..., :1], 3, axis=-1)
    height, width = colored.shape[:2]
    if max(height, width) <= side_px:
        return np.ascontiguousarray(colored)
    scale = side_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(np.ascontiguousarray(colored)).resize(size, Image.Resampling.BOX))


def label_text(index: SampleIndex, number: int) -> str:
    """What is to be predicted for a sample, in a few words."""
    names = index.class_names
    if index.boxes is not None:
        classes = index.boxes.of(number)[1]
        counts = np.bincount(classes[classes >= 0], minlength=len(names))
        by_count = np.argsort(-counts, kind="stable").tolist()
        listed = [f"{counts[number]} {names[number]}" for number in by_count if counts[number]]
        return ", ".join(listed) or "no box"
    if index.mask_names is not None:
        return index.mask_names[number].rpartition("/")[2]
    if index.labels is None:
        return ""
    label = index.labels[number]
    if index.labels.ndim == 2:
        if not names:
            return ", ".join(f"{value:.4g}" for value in label.tolist())
        return ", ".join(name for name, given in zip(names, label.tolist(), strict=True) if given) or "none"
    return names[int(label)] if names else f"{float(label):.4g}"


def _picture(index: SampleIndex, number: int, side_px: int) -> NDArray[np.uint8]:
    """The whole picture, or for a JPEG file one that was made smaller while decoding, which is several times faster."""
    assert index.raw is not None
    path = picture_file(index, number)
    if path is None or path.suffix.lower() not in (".jpg", ".jpeg"):
        return index.raw.picture(number)
    try:
        with Image.open(path) as picture:
            picture.draft("RGB", (side_px, side_px))
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be decoded: {error}.") from error


@cache
def drawing_font(size_px: int) -> Font:
    """The font of names in pictures, which comes with Pillow."""
    return ImageFont.load_default(size_px)


def _write_name(
    draw: ImageDraw.ImageDraw, name: str, corner: tuple[float, float], color: tuple[int, int, int], font: Font
) -> None:
    left, top, right, bottom = draw.textbbox((0, 0), name, font=font)
    x, y = max(0.0, corner[0]), max(0.0, corner[1] - (bottom - top) - 4)
    draw.rectangle((x, y, x + right - left + 4, y + bottom - top + 4), fill=color)
    is_light = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2] > 140
    draw.text((x + 2 - left, y + 2 - top), name, font=font, fill="black" if is_light else "white")
