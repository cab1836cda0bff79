"""Crossentropy of every pixel, with a weight for each class."""

from __future__ import annotations

from typing import Annotated, Any

import keras

from trainer.engine.losses._mask_terms import pixel_loss

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class MaskCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Crossentropy of every pixel, with a weight for each class.

    −Σ w(class of the pixel) · ln(score of that class) / Σ w(class of the pixel), over the counted pixels of a picture.
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        class_weights: One number per class, in the order of the classes: higher for rare ones. Empty: all the same.
        label_smoothing: Share of the probability that is spread over all classes.
        name: Name of the loss.
    """

    def __init__(
        self,
        class_weights: list[float] | None = None,
        label_smoothing: Annotated[float, "0..0.9"] = 0.0,
        name: Annotated[str, "advanced"] = "mask_crossentropy",
    ) -> None:
        super().__init__(name=name)
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each picture, shape (B,). `y_pred`: scores of shape (B, height, width, classes)."""
        return pixel_loss(y_true, y_pred, self.class_weights, label_smoothing=self.label_smoothing)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "class_weights": self.class_weights,
            "label_smoothing": self.label_smoothing,
            "name": self.name,
        }
