"""A small detector that trains on a CPU in minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TASKS = ("object_detection",)

_STRIDES = (8, 16, 32)

PRESETS = {
    "LightDetector": {
        "low": {"filters": 16, "num_blocks": 1},
        "medium": {"filters": 24, "num_blocks": 2},
        "high": {"filters": 48, "num_blocks": 3},
    }
}
"""Sizes for a machine: low without a GPU or with little memory, high with a large GPU."""


def LightDetector(
    input_shape: tuple[int, int, int],
    num_classes: int,
    scale: Callable[[Any], Any],
    filters: int = 24,
    num_blocks: int = 2,
    num_head_layers: int = 2,
) -> Any:
    """Finds boxes without anchors, in one pass, at three scales.

    Residual blocks give features at 1/8, 1/16 and 1/32 of the picture's size, and each level gets what the coarser ones
    saw. A small head reads class and box at every point. It learns with task-aligned assignment
    (https://arxiv.org/abs/2108.07755): an object belongs to the points that predict it best already.

    Args:
        input_shape: Height, width and channels.
        num_classes: Number of classes of objects.
        scale: Preprocessing and scaling of pixels, as a function of a tensor.
        filters: Width of the network: filters at a quarter of the size, doubled at 1/8, fourfold from 1/16 on.
        num_blocks: Residual blocks at each of the three scales.
        num_head_layers: 3 × 3 convolutions before the scores and before the boxes.

    Returns:
        A model from pixels 0–255 to boxes and scores, with its own loss.
    """
    import keras

    from trainer.engine.models.detection.detector import PointDetector
    from trainer.engine.models.detection.points import PointBoxes
    from trainer.engine.models.detection.pyramid import feature_pyramid, residual_block, shared_head, unit

    pixels = keras.Input(input_shape, name="pixels")
    features = residual_block(unit(scale(pixels), filters, stride=2), filters, stride=2)
    levels = []
    for width in (2 * filters, 4 * filters, 4 * filters):
        for block in range(num_blocks):
            features = residual_block(features, width, stride=1 if block else 2)
        levels.append(features)
    levels = feature_pyramid(levels, 2 * filters)
    scores = shared_head(levels, num_classes, num_head_layers, name="scores")
    sides = shared_head(levels, 4, num_head_layers, name="sides")
    boxes = PointBoxes(input_shape[:2], _STRIDES, name="boxes")(sides)
    return PointDetector(pixels, {"boxes": boxes, "scores": scores}, name="light_detector")
