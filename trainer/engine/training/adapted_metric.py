"""Metrics that see labels in the form they were written for."""

from __future__ import annotations

from typing import Any

import keras


class _AdaptedMetric(keras.metrics.Metric):  # type: ignore[misc]
    """Converts labels between class numbers and one-hot vectors before another metric sees them."""

    def __init__(self, metric: Any, to_one_hot: bool) -> None:
        super().__init__(name=metric.name)
        self._metric = metric
        self._to_one_hot = to_one_hot

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account. `y_pred`: (batch, classes)."""
        if self._to_one_hot:
            labels = keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32")
            y_true = keras.ops.one_hot(labels, y_pred.shape[-1])
        else:
            y_true = keras.ops.argmax(y_true, axis=-1)
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
