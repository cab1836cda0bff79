"""Pictures of one bright rectangle each, whose mask and box are known exactly; and parts of data made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.engine.data.pixels import ArrayPixels, aligned_array
from trainer.engine.data.split import Split
from trainer.engine.data.targets import BoxTargets, ClassTargets, MaskTargets, Targets

HEIGHT, WIDTH = 64, 96
BRIGHT = 230
"""Brighter than the grey that comes in from outside of pictures with boxes."""
_DIM_LIMIT = 170


@dataclass(frozen=True)
class Rectangles:
    """Attributes: pictures uint8 (count, 64, 96, 3), masks uint8 (…, 1), boxes float32 (count, 3, 4), labels."""

    pictures: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int32]

    def targets(self, kind: str) -> Any:
        """What belongs to the pictures, as an augmentation gets it."""
        if kind == "masks":
            return tf.constant(self.masks)
        if kind == "boxes":
            return {"boxes": tf.constant(self.boxes), "labels": tf.constant(self.labels)}
        return tf.one_hot(self.labels[:, 0], 2)

    def split(self, kind: str, **more: Any) -> Split:
        """All of them as training data."""
        targets: Targets = ClassTargets(self.labels[:, 0].copy(), 2)
        if kind == "masks":
            targets = MaskTargets(ArrayPixels(aligned(self.masks)), 2)
        if kind == "boxes":
            targets = BoxTargets(self.boxes, self.labels)
        rows = np.arange(len(self.pictures))
        names = [str(row) for row in rows]
        inputs = ArrayPixels(aligned(self.pictures))
        return Split(Path(), names, inputs, rows, targets, (HEIGHT, WIDTH, 3), ("other", "rectangle"), **more)


def rectangles(count: int = 24, seed: int = 0) -> Rectangles:
    """Rectangles near the middle, so that they stay in the picture when it is moved a little."""
    rng = np.random.default_rng(seed)
    found = Rectangles(
        np.zeros((count, HEIGHT, WIDTH, 3), np.uint8),
        np.zeros((count, HEIGHT, WIDTH, 1), np.uint8),
        np.full((count, 3, 4), -1, np.float32),
        np.full((count, 3), -1, np.int32),
    )
    for number in range(count):
        left, top = rng.integers(30, 45), rng.integers(18, 28)
        right, bottom = left + rng.integers(10, 24), top + rng.integers(8, 18)
        found.pictures[number, top:bottom, left:right] = BRIGHT
        found.masks[number, top:bottom, left:right] = 1
        found.boxes[number, 0] = left, top, right, bottom
        found.labels[number, 0] = number % 2
    return found


def aligned(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy whose memory TensorFlow can share."""
    copy = aligned_array(array.shape)
    copy[:] = array
    return copy


def mask_agreement(pictures: NDArray[Any], masks: NDArray[Any]) -> float:
    """Intersection over union of what is bright in the pictures with class 1 of the masks."""
    is_bright, is_marked = pictures[..., 0] > BRIGHT / 2, masks[..., 0] == 1
    return float((is_bright & is_marked).sum() / (is_bright | is_marked).sum())


def box_errors(pictures: NDArray[Any], targets: dict[str, Any]) -> NDArray[np.float64]:
    """For each picture with a box, how many pixels its worst side is off what is bright in the picture."""
    errors = []
    for picture, boxes, labels in zip(pictures, targets["boxes"], targets["labels"], strict=True):
        rows, columns = np.nonzero(picture[..., 0] > _DIM_LIMIT)
        if labels[0] >= 0 and len(rows):
            seen = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            errors.append(np.abs(np.asarray(boxes)[0] - seen).max())
    return np.array(errors)
