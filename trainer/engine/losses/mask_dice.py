"""How far masks are from overlapping, as Dice counts it."""

from __future__ import annotations

from typing import Annotated, Any

import keras

from trainer.engine.losses._mask_terms import overlap_loss

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class MaskDice(keras.losses.Loss):  # type: ignore[misc]
    """1 − Dice of each class in each picture, averaged over the classes. Keras' Dice lumps all classes together.

    The Dice of a class is (2 · Σ mask · score + smooth) / (Σ mask + Σ score + smooth), over the counted pixels of a
    picture (Milletari, Navab and Ahmadi, V-Net, 2016, without squares). It does not care how many pixels a class has.
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        class_weights: One number per class, in the order of the classes; 0 leaves one out, such as the background.
            Empty: all the same.
        smooth: Pixels added to both sides of the fraction. A class that is not in the picture then costs little where
            it is not predicted either.
        name: Name of the loss.
    """

    def __init__(
        self,
        class_weights: list[float] | None = None,
        smooth: Annotated[float, "min 0", "unit: px"] = 1.0,
        name: Annotated[str, "advanced"] = "mask_dice",
    ) -> None:
        super().__init__(name=name)
        self.class_weights = class_weights
        self.smooth = smooth

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each picture, shape (B,). `y_pred`: scores of shape (B, height, width, classes)."""
        return overlap_loss(y_true, y_pred, 0.5, 0.5, self.smooth / 2, self.class_weights)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"class_weights": self.class_weights, "smooth": self.smooth, "name": self.name}
