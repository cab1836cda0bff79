"""Stretches every picture to the full range."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("ModelGardener")
class MinMaxStretch(keras.layers.Layer):  # type: ignore[misc]
    """Stretches every picture so that its darkest value becomes 0 and its brightest 255; colours keep their hue.

    A picture of one value stays as it is. Keras' AutoContrast does the same for each channel by itself.
    """

    def call(self, images: Any) -> Any:
        """Stretch pictures of shape (B, height, width, channels)."""
        images = ops.cast(images, self.compute_dtype)
        darkest = ops.min(images, axis=(1, 2, 3), keepdims=True)
        width = ops.max(images, axis=(1, 2, 3), keepdims=True) - darkest
        is_flat = width < 1e-3
        stretched = (images - darkest) * (255.0 / ops.where(is_flat, ops.ones_like(width), width))
        return ops.where(is_flat, images, stretched)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The same."""
        return input_shape
