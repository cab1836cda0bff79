"""Moves pictures, masks and boxes by one transformation, so that they still fit each other."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from trainer.engine.data.prepared import TargetKind
from trainer.engine.data.targets import UNCOUNTED_CLASS

BOX_FILL = 114.0
"""Grey that comes in from outside of pictures with boxes: a mirrored object would have no box."""
_LEAST_AREA_LEFT = 0.2
_LEAST_SIDE = 1.0
_PADDING = -1


def affine_transforms(
    height: Any,
    width: Any,
    *,
    angle: Any,
    scale: Any,
    right: Any,
    down: Any,
    mirror_x: Any = 1.0,
    mirror_y: Any = 1.0,
    shear: Any = 0.0,
) -> Any:
    """Matrices from places in the result to places in the picture, around the picture's centre: shape (B, 8).

    Args:
        height: Of the pictures, in pixels.
        width: Of the pictures, in pixels.
        angle: Turn in radians, shape (B,).
        scale: Pixels of the picture per pixel of the result, shape (B,).
        right: Shift in pixels, shape (B,).
        down: Shift in pixels, shape (B,).
        mirror_x: -1 mirrors left and right; shape () or (B,).
        mirror_y: -1 mirrors top and bottom.
        shear: Shift sideways per pixel of height.
    """
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    a, b = mirror_x * (cosine + shear * sine), mirror_x * (shear * cosine - sine)
    c, d = mirror_y * sine, mirror_y * cosine
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    # A place is first moved back by the shift, then turned around the centre.
    x, y = centre_x + right, centre_y + down
    zeros = tf.zeros_like(a)
    return tf.stack([a, b, centre_x - a * x - b * y, c, d, centre_y - c * x - d * y, zeros, zeros], axis=1)


def move_with_targets(pictures: Any, targets: Any, target_kind: TargetKind, transforms: Any) -> tuple[Any, Any]:
    """Move pictures, and the masks or boxes that belong to them alike.

    What comes in from outside mirrors picture and mask; with boxes it is grey, as a mirrored object would have no box.

    Args:
        pictures: float32, shape (B, height, width, channels).
        targets: What belongs to them.
        target_kind: What that is; what is neither masks nor boxes stays as it is.
        transforms: As in `warp_pictures`; affine.
    """
    if target_kind == "masks":
        targets = warp_masks(targets, transforms)
    if target_kind == "boxes":
        height, width = tf.unstack(tf.shape(pictures)[1:3])
        targets = warp_boxes(targets, transforms, height, width)
    return warp_pictures(pictures, transforms, mirrors=target_kind != "boxes", fill=BOX_FILL), targets


def warp_pictures(pictures: Any, transforms: Any, *, mirrors: bool, fill: float = 0.0) -> Any:
    """Move pictures.

    Args:
        pictures: float32, shape (B, height, width, channels).
        transforms: Matrices from places in the result to places in the picture, shape (B, 8), as TensorFlow's
            `ImageProjectiveTransformV3` takes them.
        mirrors: Whether what comes in from outside mirrors the picture's edge; otherwise it is filled.
        fill: What with.
    """
    return _warp(pictures, transforms, "BILINEAR", "REFLECT" if mirrors else "CONSTANT", fill)


def warp_masks(masks: Any, transforms: Any, *, mirrors: bool = True) -> Any:
    """Move masks as `warp_pictures` moves their pictures; each pixel takes the nearest class.

    Args:
        masks: uint8, shape (B, height, width, 1).
        transforms: As for the pictures.
        mirrors: As for the pictures; otherwise what comes in stands for no class (255).
    """
    return _warp(masks, transforms, "NEAREST", "REFLECT" if mirrors else "CONSTANT", float(UNCOUNTED_CLASS))


def _warp(pictures: Any, transforms: Any, interpolation: str, fill_mode: str, fill: float) -> Any:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pictures,
        transforms=transforms,
        output_shape=tf.shape(pictures)[1:3],
        fill_value=fill,
        interpolation=interpolation,
        fill_mode=fill_mode,
    )


def warp_boxes(targets: dict[str, Any], transforms: Any, height: Any, width: Any) -> dict[str, Any]:
    """Move boxes as their pictures are moved: upright boxes around the moved corners.

    Args:
        targets: `boxes`, float32 (B, most, 4), corners in pixels, and `labels` (B, most); padded with -1.
        transforms: As for the pictures; affine ones.
        height: Of the pictures, in pixels.
        width: Of the pictures, in pixels.

    Returns:
        The same structure; see `clipped_boxes`.
    """
    left, top, right, bottom = (part - 0.5 for part in tf.unstack(targets["boxes"], axis=-1))
    x = tf.stack([left, right, left, right], axis=-1)
    y = tf.stack([top, top, bottom, bottom], axis=-1)
    a, b, c, d, e, f = (part[:, None, None] for part in tf.unstack(transforms[:, :6], axis=1))
    # The transformation leads from the result to the picture; corners go the other way.
    scale = a * e - b * d
    moved_x = (e * (x - c) - b * (y - f)) / scale
    moved_y = (a * (y - f) - d * (x - c)) / scale
    return clipped_boxes(targets, hull(moved_x, moved_y) + 0.5, height, width)


def hull(x: Any, y: Any) -> Any:
    """Upright boxes around points: shape (B, most, 4) of (B, most, points) each."""
    least, most = tf.reduce_min, tf.reduce_max
    return tf.stack([least(x, -1), least(y, -1), most(x, -1), most(y, -1)], axis=-1)


def clipped_boxes(targets: dict[str, Any], moved: Any, height: Any, width: Any) -> dict[str, Any]:
    """Boxes cut to their picture; those of which less than a fifth, or less than a pixel's width, is left are dropped.

    Args:
        targets: The boxes as they were, which tells padding from boxes.
        moved: Their new places, float32 (B, most, 4).
        height: Of the pictures, in pixels.
        width: Of the pictures, in pixels.

    Returns:
        `boxes` and `labels`; those dropped are -1, like padding.
    """
    sides = tf.cast(tf.stack([width, height, width, height]), moved.dtype)
    return dropped_boxes(targets, tf.minimum(tf.maximum(moved, 0.0), sides), moved)


def dropped_boxes(targets: dict[str, Any], cut: Any, whole: Any) -> dict[str, Any]:
    """Boxes cut to their picture, without those of which too little is left; see `clipped_boxes`."""
    is_left = _area(cut) >= _LEAST_AREA_LEFT * _area(whole)
    is_left &= tf.reduce_min(cut[..., 2:] - cut[..., :2], axis=-1) >= _LEAST_SIDE
    padding = tf.cast(_PADDING, targets["labels"].dtype)
    is_left &= targets["labels"] != padding
    return {
        "boxes": tf.where(is_left[..., None], cut, float(_PADDING)),
        "labels": tf.where(is_left, targets["labels"], padding),
    }


def _area(boxes: Any) -> Any:
    return tf.reduce_prod(boxes[..., 2:] - boxes[..., :2], axis=-1)
