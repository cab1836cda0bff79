"""Pictures of cells with masks of their bodies and nuclei, drawn on the spot."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from PIL.ImageDraw import ImageDraw as Draw

from trainer.data.samples.sample_shapes import noisy

CLASSES = ("background", "cell", "nucleus")
_PALETTE = (0, 0, 0, 255, 176, 59, 94, 60, 153)
_NUM_PICTURES = 150
_SIDE_PX = 128
_OVERSAMPLING = 2
_FEWEST_CELLS = 3
_MOST_CELLS = 9
_NUM_CORNERS = 40
_SEED = 20261122

Point = tuple[float, float]


class _Cell(NamedTuple):
    """A cell's body and nucleus as outlines, and their colours."""

    body: list[Point]
    nucleus: list[Point]
    body_color: tuple[int, int, int]
    nucleus_color: tuple[int, int, int]


def write_cells(folder: Path) -> int:
    """Write `images/`, `masks/` (indices of `CLASSES`, with a palette) and `classes.txt`; always the same ones.

    Returns:
        The number of pictures.
    """
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    random = np.random.default_rng(_SEED)
    for number in range(_NUM_PICTURES):
        picture, mask = drawn_cells(random)
        picture.save(folder / "images" / f"cells_{number:03}.png")
        mask.save(folder / "masks" / f"cells_{number:03}.png")
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    return _NUM_PICTURES


def drawn_cells(random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """A picture of 128×128 with three to nine cells, which may overlap, and its mask in indices of `CLASSES`."""
    side = _SIDE_PX * _OVERSAMPLING
    picture = Image.new("RGB", (side, side), _shade((236, 222, 232), 10, random))
    mask = Image.new("P", (side, side))
    mask.putpalette(_PALETTE)
    on_picture, on_mask = ImageDraw.Draw(picture), ImageDraw.Draw(mask)
    for _ in range(int(random.integers(_FEWEST_CELLS, _MOST_CELLS + 1))):
        _draw(_cell(side, random), on_picture, on_mask)
    picture = picture.filter(ImageFilter.GaussianBlur(_OVERSAMPLING))
    size = (_SIDE_PX, _SIDE_PX)
    small = noisy(picture.resize(size, Image.Resampling.BOX), random)
    return small, mask.resize(size, Image.Resampling.NEAREST)


def _draw(cell: _Cell, on_picture: Draw, on_mask: Draw) -> None:
    on_picture.polygon(cell.body, fill=cell.body_color)
    on_picture.polygon(cell.nucleus, fill=cell.nucleus_color)
    on_mask.polygon(cell.body, fill=CLASSES.index("cell"))
    on_mask.polygon(cell.nucleus, fill=CLASSES.index("nucleus"))


def _cell(side: int, random: np.random.Generator) -> _Cell:
    centre = tuple(random.uniform(0, side, 2))
    radius = side * random.uniform(0.07, 0.16)
    inner = radius * random.uniform(0.35, 0.55)
    shift = random.uniform(-0.2, 0.2, 2) * radius
    nucleus_centre = (centre[0] + shift[0], centre[1] + shift[1])
    return _Cell(
        body=_outline((centre[0], centre[1]), radius, random),
        nucleus=_outline(nucleus_centre, inner, random),
        body_color=_shade((206, 140, 176), 22, random),
        nucleus_color=_shade((104, 66, 148), 22, random),
    )


def _outline(centre: Point, radius: float, random: np.random.Generator) -> list[Point]:
    """A bumpy ellipse."""
    angles = np.linspace(0, 2 * math.pi, _NUM_CORNERS, endpoint=False)
    turn, stretch = random.uniform(0, math.pi), random.uniform(0.75, 1.0)
    bumps = 1 + 0.08 * np.sin(3 * angles + random.uniform(0, 2 * math.pi))
    along, across = radius * bumps * np.cos(angles), radius * stretch * bumps * np.sin(angles)
    x = centre[0] + along * math.cos(turn) - across * math.sin(turn)
    y = centre[1] + along * math.sin(turn) + across * math.cos(turn)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def _shade(color: tuple[int, int, int], spread: int, random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value + random.integers(-spread, spread + 1)) for value in color)
    return red, green, blue
