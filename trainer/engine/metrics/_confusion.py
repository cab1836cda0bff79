"""Metrics that are figures of a confusion matrix of pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from trainer.engine.mask_labels import one_hot_masks

_MOST_SINGLE_FIGURES = 20


class MaskMetric(keras.metrics.Metric):  # type: ignore[misc]
    """What metrics for masks have in common: masks of any form, weights, and what figures of classes are called.

    Args:
        name: Name of the figure.
        class_names: Classes by number; without names they are called by their numbers.
    """

    def __init__(self, name: str, class_names: Sequence[str] | None = None) -> None:
        super().__init__(name=name)
        self.class_names = list(class_names) if class_names else None
        self.num_classes = 0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: Masks as class numbers, 255 not counted, or one-hot, rows of zeros not counted; see
                `one_hot_masks`.
            y_pred: Scores of shape (B, height, width, classes).
            sample_weight: Of each picture, shape (B,), or of each pixel, shape (B, height, width).
        """
        masks, scores = one_hot_masks(y_true, y_pred)
        if not self.num_classes:
            self.num_classes = scores.shape[-1]
            self.make_state(self.num_classes)
        weights = ops.cast(ops.any(masks > 0, axis=-1), "float32") * _pixel_weights(sample_weight)
        self.count(ops.argmax(masks, axis=-1), ops.argmax(scores, axis=-1), weights)

    def make_state(self, num_classes: int) -> None:
        """Add the variables, now that the number of classes is known."""
        raise NotImplementedError

    def count(self, true: Any, predicted: Any, weights: Any) -> None:
        """Count classes of pixels, integers of shape (B, height, width), with weights; 0 is not counted."""
        raise NotImplementedError

    def of_classes(self, figures: Any, present: Any, class_id: int | None) -> Any:
        """The figure of one class, or the mean of all that are present; 0 where there is none."""
        figures = ops.where(present, figures, 0.0)
        if class_id is not None:
            return figures[self.checked(class_id)]
        return ops.divide_no_nan(ops.sum(figures), ops.sum(ops.cast(present, "float32")))

    def named(self, prefix: str, figures: Any, present: Any) -> dict[str, Any]:
        """Each class' figure by `prefix_class`; none where there are more than 20 classes."""
        if self.num_classes > _MOST_SINGLE_FIGURES:
            return {}
        figures = ops.where(present, figures, 0.0)
        return {f"{prefix}_{self.class_name(number)}": figures[number] for number in range(self.num_classes)}

    def class_name(self, number: int) -> str:
        """What a class is called."""
        if self.class_names and number < len(self.class_names):
            return self.class_names[number]
        return str(number)

    def checked(self, class_id: int) -> int:
        """The number of a class.

        Raises:
            ValueError: There is no such class.
        """
        if not 0 <= class_id < self.num_classes:
            raise ValueError(f"class_id is {class_id}, but classes are numbered from 0 to {self.num_classes - 1}.")
        return class_id


class ConfusionMetric(MaskMetric):
    """Keeps how many pixels of each class got which class: `confusion`, float32, shape (true class, predicted)."""

    confusion: Any = None

    def make_state(self, num_classes: int) -> None:
        """See `MaskMetric.make_state`."""
        self.confusion = self.add_variable((num_classes, num_classes), "zeros", dtype="float32", name="confusion")

    def count(self, true: Any, predicted: Any, weights: Any) -> None:
        """See `MaskMetric.count`. Summed picture by picture: beyond 2²⁴ a float32 does not grow by 1 any more."""
        num_cells = self.num_classes**2
        num_pictures = ops.shape(true)[0]
        picture = ops.reshape(ops.arange(num_pictures, dtype="int32"), (-1, 1, 1))
        cell = ops.cast(true * self.num_classes + predicted, "int32") + picture * num_cells
        counts = ops.segment_sum(
            ops.reshape(weights, (-1,)), ops.reshape(cell, (-1,)), num_segments=num_pictures * num_cells
        )
        counts = ops.sum(ops.reshape(counts, (-1, num_cells)), axis=0)
        self.confusion.assign_add(ops.reshape(counts, self.confusion.shape))

    def totals(self) -> tuple[Any, Any, Any]:
        """Right pixels, pixels in the masks and predicted pixels of each class, each of shape (classes,)."""
        return ops.diagonal(self.confusion), ops.sum(self.confusion, axis=1), ops.sum(self.confusion, axis=0)


def _pixel_weights(sample_weight: Any) -> Any:
    if sample_weight is None:
        return 1.0
    weights = ops.cast(ops.convert_to_tensor(sample_weight), "float32")
    if len(weights.shape) == 4:
        return weights[..., 0]
    return ops.reshape(weights, (-1, 1, 1)) if len(weights.shape) in (1, 2) else weights


class FigureOfClasses(ConfusionMetric):
    """A figure of each class, averaged over the classes.

    Args:
        prefix: What figures of single classes begin with, and the mean after `mean_`.
        class_id: Number of a class: the figure of this class alone; `None` for the mean of all.
        per_class: Whether the figure of each class is given too.
        name: Name of the figure; empty for one made of the prefix.
        class_names: Classes by number.
    """

    def __init__(
        self, prefix: str, class_id: int | None, per_class: bool, name: str, class_names: Sequence[str] | None
    ) -> None:
        super().__init__(name or f"mean_{prefix}", class_names)
        if not name and class_id is not None:
            self.name = f"{prefix}_{self.class_name(class_id)}"
        self.prefix = prefix
        self.class_id = class_id
        self.per_class = per_class

    def figures(self, right: Any, true: Any, predicted: Any) -> tuple[Any, Any]:
        """The figure of each class, and whether the class is there at all.

        Args:
            right: Pixels of each class that are predicted as such, shape (classes,).
            true: Pixels of each class in the masks.
            predicted: Pixels of each class in the predictions.
        """
        raise NotImplementedError

    def result(self) -> Any:
        """From 0 to 1; with the figures of single classes by name where they are asked for."""
        if self.confusion is None:
            return 0.0
        figures, present = self.figures(*self.totals())
        mean = self.of_classes(figures, present, self.class_id)
        return {self.name: mean} | self.named(self.prefix, figures, present) if self.per_class else mean

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "class_id": self.class_id,
            "per_class": self.per_class,
            "name": self.name,
            "class_names": self.class_names,
        }
