"""Turns, zooms, shifts, shears and mirrors pictures in one go."""

from __future__ import annotations

import math
from typing import Annotated, Any

import tensorflow as tf

from trainer.engine.data.prepared import TargetKind
from trainer.engine.data.sample_random import sample_uniforms
from trainer.engine.data.warp import affine_transforms, move_with_targets


class RandomAffine:
    """Turns, zooms, shifts, shears and mirrors pictures in one go, so that pixels are interpolated once.

    Masks and boxes move along.

    Args:
        rotation_degrees: Turn by a random angle of up to this many degrees either way.
        zoom_fraction: Zoom in or out by a random factor of up to this fraction; 0.1 means 90 to 110 %.
        translation_fraction: Move by up to this fraction of the width and the height.
        shear_degrees: Slant by a random angle of up to this many degrees either way.
        horizontal_flip: Mirror half of the pictures left–right.
        vertical_flip: Turn half of the pictures upside down.
    """

    def __init__(
        self,
        rotation_degrees: Annotated[float, "0..180", "unit: °"] = 15.0,
        zoom_fraction: Annotated[float, "0..0.9"] = 0.1,
        translation_fraction: Annotated[float, "0..0.9"] = 0.1,
        shear_degrees: Annotated[float, "0..60", "unit: °"] = 5.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
    ) -> None:
        self._rotation = rotation_degrees * math.pi / 180
        self._zoom = zoom_fraction
        self._translation = translation_fraction
        self._shear = shear_degrees * math.pi / 180
        self._flips = (horizontal_flip, vertical_flip)

    def apply(self, images: Any, targets: Any, target_kind: TargetKind, seeds: Any) -> tuple[Any, Any]:
        """See `SampleStep.apply`."""
        angle, zoom, right, down, shear, *flips = tf.unstack(sample_uniforms(seeds, 7) * 2 - 1, axis=1)
        height, width = (tf.cast(side, tf.float32) for side in tf.unstack(tf.shape(images)[1:3]))
        mirrored = [tf.where((draw < 0) & wanted, -1.0, 1.0) for draw, wanted in zip(flips, self._flips, strict=True)]
        transforms = affine_transforms(
            height,
            width,
            angle=angle * self._rotation,
            scale=1.0 / (1.0 + zoom * self._zoom),
            right=right * self._translation * width,
            down=down * self._translation * height,
            mirror_x=mirrored[0],
            mirror_y=mirrored[1],
            shear=tf.tan(shear * self._shear),
        )
        return move_with_targets(images, targets, target_kind, transforms)
