"""Takes the colour out of pictures."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

_LUMA = (0.2989, 0.587, 0.114)
"""Share of red, green and blue in how bright a colour looks (ITU-R BT.601)."""


@keras.saving.register_keras_serializable("ModelGardener")
class Grayscale(keras.layers.Layer):  # type: ignore[misc]
    """Takes the colour out of pictures.

    Pictures with one channel stay as they are; opacity is left out.

    Args:
        keep_channels: Give three equal channels, as pretrained models expect; otherwise one.
    """

    def __init__(self, keep_channels: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.keep_channels = keep_channels

    def call(self, images: Any) -> Any:
        """Change pictures of shape (B, height, width, channels)."""
        images = ops.cast(images, self.compute_dtype)
        if images.shape[-1] == 1:
            return images
        weights = ops.convert_to_tensor(_LUMA, dtype=images.dtype)
        gray = ops.sum(images[..., :3] * weights, axis=-1, keepdims=True)
        return ops.repeat(gray, 3, axis=-1) if self.keep_channels else gray

    def compute_output_shape(self, input_shape: Any) -> Any:
        """One channel, or three."""
        channels = 3 if self.keep_channels and input_shape[-1] != 1 else 1
        return (*input_shape[:-1], channels)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "keep_channels": self.keep_channels}
