"""Calls Keras' augmentation layers with the masks or boxes that belong to the pictures."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from trainer.catalog.augmentation_support import MOVING_LAYERS
from trainer.engine.data.targets import UNCOUNTED_CLASS
from trainer.engine.data.warp import BOX_FILL, dropped_boxes

_INSIDE = -1000.0
"""Marks the pixels of a mask: what comes in from outside has another value, whatever the layer fills with."""
_KEEP_AREA = frozenset({"RandomFlip", "RandomRotation", "RandomTranslation"})
BOX_ARGUMENTS = {"fill_mode": "constant", "fill_value": BOX_FILL}
"""For layers that move pictures with boxes, unless the configuration says otherwise: no mirrored objects."""


def moves_targets(layer: keras.layers.Layer, *, is_own: bool) -> bool:
    """Whether masks and boxes have to be given to a layer.

    Args:
        layer: The layer.
        is_own: It is a user's; then it is, where it says how to change them.
    """
    if is_own:
        return hasattr(layer, "transform_segmentation_masks")
    return type(layer).__name__ in MOVING_LAYERS


def call_with_masks(layer: Any, images: Any, masks: Any) -> tuple[Any, Any]:
    """Change pictures, and masks of shape (B, height, width, 1) alike; pixels from outside stand for no class."""
    planes = tf.cast(masks, tf.float32)
    planes = tf.concat([planes, tf.fill(tf.shape(planes), _INSIDE)], axis=-1)
    result = layer({"images": images, "segmentation_masks": planes}, training=True)
    classes, marks = tf.split(result["segmentation_masks"], 2, axis=-1)
    classes = tf.where(marks == _INSIDE, classes, float(UNCOUNTED_CLASS))
    return result["images"], tf.cast(classes, masks.dtype)


def call_with_boxes(layer: Any, images: Any, targets: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Change pictures, and boxes `{"boxes": (B, most, 4), "labels": (B, most)}` alike."""
    boxes = {"boxes": targets["boxes"], "labels": tf.cast(targets["labels"], tf.float32)}
    layer.bounding_box_format = "xyxy"
    result = layer({"images": images, "bounding_boxes": boxes}, training=True)
    moved = tf.cast(result["bounding_boxes"]["boxes"], tf.float32)
    before = targets["boxes"] if type(layer).__name__ in _KEEP_AREA else moved
    return result["images"], dropped_boxes(targets, moved, before)
