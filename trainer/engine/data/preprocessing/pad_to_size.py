"""Pads pictures to a size."""

from __future__ import annotations

from typing import Annotated, Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("ModelGardener")
class PadToSize(keras.layers.Layer):  # type: ignore[misc]
    """Pads pictures on all sides to a height and width. Larger ones keep their size.

    Args:
        height: In pixels.
        width: In pixels.
        fill_value: What the border is made of, from 0 (black) to 255 (white).
    """

    def __init__(
        self,
        height: Annotated[int, "min 1", "unit: px"],
        width: Annotated[int, "min 1", "unit: px"],
        fill_value: Annotated[float, "0..255"] = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.height, self.width, self.fill_value = height, width, fill_value

    def call(self, images: Any) -> Any:
        """Pad pictures of shape (B, height, width, channels)."""
        images = ops.cast(images, self.compute_dtype)
        rows, columns = max(0, self.height - images.shape[1]), max(0, self.width - images.shape[2])
        sides = ((0, 0), (rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0))
        return ops.pad(images, sides, constant_values=self.fill_value)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The larger of both sizes."""
        batch, height, width, channels = input_shape
        return batch, max(self.height, height), max(self.width, width), channels

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        own = {"height": self.height, "width": self.width, "fill_value": self.fill_value}
        return {**super().get_config(), **own}
