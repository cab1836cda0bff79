"""Random changes to training pictures, a pure function of the seed, the epoch and the sample."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from trainer.config.sections import AugmentationSection

# One uniform number per sample for each of these, drawn whether used or not: switching one kind of change on
# leaves the others as they were.
_DRAWS = (
    "horizontal_flip",
    "vertical_flip",
    "rotation",
    "zoom",
    "shift_down",
    "shift_right",
    "contrast",
    "brightness",
)


def is_active(augmentation: AugmentationSection | None) -> bool:
    """Whether it changes anything, its further steps aside."""
    return augmentation is not None and augmentation.model_copy(update={"steps": ()}) != AugmentationSection()


def draw_randomness(num_samples: int, seed: int, epoch: Any) -> Any:
    """The random numbers of one epoch.

    Args:
        num_samples: Samples in an epoch.
        seed: Start of all randomness.
        epoch: int64 tensor.

    Returns:
        float32 tensor in [-1, 1), shape (num_samples, 8): one row per sample.
    """
    return draw_rows(num_samples, tf.stack([tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)]))


def draw_rows(num_samples: Any, seeds: Any) -> Any:
    """The random numbers that follow from a pair of seeds, as in `draw_randomness`."""
    # The algorithm is named, since 'auto' depends on the device.
    return tf.random.stateless_uniform((num_samples, len(_DRAWS)), seeds, -1.0, 1.0, alg="philox")


def augment(images: Any, randomness: Any, augmentation: AugmentationSection) -> Any:
    """Change a batch of pictures.

    Args:
        images: uint8 or float32, shape (B, height, width, channels), in 0–255.
        randomness: Rows of `draw_randomness` for these samples, shape (B, 8).
        augmentation: Kinds and strengths.

    Returns:
        float32, same shape, in 0–255. Opacity, where there is a fourth channel, moves along but is not lightened.
    """
    draws = dict(zip(_DRAWS, tf.unstack(randomness, axis=1), strict=True))
    if augmentation.rotation_degrees or augmentation.zoom_fraction or augmentation.translation_fraction:
        images = _move(tf.cast(images, tf.float32), draws, augmentation)
    else:
        images = _flip(images, draws, augmentation)
    images = tf.cast(images, tf.float32)
    if augmentation.contrast_fraction or augmentation.brightness_fraction:
        images = _relight(images, draws, augmentation)
    return images


def _flip(images: Any, draws: dict[str, Any], augmentation: AugmentationSection) -> Any:
    for wanted, name, axis in (
        (augmentation.horizontal_flip, "horizontal_flip", 2),
        (augmentation.vertical_flip, "vertical_flip", 1),
    ):
        if wanted:
            images = tf.where((draws[name] < 0)[:, None, None, None], tf.reverse(images, [axis]), images)
    return images


def _move(images: Any, draws: dict[str, Any], augmentation: AugmentationSection) -> Any:
    """Flip, rotate, zoom and shift in one go, so that pixels are interpolated once.

    What comes in from outside mirrors the picture's edge.
    """
    shape = tf.shape(images)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=_transforms(shape, draws, augmentation),
        output_shape=shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )


def _transforms(shape: Any, draws: dict[str, Any], augmentation: AugmentationSection) -> Any:
    """Matrices from places in the result to places in the picture, shape (B, 8), around the picture's centre."""
    height, width = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    angle = draws["rotation"] * (augmentation.rotation_degrees * math.pi / 180)
    scale = 1.0 / (1.0 + draws["zoom"] * augmentation.zoom_fraction)
    mirror_x = _sign(draws["horizontal_flip"], augmentation.horizontal_flip)
    mirror_y = _sign(draws["vertical_flip"], augmentation.vertical_flip)
    right = draws["shift_right"] * augmentation.translation_fraction * width
    down = draws["shift_down"] * augmentation.translation_fraction * height
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    a, b, c, d = mirror_x * cosine, -mirror_x * sine, mirror_y * sine, mirror_y * cosine
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    # A place is first moved back by the shift, then turned around the centre.
    x, y = centre_x + right, centre_y + down
    zeros = tf.zeros_like(a)
    return tf.stack([a, b, centre_x - a * x - b * y, c, d, centre_y - c * x - d * y, zeros, zeros], axis=1)


def _sign(draw: Any, wanted: bool) -> Any:
    return tf.where(draw < 0, -1.0, 1.0) if wanted else tf.ones_like(draw)


def _relight(images: Any, draws: dict[str, Any], augmentation: AugmentationSection) -> Any:
    factor = (1.0 + draws["contrast"] * augmentation.contrast_fraction)[:, None, None, None]
    added = (draws["brightness"] * augmentation.brightness_fraction * 255.0)[:, None, None, None]
    mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
    changed = tf.clip_by_value(images * factor + (mean * (1.0 - factor) + added), 0.0, 255.0)
    if images.shape[-1] != 4:
        return changed
    return tf.concat([changed[..., :3], images[..., 3:]], axis=-1)
