"""Loss and metrics where several numbers are predicted at once, each in a unit of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras

from trainer.engine.data.prepared import NumberTarget

_MOST_SINGLE_FIGURES = 12


class _ScaledLoss(keras.losses.Loss):  # type: ignore[misc]
    """Another loss, of numbers that are all about as large."""

    def __init__(self, loss: Any, scales: Sequence[float]) -> None:
        super().__init__(name="loss")
        self._loss = keras.losses.get(loss)
        self._scales = list(scales)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The inner loss of both, divided; `y_true` and `y_pred`: (batch, numbers)."""
        scales = keras.ops.convert_to_tensor(self._scales, dtype=y_pred.dtype)
        y_true = keras.ops.cast(y_true, y_pred.dtype)
        if isinstance(self._loss, keras.losses.Loss):
            return self._loss(y_true / scales, y_pred / scales, sample_weight)
        return super().__call__(y_true / scales, y_pred / scales, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """A user's function, whose figure per sample is then weighted and averaged."""
        return self._loss(y_true, y_pred)


class _MetricOfOne(keras.metrics.Metric):  # type: ignore[misc]
    """Another metric, of one of several numbers."""

    def __init__(self, metric: Any, number: int, name: str) -> None:
        super().__init__(name=name)
        self._metric, self._number = metric, number

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account. `y_true` and `y_pred`: (batch, numbers)."""
        only = slice(self._number, self._number + 1)
        self._metric.update_state(y_true[:, only], y_pred[:, only], sample_weight=sample_weight)

    def result(self) -> Any:
        """The wrapped metric's figure."""
        return self._metric.result()

    def reset_state(self) -> None:
        """Forget all batches."""
        self._metric.reset_state()


def scaled_loss(loss: Any, targets: Sequence[NumberTarget]) -> Any:
    """`loss` of numbers that are divided by their scales, so that each of them counts alike.

    Args:
        loss: An object or a function of Keras or of a user; `None` where the model has its own.
        targets: What is predicted.
    """
    if loss is None or all(target.scale == 1 for target in targets):
        return loss
    return _ScaledLoss(loss, [target.scale for target in targets])


def metrics_of_each(make_metrics: Callable[[], list[Any]], targets: Sequence[NumberTarget]) -> list[Any]:
    """The metrics of all numbers together, and each metric of every number, in its unit and with its name.

    Of more than a dozen numbers there are only those of all together, and of metrics that are plain functions.

    Args:
        make_metrics: Makes the metrics anew.
        targets: What is predicted.
    """
    found = make_metrics()
    if len(targets) > _MOST_SINGLE_FIGURES:
        return found
    for number, target in enumerate(targets):
        plain = re.sub(r"\W+", "_", target.name).strip("_") or str(number + 1)
        found += [
            _MetricOfOne(metric, number, f"{metric.name}_{plain}")
            for metric in make_metrics()
            if isinstance(metric, keras.metrics.Metric)
        ]
    return found
