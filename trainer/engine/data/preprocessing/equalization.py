"""Spreads the values of every picture evenly over the full range."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_LEVELS = 256


@keras.saving.register_keras_serializable("ModelGardener")
class Equalization(keras.layers.Layer):  # type: ignore[misc]
    """Spreads the values of every picture and channel evenly from 0 to 255 (histogram equalization).

    Takes the place of Keras' layer of that name, which equalizes a whole batch at once, and only while training.
    """

    def call(self, images: Any) -> Any:
        """Equalize pictures of shape (B, height, width, channels) in 0–255."""
        images = ops.cast(images, self.compute_dtype)
        height, width, channels = images.shape[1:]
        levels = ops.cast(ops.clip(ops.round(images), 0, _LEVELS - 1), "int32")
        flat = ops.reshape(ops.transpose(levels, (0, 3, 1, 2)), (-1, height * width))
        counts = ops.bincount(flat, minlength=_LEVELS)[:, :_LEVELS]
        below = ops.cast(ops.cumsum(counts, axis=-1), "float32")
        # As usual, the darkest level that occurs becomes 0.
        least = ops.take_along_axis(below, ops.min(flat, axis=-1, keepdims=True), axis=-1)
        spread = float(height * width) - least
        lookup = ops.round((below - least) * 255.0 / ops.maximum(spread, 1.0))
        values = ops.take_along_axis(lookup, flat, axis=-1)
        values = ops.where(spread < 0.5, ops.cast(flat, "float32"), values)  # one level only: nothing to spread
        changed = ops.transpose(ops.reshape(values, (-1, channels, height, width)), (0, 2, 3, 1))
        return ops.cast(changed, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The same."""
        return input_shape
