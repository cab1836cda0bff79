from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from trainer.engine.data.prepared import NumberTarget
from trainer.engine.training.several_numbers import metrics_of_each, scaled_loss

pytestmark = pytest.mark.keras

TARGETS = (NumberTarget("mass in kg", 1000.0), NumberTarget("share", 0.1))
TRUE = np.array([[3000, 0.5], [5000, 0.7]], np.float32)
PREDICTED = np.array([[4000, 0.7], [5000, 0.7]], np.float32)


def absolute_error(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


@pytest.mark.parametrize(
    ("loss", "expected", "weighted"),
    [(keras.losses.MeanSquaredError(), (1 + 4) / 4, 5 / 2), (absolute_error, (1 + 2) / 4, 3 / 2)],
)
def test_every_number_counts_alike_in_the_loss(loss: Any, expected: float, weighted: float) -> None:
    scaled = scaled_loss(loss, TARGETS)
    assert float(scaled(TRUE, keras.ops.convert_to_tensor(PREDICTED))) == pytest.approx(expected, rel=1e-5)
    weights = np.array([2.0, 0.0], np.float32)
    assert float(scaled(TRUE, keras.ops.convert_to_tensor(PREDICTED), weights)) == pytest.approx(weighted, rel=1e-5)


def test_numbers_that_are_not_scaled_need_no_other_loss() -> None:
    assert scaled_loss(absolute_error, [NumberTarget("a", 1.0), NumberTarget("b", 1.0)]) is absolute_error
    assert scaled_loss(None, TARGETS) is None


def test_each_number_has_figures_of_its_own() -> None:
    metrics = metrics_of_each(lambda: [keras.metrics.MeanAbsoluteError(), absolute_error], TARGETS)
    measured = [metric for metric in metrics if isinstance(metric, keras.metrics.Metric)]
    for metric in measured:
        metric.update_state(TRUE, PREDICTED)
    assert {metric.name: float(metric.result()) for metric in measured} == pytest.approx(
        {"mean_absolute_error": 250.05, "mean_absolute_error_mass_in_kg": 500, "mean_absolute_error_share": 0.1}
    )
    assert absolute_error in metrics
    many = [NumberTarget(f"n{number}", 1.0) for number in range(13)]
    assert len(metrics_of_each(lambda: [keras.metrics.MeanAbsoluteError()], many)) == 1
