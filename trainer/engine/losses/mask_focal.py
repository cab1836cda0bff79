"""Crossentropy that looks at the difficult pixels."""

from __future__ import annotations

from typing import Annotated, Any

import keras

from trainer.engine.losses._mask_terms import pixel_loss

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class MaskFocal(keras.losses.Loss):  # type: ignore[misc]
    """Crossentropy of every pixel, in which pixels that are already right count less.

    Each pixel's crossentropy is multiplied by (1 − score of its class)^gamma (Lin et al., Focal Loss for Dense Object
    Detection, 2017), and by the weight of its class. The sum is divided by the class weights of the counted pixels.
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        gamma: How much less right pixels count; 0 is plain crossentropy.
        class_weights: One number per class, in the order of the classes: higher for rare ones. Empty: all the same.
        name: Name of the loss.
    """

    def __init__(
        self,
        gamma: Annotated[float, "0..10"] = 2.0,
        class_weights: list[float] | None = None,
        name: Annotated[str, "advanced"] = "mask_focal",
    ) -> None:
        super().__init__(name=name)
        self.gamma = gamma
        self.class_weights = class_weights

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each picture, shape (B,). `y_pred`: scores of shape (B, height, width, classes)."""
        return pixel_loss(y_true, y_pred, self.class_weights, gamma=self.gamma)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gamma": self.gamma, "class_weights": self.class_weights, "name": self.name}
