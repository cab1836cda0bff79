"""Pictures with several coloured shapes and their boxes, in the layout of Pascal VOC, drawn on the spot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageDraw

from trainer.data.samples.sample_shapes import draw_shape, noisy, two_colours

CLASSES = ("circle", "square", "star")
_NUM_PICTURES = {"train": 160, "val": 40, "test": 40}
_MOST_SHAPES = 5
_SIDE_PX = 128
_OVERSAMPLING = 2
_LEAST_CONTRAST = 200
_SEED = 20261121


class DrawnShape(NamedTuple):
    """One object of a picture.

    Attributes:
        name: One of `CLASSES`.
        box: Left, top, right, bottom in pixels.
    """

    name: str
    box: tuple[int, int, int, int]


def write_shape_boxes(folder: Path) -> int:
    """Write `JPEGImages`, `Annotations` and the lists `ImageSets/Main/{train,val,test}.txt`; always the same ones.

    Returns:
        The number of pictures.
    """
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (folder / part).mkdir(parents=True)
    random = np.random.default_rng(_SEED)
    number = 0
    for part, num_pictures in _NUM_PICTURES.items():
        names = [f"shapes_{number + index:04}" for index in range(num_pictures)]
        number += num_pictures
        for name in names:
            picture, shapes = drawn_picture(random)
            picture.save(folder / "JPEGImages" / f"{name}.jpg", quality=92)
            _write_annotation(folder / "Annotations" / f"{name}.xml", name, shapes)
        (folder / "ImageSets/Main" / f"{part}.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    return number


def drawn_picture(random: np.random.Generator) -> tuple[Image.Image, list[DrawnShape]]:
    """A picture of 128×128 with one to five shapes that hardly cover each other, and these shapes."""
    side = _SIDE_PX * _OVERSAMPLING
    background, _ = two_colours(random)
    picture = Image.new("RGB", (side, side), background)
    shapes: list[DrawnShape] = []
    taken: list[tuple[float, float, float]] = []
    for _ in range(int(random.integers(1, _MOST_SHAPES + 1))):
        radius = side * random.uniform(0.06, 0.2)
        x, y = random.uniform(radius, side - radius, 2)
        if any(math.hypot(x - other_x, y - other_y) < radius + other for other_x, other_y, other in taken):
            continue
        taken.append((x, y, radius))
        shapes.append(_draw(picture, (x, y), radius, background, random))
    return noisy(picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX), random), shapes


def _draw(
    picture: Image.Image,
    centre: tuple[float, float],
    radius: float,
    background: tuple[int, int, int],
    random: np.random.Generator,
) -> DrawnShape:
    name, angle = CLASSES[int(random.integers(len(CLASSES)))], random.uniform(0, 2 * math.pi)
    colour = _unlike(background, random)
    silhouette = Image.new("RGB", picture.size)
    draw_shape(ImageDraw.Draw(silhouette), name, centre, radius, angle, (255, 255, 255), (0, 0, 0))
    draw_shape(ImageDraw.Draw(picture), name, centre, radius, angle, colour, background)
    left, top, right, bottom = silhouette.getbbox() or (0, 0, 1, 1)
    small = _OVERSAMPLING
    return DrawnShape(name, (left // small, top // small, math.ceil(right / small), math.ceil(bottom / small)))


def _unlike(background: tuple[int, int, int], random: np.random.Generator) -> tuple[int, int, int]:
    while True:
        _, colour = two_colours(random)
        if sum(abs(mine - theirs) for mine, theirs in zip(colour, background, strict=True)) > _LEAST_CONTRAST:
            return colour


def _write_annotation(path: Path, name: str, shapes: Sequence[DrawnShape]) -> None:
    root = ElementTree.Element("annotation")
    _add(root, "folder", "JPEGImages")
    _add(root, "filename", f"{name}.jpg")
    size = ElementTree.SubElement(root, "size")
    for key, value in (("width", _SIDE_PX), ("height", _SIDE_PX), ("depth", 3)):
        _add(size, key, str(value))
    for shape in shapes:
        item = ElementTree.SubElement(root, "object")
        _add(item, "name", shape.name)
        box = ElementTree.SubElement(item, "bndbox")
        for key, value in zip(("xmin", "ymin", "xmax", "ymax"), shape.box, strict=True):
            _add(box, key, str(value))
    ElementTree.indent(root)
    path.write_bytes(ElementTree.tostring(root, encoding="utf-8"))


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text
