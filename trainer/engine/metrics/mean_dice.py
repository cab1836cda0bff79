"""Dice coefficient of masks."""

from __future__ import annotations

from typing import Annotated, Any

import keras
from keras import ops

from trainer.engine.metrics._confusion import FigureOfClasses

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class MeanDice(FigureOfClasses):
    """Dice coefficient of each class, averaged over the classes: the F1 score of the pixels.

    2 · right / (pixels in the masks + predicted pixels), with the pixels of all pictures counted together. Classes that
    are neither in a mask nor predicted are left out.
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        class_id: Number of a class, from 0: the figure of this class alone. Empty: the mean of all.
        per_class: Whether the figure of each class is given too, under `dice_` and its name, for up to 20 classes.
        name: Name of the figure. Empty: `mean_dice`, or `dice_` and the name of the class.
        class_names: Classes by number.
    """

    def __init__(
        self,
        class_id: Annotated[int, "min 0"] | None = None,
        per_class: bool = True,
        name: Annotated[str, "advanced"] = "",
        class_names: list[str] | None = None,
    ) -> None:
        super().__init__("dice", class_id, per_class, name, class_names)

    def figures(self, right: Any, true: Any, predicted: Any) -> tuple[Any, Any]:
        """See `FigureOfClasses.figures`."""
        both = true + predicted
        return ops.divide_no_nan(2 * right, both), both > 0
