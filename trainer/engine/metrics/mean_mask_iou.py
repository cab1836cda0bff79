"""Intersection over union of masks."""

from __future__ import annotations

from typing import Annotated, Any

import keras
from keras import ops

from trainer.engine.metrics._confusion import FigureOfClasses

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class MeanMaskIoU(FigureOfClasses):
    """Intersection over union of each class, averaged over the classes: the Jaccard index.

    The pixels of all pictures are counted together. Classes that are neither in a mask nor predicted are left out.
    It takes scores as they come; Keras' MeanIoU wants class numbers, and how many classes there are.
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        class_id: Number of a class, from 0: the figure of this class alone. Empty: the mean of all.
        per_class: Whether the figure of each class is given too, under `iou_` and its name, for up to 20 classes.
        name: Name of the figure. Empty: `mean_iou`, or `iou_` and the name of the class.
        class_names: Classes by number.
    """

    def __init__(
        self,
        class_id: Annotated[int, "min 0"] | None = None,
        per_class: bool = False,
        name: Annotated[str, "advanced"] = "",
        class_names: list[str] | None = None,
    ) -> None:
        super().__init__("iou", class_id, per_class, name, class_names)

    def figures(self, right: Any, true: Any, predicted: Any) -> tuple[Any, Any]:
        """See `FigureOfClasses.figures`."""
        union = true + predicted - right
        return ops.divide_no_nan(right, union), union > 0
