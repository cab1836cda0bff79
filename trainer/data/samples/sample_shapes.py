"""Coloured shapes on noisy ground, drawn on the spot."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SHAPES = ("circle", "cross", "ring", "square", "star", "triangle")
_NUM_PER_SHAPE = 200
_SIDE_PX = 48
_OVERSAMPLING = 4
_SEED = 20240607

Point = tuple[float, float]
Colour = tuple[int, int, int]


def shapes() -> Iterator[tuple[str, Image.Image]]:
    """1,200 pictures of 48×48, each of one shape in random colour, size, place and turn; always the same ones."""
    random = np.random.default_rng(_SEED)
    for _ in range(_NUM_PER_SHAPE):
        for shape in SHAPES:
            yield shape, _picture(shape, random)


def _picture(shape: str, random: np.random.Generator) -> Image.Image:
    side = _SIDE_PX * _OVERSAMPLING
    background, foreground = two_colours(random)
    picture = Image.new("RGB", (side, side), background)
    radius = side * random.uniform(0.2, 0.38)
    centre = (random.uniform(radius, side - radius), random.uniform(radius, side - radius))
    draw_shape(ImageDraw.Draw(picture), shape, centre, radius, random.uniform(0, 2 * math.pi), foreground, background)
    small = picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX)
    return noisy(small, random)


def two_colours(random: np.random.Generator) -> tuple[Colour, Colour]:
    """Ground and shape colours that differ in hue and in brightness."""
    hue = random.uniform()
    light, dark = random.uniform(0.75, 1.0), random.uniform(0.15, 0.45)
    values = (light, dark) if random.uniform() < 0.5 else (dark, light)
    background = _colour(hue, random.uniform(0.1, 0.7), values[0])
    return background, _colour(hue + random.uniform(0.25, 0.75), random.uniform(0.5, 1.0), values[1])


def _colour(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def draw_shape(
    draw: ImageDraw.ImageDraw,
    shape: str,
    centre: Point,
    radius: float,
    angle: float,
    foreground: Colour,
    background: Colour,
) -> None:
    """Draw one of `SHAPES`, turned by `angle` radians; `background` shows through a ring."""
    if shape in ("circle", "ring"):
        draw.circle(centre, radius, fill=foreground)
        if shape == "ring":
            draw.circle(centre, radius * 0.55, fill=background)
    else:
        draw.polygon([_around(centre, radius * r, angle + a) for r, a in _outline(shape)], fill=foreground)


def _around(centre: Point, radius: float, angle: float) -> Point:
    return centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)


def _outline(shape: str) -> list[tuple[float, float]]:
    """Corners as (distance from the centre, angle in radians)."""
    if shape == "star":
        return [(1.0 if corner % 2 == 0 else 0.42, corner * math.pi / 5) for corner in range(10)]
    if shape == "cross":
        arm, half_width = 1.0, 0.3
        corners = [(arm, -half_width), (arm, half_width), (half_width, half_width)]
        return [
            (math.hypot(x, y), math.atan2(y, x) + quarter * math.pi / 2) for quarter in range(4) for x, y in corners
        ]
    num_corners = 4 if shape == "square" else 3
    return [(1.0, corner * 2 * math.pi / num_corners) for corner in range(num_corners)]


def noisy(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """The picture with clouds and grain; its sides are of the same length."""
    coarse = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize(picture.size)
    clouds = np.asarray(coarse.filter(ImageFilter.SMOOTH), dtype=np.float32) - 128
    grain = random.normal(0, 8, (*picture.size, 3))
    pixels = np.asarray(picture, dtype=np.float32) + 0.25 * clouds + grain
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
