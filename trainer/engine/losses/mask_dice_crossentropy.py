"""Dice and crossentropy together."""

from __future__ import annotations

from typing import Annotated, Any

import keras

from trainer.engine.losses._mask_terms import overlap_loss, pixel_loss

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class MaskDiceCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Weighted sum of MaskDice and MaskCrossentropy, as nnU-Net trains with (Isensee et al., 2021).

    Crossentropy settles the pixels one by one, Dice keeps small classes from being passed over.
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        dice_weight: Weight of MaskDice in the sum.
        crossentropy_weight: Weight of MaskCrossentropy in the sum.
        class_weights: One number per class, in the order of the classes, for both. Empty: all the same.
        smooth: Pixels added to both sides of Dice' fraction.
        name: Name of the loss.
    """

    def __init__(
        self,
        dice_weight: Annotated[float, "min 0"] = 1.0,
        crossentropy_weight: Annotated[float, "min 0"] = 1.0,
        class_weights: list[float] | None = None,
        smooth: Annotated[float, "min 0", "unit: px"] = 1.0,
        name: Annotated[str, "advanced"] = "mask_dice_crossentropy",
    ) -> None:
        super().__init__(name=name)
        self.dice_weight = dice_weight
        self.crossentropy_weight = crossentropy_weight
        self.class_weights = class_weights
        self.smooth = smooth

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each picture, shape (B,). `y_pred`: scores of shape (B, height, width, classes)."""
        dice = overlap_loss(y_true, y_pred, 0.5, 0.5, self.smooth / 2, self.class_weights)
        return self.dice_weight * dice + self.crossentropy_weight * pixel_loss(y_true, y_pred, self.class_weights)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "dice_weight": self.dice_weight,
            "crossentropy_weight": self.crossentropy_weight,
            "class_weights": self.class_weights,
            "smooth": self.smooth,
            "name": self.name,
        }
