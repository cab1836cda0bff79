"""Boxes of all samples as targets, in pixels of the pictures as the network sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.data.pictures.picture_sizes import picture_sizes
from trainer.data.sample_index import SampleIndex
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.placement import placed_boxes
from trainer.engine.data.targets import BoxTargets

_LEAST_KEPT = 0.1
"""A box of which less is left after cropping says nothing about its object any more."""
_LEAST_SIDE_PX = 0.5
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class PlacedBoxes:
    """Targets, and what fitting the pictures to their size did to the boxes.

    Attributes:
        targets: The targets.
        num_cut: Boxes of which a part was cut off.
        num_dropped: Boxes that were left out: nothing, or under a tenth, was left of them.
    """

    targets: BoxTargets
    num_cut: int
    num_dropped: int


def place_boxes(index: SampleIndex, picture_format: PictureFormat) -> PlacedBoxes:
    """Bring the boxes of all samples to the format of their pictures."""
    assert index.boxes is not None
    size = picture_format.shape[:2]
    mode = picture_format.resize_mode
    # Stretched pictures take their boxes along whatever their size was.
    sizes = picture_sizes(index.place, index.names) if mode != "stretch" else [None] * index.num_samples
    num_cut = num_dropped = 0
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for number, known in enumerate(sizes):
        corners, classes = index.boxes.of(number)
        picture = (known[1], known[0]) if known is not None else size
        placed = placed_boxes(corners, picture, size, mode)
        whole = _areas(corners) * _area_factor(picture, size, mode)
        left = _areas(placed) / np.maximum(whole, 1e-12)
        sides = (placed[:, 2:] - placed[:, :2]).min(axis=1, initial=np.inf) if len(placed) else np.zeros(0)
        kept = (left >= _LEAST_KEPT) & (sides >= _LEAST_SIDE_PX)
        num_dropped += int((~kept).sum())
        num_cut += int((kept & (left < 1 - _TOLERANCE)).sum())
        found.append((placed[kept], classes[kept]))
    return PlacedBoxes(_padded(found), num_cut, num_dropped)


def _areas(corners: np.ndarray) -> np.ndarray:
    sides: np.ndarray = (corners[:, 2:] - corners[:, :2]).astype(np.float64)
    return np.asarray(sides[:, 0] * sides[:, 1])


def _area_factor(picture: tuple[int, int], size: tuple[int, int], mode: str) -> float:
    """Pixels of the result for the whole picture, had nothing been cut off."""
    if mode == "stretch":
        return float(size[0] * size[1])
    height, width = picture
    scales = (size[0] / height, size[1] / width)
    scale = max(scales) if mode == "crop" else min(scales)
    return height * width * scale**2


def _padded(found: list[tuple[np.ndarray, np.ndarray]]) -> BoxTargets:
    most = max(1, max((len(classes) for _, classes in found), default=1))
    corners = np.full((len(found), most, 4), -1, np.float32)
    classes = np.full((len(found), most), -1, np.int32)
    for number, (own_corners, own_classes) in enumerate(found):
        corners[number, : len(own_classes)] = own_corners
        classes[number, : len(own_classes)] = own_classes
    return BoxTargets(corners, classes)
