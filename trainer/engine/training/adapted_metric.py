"""Metrics that see labels in the form they were written for."""

from __future__ import annotations

import functools
from typing import Any

import keras

from trainer.engine.data.targets import UNCOUNTED_CLASS


class _AdaptedMetric(keras.metrics.Metric):  # type: ignore[misc]
    """Converts labels between class numbers and one-hot vectors before another metric sees them."""

    def __init__(self, metric: Any, to_one_hot: bool) -> None:
        super().__init__(name=metric.name)
        self._metric = metric
        self._to_one_hot = to_one_hot

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account. `y_pred`: (batch, classes)."""
        y_true = _one_hot(y_true, y_pred) if self._to_one_hot else _class_numbers(y_true)
        self._metric.update_state(y_true, y_pred, sample_weight=sample_weight)

    def result(self) -> Any:
        """The wrapped metric's figure."""
        return self._metric.result()

    def reset_state(self) -> None:
        """Forget all batches."""
        self._metric.reset_state()


def adapt_metric(metric: Any, *, to_one_hot: bool) -> Any:
    """`metric`, fed with one-hot vectors (`to_one_hot`) or class numbers made from the other form."""
    return _AdaptedMetric(metric, to_one_hot)


def with_one_hot_labels(own: Any) -> Any:
    """A user's metric or function, given one-hot rows where labels are class numbers, unless its name says sparse.

    Labels that are no class numbers, such as those of a regression, stay as they are.
    """
    name = str(getattr(own, "name", "") or getattr(own, "__name__", ""))
    if "sparse" in name.lower() or "sparse" in type(own).__name__.lower():
        return own
    if isinstance(own, keras.metrics.Metric):
        return _AdaptedMetric(own, to_one_hot=True)

    def adapted(y_true: Any, y_pred: Any) -> Any:
        return own(_one_hot(y_true, y_pred), y_pred)

    return functools.update_wrapper(adapted, own)


def _class_numbers(y_true: Any) -> Any:
    """Numbers of the classes of one-hot rows; in masks, (B, height, width, classes), 255 for rows of zeros."""
    numbers = keras.ops.argmax(y_true, axis=-1)
    if len(y_true.shape) != 4:
        return numbers
    is_counted = keras.ops.any(y_true > 0, axis=-1)
    return keras.ops.where(is_counted, numbers, keras.ops.cast(UNCOUNTED_CLASS, numbers.dtype))


def _one_hot(y_true: Any, y_pred: Any) -> Any:
    shape = tuple(y_true.shape)
    are_numbers = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    if not are_numbers or len(y_pred.shape) != 2 or y_pred.shape[-1] == 1:
        return y_true
    labels = keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32")
    return keras.ops.one_hot(labels, y_pred.shape[-1])
