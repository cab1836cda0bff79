"""How far masks are from overlapping, with a price for each kind of mistake."""

from __future__ import annotations

from typing import Annotated, Any

import keras

from trainer.engine.losses._mask_terms import overlap_loss

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class MaskTversky(keras.losses.Loss):  # type: ignore[misc]
    """(1 − Tversky index)^gamma of each class in each picture, averaged over the classes.

    The index of a class is (hit + smooth) / (hit + alpha · excess + beta · missed + smooth), with hit = Σ mask · score,
    excess what is predicted besides and missed what is not predicted, over the counted pixels of a picture (Salehi,
    Erdogmus and Gholipour, Tversky loss function, 2017; gamma: Abraham and Khan, A Novel Focal Tversky Loss, 2018).
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        alpha: Price of pixels that are predicted and are not in the mask. 0.5 for both prices is Dice.
        beta: Price of pixels that are in the mask and not predicted. Higher than alpha: small things are found rather
            than missed.
        gamma: Below 1, classes that are already good keep counting; above 1 they count less. 1 is the plain index.
        class_weights: One number per class, in the order of the classes; 0 leaves one out, such as the background.
            Empty: all the same.
        smooth: Pixels added to both sides of the fraction. A class that is not in the picture then costs little where
            it is not predicted either.
        name: Name of the loss.
    """

    def __init__(
        self,
        alpha: Annotated[float, "0..1"] = 0.3,
        beta: Annotated[float, "0..1"] = 0.7,
        gamma: Annotated[float, "0.1..5"] = 1.0,
        class_weights: list[float] | None = None,
        smooth: Annotated[float, "min 0", "unit: px"] = 1.0,
        name: Annotated[str, "advanced"] = "mask_tversky",
    ) -> None:
        super().__init__(name=name)
        self.alpha = alpha
        self.beta = beta
        self.gamma = gamma
        self.class_weights = class_weights
        self.smooth = smooth

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each picture, shape (B,). `y_pred`: scores of shape (B, height, width, classes)."""
        return overlap_loss(y_true, y_pred, self.alpha, self.beta, self.smooth, self.class_weights, self.gamma)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "alpha": self.alpha,
            "beta": self.beta,
            "gamma": self.gamma,
            "class_weights": self.class_weights,
            "smooth": self.smooth,
            "name": self.name,
        }
