"""Random changes to training pictures, a pure function of the seed, the epoch and the sample."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from trainer.config.sections import AugmentationSection
from trainer.data.augmentation_strength import Strength, with_strength
from trainer.engine.data.prepared import TargetKind
from trainer.engine.data.warp import affine_transforms, move_with_targets

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
    """Change a batch of pictures to which nothing belongs that is somewhere in them.

    Args:
        images: uint8 or float32, shape (B, height, width, channels), in 0–255.
        randomness: Rows of `draw_randomness` for these samples, shape (B, 8).
        augmentation: Kinds and strengths.

    Returns:
        float32, same shape, in 0–255. Opacity, where there is a fourth channel, moves along but is not lightened.
    """
    return augment_sample_batch(images, (), "classes", randomness, augmentation)[0]


def augment_sample_batch(
    images: Any,
    targets: Any,
    target_kind: TargetKind,
    randomness: Any,
    augmentation: AugmentationSection,
    copies: Copies | None = None,
) -> tuple[Any, Any]:
    """Change a batch of pictures, and the masks or boxes that belong to them alike.

    Args:
        images: uint8 or float32, shape (B, height, width, channels), in 0–255.
        targets: Masks as uint8 (B, height, width, 1), boxes as `{"boxes": (B, most, 4), "labels": (B, most)}` padded
            with -1, or anything else, which stays as it is.
        target_kind: What the targets are.
        randomness: Rows of `draw_randomness` for these samples, shape (B, 8).
        augmentation: Kinds and strengths.
        copies: Which samples are changed more, and how strongly.

    Returns:
        The pictures as float32 in 0–255, and the targets. What comes into a picture from outside mirrors its edge, and
        the mask's alike; with boxes it is grey, as a mirrored object would have no box.
    """
    amounts = _Amounts(augmentation, copies, target_kind, channels=images.shape[-1])
    draws = dict(zip(_DRAWS, tf.unstack(randomness, axis=1), strict=True))
    if amounts.any_of("rotation_degrees", "zoom_fraction", "translation_fraction"):
        images, targets = _move(tf.cast(images, tf.float32), targets, target_kind, draws, amounts)
    else:
        images, targets = _flip(images, targets, target_kind, draws, amounts)
    images = tf.cast(images, tf.float32)
    if amounts.any_of("contrast_fraction", "brightness_fraction"):
        images = _relight(images, draws, amounts)
    return images, targets


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """Samples that were added to balance classes, and are to differ from their originals.

    Attributes:
        are_copies: bool, shape (B,).
        strength: How much more they are changed.
    """

    are_copies: Any
    strength: Strength


class _Amounts:
    """How strong each kind of change is: one number, or one per sample where copies are changed more."""

    def __init__(
        self, augmentation: AugmentationSection, copies: Copies | None, target_kind: TargetKind, channels: int
    ) -> None:
        self._own = with_strength(augmentation, target_kind=target_kind, channels=channels)
        self._of_copies, self._are_copies = self._own, None
        if copies is not None:
            self._are_copies = copies.are_copies
            self._of_copies = with_strength(
                augmentation, target_kind=target_kind, channels=channels, further=copies.strength
            )

    def any_of(self, *names: str) -> bool:
        return any(getattr(section, name) for section in (self._own, self._of_copies) for name in names)

    def of(self, name: str) -> Any:
        """float32, shape () or (B,)."""
        own, copied = (tf.constant(float(getattr(section, name))) for section in (self._own, self._of_copies))
        return own if self._are_copies is None else tf.where(self._are_copies, copied, own)


def _flip(
    images: Any, targets: Any, target_kind: TargetKind, draws: dict[str, Any], amounts: _Amounts
) -> tuple[Any, Any]:
    for name, axis in (("horizontal_flip", 2), ("vertical_flip", 1)):
        if not amounts.any_of(name):
            continue
        is_flipped = _is_flipped(draws, amounts, name)[:, None, None, None]
        images = tf.where(is_flipped, tf.reverse(images, [axis]), images)
        if target_kind == "masks":
            targets = tf.where(is_flipped, tf.reverse(targets, [axis]), targets)
        if target_kind == "boxes":
            targets = _flipped_boxes(targets, is_flipped[..., 0, 0], tf.shape(images)[axis], is_sideways=axis == 2)
    return images, targets


def _flipped_boxes(targets: dict[str, Any], is_flipped: Any, side: Any, *, is_sideways: bool) -> dict[str, Any]:
    left, top, right, bottom = tf.unstack(targets["boxes"], axis=-1)
    side = tf.cast(side, tf.float32)
    mirrored = [side - right, top, side - left, bottom] if is_sideways else [left, side - bottom, right, side - top]
    is_flipped = (is_flipped & (targets["labels"] >= 0))[..., None]
    return {**targets, "boxes": tf.where(is_flipped, tf.stack(mirrored, axis=-1), targets["boxes"])}


def _is_flipped(draws: dict[str, Any], amounts: _Amounts, name: str) -> Any:
    return (draws[name] < 0) & (amounts.of(name) > 0)


def _move(
    images: Any, targets: Any, target_kind: TargetKind, draws: dict[str, Any], amounts: _Amounts
) -> tuple[Any, Any]:
    """Flip, rotate, zoom and shift in one go, so that pixels are interpolated once."""
    height, width = (tf.cast(side, tf.float32) for side in tf.unstack(tf.shape(images)[1:3]))
    signs = {name: tf.where(_is_flipped(draws, amounts, name), -1.0, 1.0) for name in _DRAWS[:2]}
    transforms = affine_transforms(
        height,
        width,
        angle=draws["rotation"] * (amounts.of("rotation_degrees") * (math.pi / 180)),
        scale=1.0 / (1.0 + draws["zoom"] * amounts.of("zoom_fraction")),
        right=draws["shift_right"] * amounts.of("translation_fraction") * width,
        down=draws["shift_down"] * amounts.of("translation_fraction") * height,
        mirror_x=signs["horizontal_flip"],
        mirror_y=signs["vertical_flip"],
    )
    return move_with_targets(images, targets, target_kind, transforms)


def _relight(images: Any, draws: dict[str, Any], amounts: _Amounts) -> Any:
    factor = (1.0 + draws["contrast"] * amounts.of("contrast_fraction"))[:, None, None, None]
    added = (draws["brightness"] * amounts.of("brightness_fraction") * 255.0)[:, None, None, None]
    mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
    changed = tf.clip_by_value(images * factor + (mean * (1.0 - factor) + added), 0.0, 255.0)
    if images.shape[-1] != 4:
        return changed
    return tf.concat([changed[..., :3], images[..., 3:]], axis=-1)
