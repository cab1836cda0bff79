"""Adds noise to pictures."""

from __future__ import annotations

import math
from typing import Annotated, Any

import tensorflow as tf

from trainer.engine.data.prepared import TargetKind
from trainer.engine.data.sample_random import sample_uniforms


class RandomNoise:
    """Adds Gaussian noise of a random strength, as dim light and high sensitivity do. Masks and boxes stay.

    Args:
        deviation_fraction: Largest standard deviation of the noise, as a share of the full range.
    """

    def __init__(self, deviation_fraction: Annotated[float, "0..1"] = 0.05) -> None:
        self._deviation = deviation_fraction

    def apply(
        self,
        images: Any,
        targets: Any,
        target_kind: TargetKind,  # noqa: ARG002
        seeds: Any,
    ) -> tuple[Any, Any]:
        """See `SampleStep.apply`."""
        height, width, channels = images.shape[1:]
        count = height * width * min(channels, 3)
        strength = sample_uniforms(seeds, 1, stream=1) * (self._deviation * 255.0)
        # Box and Muller's way from uniform to normal numbers; half of them are the other half's partners.
        uniform = sample_uniforms(seeds, count + count % 2)
        radius, angle = tf.split(uniform, 2, axis=1)
        radius, angle = tf.sqrt(-2.0 * tf.math.log(1.0 - radius)), 2 * math.pi * angle
        normal = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)[:, :count]
        noise = tf.reshape(normal * strength, (-1, height, width, min(channels, 3)))
        changed = tf.clip_by_value(images[..., :3] + noise, 0.0, 255.0)
        return tf.concat([changed, images[..., 3:]], axis=-1), targets
