"""Gives every picture mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("ModelGardener")
class PictureStandardization(keras.layers.Layer):  # type: ignore[misc]
    """Gives every picture mean 0 and standard deviation 1, so that brightness and contrast of the light do not matter.

    A picture of one colour becomes 0 everywhere. The model does not scale pixels again.

    Args:
        per_channel: Each channel by itself, which also takes away a tint.
    """

    scales_pixels = True

    def __init__(self, per_channel: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.per_channel = per_channel

    def call(self, images: Any) -> Any:
        """Standardize pictures of shape (B, height, width, channels)."""
        images = ops.cast(images, self.compute_dtype)
        axes = (1, 2) if self.per_channel else (1, 2, 3)
        centered = images - ops.mean(images, axis=axes, keepdims=True)
        deviation = ops.sqrt(ops.mean(ops.square(centered), axis=axes, keepdims=True))
        return centered / ops.maximum(deviation, 1e-3)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The same."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "per_channel": self.per_channel}
