"""How well the outlines of masks are met."""

from __future__ import annotations

from typing import Annotated, Any

import keras
import numpy as np
from keras import ops

from trainer.engine.metrics._confusion import MaskMetric

TASKS = ("image_segmentation",)


@keras.saving.register_keras_serializable("ModelGardener")
class BoundaryF1(MaskMetric):
    """F1 score of the outlines: how many of their pixels lie within a few pixels of each other.

    Precision is the share of the predicted outline within the tolerance of the true one, recall the share of the true
    outline within the tolerance of the predicted one; their harmonic mean is taken for each class in each picture, then
    averaged over the pictures in which the class has an outline, then over the classes (Csurka, Larlus and Perronnin,
    "What is a good evaluation measure for semantic segmentation?", BMVC 2013). The outline of a class are its pixels
    that touch another class, also at a corner; the edge of the picture is none, nor is that of pixels that are not
    counted.
    Masks may be class numbers, where 255 is not counted, or one-hot, where rows of zeros are not counted.

    Args:
        tolerance_px: Distance that still counts as met, between the centres of pixels. Csurka et al. take 0.75 % of the
            picture's diagonal: 2.7 pixels for 256 × 256.
        class_id: Number of a class, from 0: the figure of this class alone. Empty: the mean of all.
        name: Name of the figure. Empty: `boundary_f1`, or `boundary_f1_` and the name of the class.
        class_names: Classes by number.
    """

    _sums: Any = None
    _pictures: Any = None

    def __init__(
        self,
        tolerance_px: Annotated[float, "0..50", "unit: px"] = 2.0,
        class_id: Annotated[int, "min 0"] | None = None,
        name: Annotated[str, "advanced"] = "",
        class_names: list[str] | None = None,
    ) -> None:
        super().__init__(name or "boundary_f1", class_names)
        if not name and class_id is not None:
            self.name = f"boundary_f1_{self.class_name(class_id)}"
        self.tolerance_px = tolerance_px
        self.class_id = class_id

    def make_state(self, num_classes: int) -> None:
        """Sum of the scores of each class, and the (weighted) number of pictures in which it has an outline."""
        self._sums = self.add_variable((num_classes,), "zeros", dtype="float32", name="sums")
        self._pictures = self.add_variable((num_classes,), "zeros", dtype="float32", name="pictures")

    def count(self, true: Any, predicted: Any, weights: Any) -> None:
        """See `MaskMetric.count`. Of the weights of a picture's pixels, the largest is that of the picture."""
        is_counted = ops.cast(weights > 0, "float32")[..., None]
        true_outline = self._outline(true, is_counted)
        predicted_outline = self._outline(predicted, is_counted)
        met = ops.sum(predicted_outline * self._near(true_outline), axis=(1, 2))
        found = ops.sum(true_outline * self._near(predicted_outline), axis=(1, 2))
        num_true, num_predicted = ops.sum(true_outline, axis=(1, 2)), ops.sum(predicted_outline, axis=(1, 2))
        precision, recall = ops.divide_no_nan(met, num_predicted), ops.divide_no_nan(found, num_true)
        scores = ops.divide_no_nan(2 * precision * recall, precision + recall)
        has_outline = ops.cast(num_true + num_predicted > 0, "float32") * ops.max(weights, axis=(1, 2))[:, None]
        self._sums.assign_add(ops.sum(scores * has_outline, axis=0))
        self._pictures.assign_add(ops.sum(has_outline, axis=0))

    def _outline(self, classes: Any, is_counted: Any) -> Any:
        """1 on outlines, float of shape (B, height, width, classes)."""
        inside = ops.one_hot(classes, self.num_classes, dtype="float32") * is_counted
        outside = (1 - inside) * is_counted
        # Max pooling ignores what is beyond the edge of the picture.
        return inside * ops.max_pool(outside, 3, strides=1, padding="same")

    def _near(self, outline: Any) -> Any:
        """1 where an outline is within the tolerance."""
        reach = int(self.tolerance_px)
        steps = np.arange(-reach, reach + 1)
        disc = (steps[:, None] ** 2 + steps[None, :] ** 2 <= self.tolerance_px**2).astype("float32")
        kernel = np.repeat(disc[:, :, None, None], self.num_classes, axis=2)
        return ops.cast(ops.depthwise_conv(outline, kernel, padding="same") > 0.5, "float32")

    def result(self) -> Any:
        """From 0 to 1."""
        if self._sums is None:
            return 0.0
        figures = ops.divide_no_nan(self._sums, self._pictures)
        return self.of_classes(figures, self._pictures > 0, self.class_id)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "tolerance_px": self.tolerance_px,
            "class_id": self.class_id,
            "name": self.name,
            "class_names": self.class_names,
        }
