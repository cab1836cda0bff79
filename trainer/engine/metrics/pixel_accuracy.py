"""Share of pixels that got the right class."""

from __future__ import annotations

from typing import Annotated, Any

import keras
from keras import ops

from trainer.engine.metrics._confusion import ConfusionMetric

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class PixelAccuracy(ConfusionMetric):
    """Share of the counted pixels that got the right class, of all pictures together.

    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        name: Name of the figure.
    """

    def __init__(self, name: Annotated[str, "advanced"] = "pixel_accuracy") -> None:
        super().__init__(name)

    def result(self) -> Any:
        """From 0 to 1."""
        if self.confusion is None:
            return 0.0
        return ops.divide_no_nan(ops.sum(ops.diagonal(self.confusion)), ops.sum(self.confusion))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name}
