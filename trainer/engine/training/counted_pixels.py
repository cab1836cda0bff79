"""Keras' losses for masks in which some pixels stand for no class."""

from __future__ import annotations

from typing import Any

import keras


class CountedPixels(keras.losses.Loss):  # type: ignore[misc]
    """A loss of Keras for one-hot masks, in which pixels whose row is all zeros cost nothing.

    By itself, most losses would train such a pixel to score 0 for every class.

    Args:
        loss: A loss with one figure per pixel.
    """

    def __init__(self, loss: Any) -> None:
        super().__init__(name=loss.name, reduction=loss.reduction)
        self._loss = loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each pixel, shape (B, height, width). `y_true` and `y_pred`: (B, height, width, classes)."""
        losses = self._loss.call(y_true, y_pred)
        return losses * keras.ops.cast(keras.ops.any(y_true > 0, axis=-1), losses.dtype)
