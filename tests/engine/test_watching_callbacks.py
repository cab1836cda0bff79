"""Early stopping and the plateau's learning rate, as tables of losses, against Keras' own callbacks."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from trainer.config.sections import EarlyStoppingSection, PlateauSection
from trainer.errors import ConfigError

pytestmark = pytest.mark.keras

FALLING = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]
PLATEAU = [1.0, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
RISING = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
SLOW = [1.0, 0.995, 0.99, 0.985, 0.98, 0.975, 0.97, 0.965]
SAWTOOTH = [1.0, 0.7, 0.9, 0.69, 0.95, 0.8, 0.75, 0.9, 0.68, 0.9, 0.9, 0.9, 0.9]
BROKEN = [1.0, 0.8, math.nan, math.nan, 0.7, math.nan, math.nan, math.nan]
CURVES = {"falling": FALLING, "plateau": PLATEAU, "rising": RISING, "slow": SLOW, "saw": SAWTOOTH, "broken": BROKEN}


def model_with_rate(rate: float = 0.1) -> Any:
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    return model


def rate_of(model: Any) -> float:
    return float(np.asarray(model.optimizer.learning_rate))


def epochs_until_stop(callback: Any, curve: list[float], figure: str = "val_loss") -> int | None:
    """The epoch, from 1, after which the callback asks for the end; `None` if it never does."""
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(curve):
        callback.on_epoch_end(epoch, {"loss": 0.1, figure: value})
        if model.stop_training:
            return epoch + 1
    return None


def early_stopping(**settings: Any) -> Any:
    from trainer.engine.training.callbacks import EarlyStopping

    return EarlyStopping(EarlyStoppingSection(enabled=True, **settings), has_validation=True)


@pytest.mark.parametrize(
    ("curve", "patience", "min_delta", "expected"),
    [
        ("falling", 1, 0.0, None),
        ("falling", 2, 0.25, 3),
        ("plateau", 1, 0.0, 3),
        ("plateau", 3, 0.0, 5),
        ("plateau", 7, 0.0, 9),
        ("plateau", 8, 0.0, None),
        ("rising", 1, 0.0, 2),
        ("rising", 0, 0.0, 2),
        ("slow", 3, 0.0, None),
        ("slow", 3, 0.022, 4),
        ("saw", 2, 0.0, 6),
        ("saw", 5, 0.0, None),
        ("broken", 2, 0.0, 4),
        ("broken", 3, 0.0, 8),
    ],
)
def test_training_stops_in_the_same_epoch_as_with_keras_early_stopping(
    curve: str, patience: int, min_delta: float, expected: int | None
) -> None:
    import keras

    keras_own = keras.callbacks.EarlyStopping("val_loss", patience=patience, min_delta=min_delta, mode="min")
    ours = early_stopping(patience=patience, min_delta=min_delta)
    assert epochs_until_stop(keras_own, CURVES[curve]) == expected
    assert epochs_until_stop(ours, CURVES[curve]) == expected


def test_an_accuracy_is_watched_upwards_by_itself() -> None:
    curve = [0.5, 0.6, 0.7, 0.6, 0.65]
    ours = early_stopping(monitor="val_accuracy", patience=2)
    assert epochs_until_stop(ours, curve, "val_accuracy") == 5
    assert (ours.best.value, ours.best.epoch) == (0.7, 3)
    downwards = early_stopping(monitor="val_accuracy", mode="min", patience=2)
    assert epochs_until_stop(downwards, curve, "val_accuracy") == 3


def test_the_message_says_what_was_watched_and_what_was_best() -> None:
    ours = early_stopping(patience=3)
    epochs_until_stop(ours, PLATEAU)
    assert ours.message == "val_loss has not improved for 3 epochs; its best was 0.8000 in epoch 2."


@pytest.mark.parametrize("stopped_after", [1, 3, 6])
def test_early_stopping_counts_on_after_its_state_was_saved_and_restored(stopped_after: int) -> None:
    first, second = early_stopping(patience=3), early_stopping(patience=3)
    whole = epochs_until_stop(early_stopping(patience=3), SAWTOOTH)
    assert epochs_until_stop(first, SAWTOOTH[:stopped_after]) is None
    second.restore(first.state())
    later = epochs_until_stop(second, SAWTOOTH[stopped_after:])
    assert later is not None and stopped_after + later == whole
    assert second.best.value == 0.69


def test_watching_a_figure_that_is_never_reported_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"no figure 'val_acc' to watch\. Reported are: loss, val_loss") as raised:
        epochs_until_stop(early_stopping(monitor="val_acc"), FALLING)
    assert raised.value.problems[0].key == "training.early_stopping.monitor"


# ---------------------------------------------------------------- learning rate on a plateau


def plateau(changes: list[float], **settings: Any) -> Any:
    from trainer.engine.training.callbacks import ReduceOnPlateau

    section = PlateauSection(enabled=True, **settings)
    return ReduceOnPlateau(section, has_validation=True, changed=lambda rate, _cause: changes.append(rate))


def rates(callback: Any, curve: list[float], model: Any = None) -> list[float]:
    """The learning rate after each epoch."""
    model = model or model_with_rate()
    callback.set_model(model)
    callback.on_train_begin()
    found = []
    for epoch, value in enumerate(curve):
        callback.on_epoch_end(epoch, {"loss": 0.1, "val_loss": value})
        found.append(rate_of(model))
    return found


@pytest.mark.parametrize("curve", list(CURVES))
@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.1},
        {"patience": 2, "cooldown": 2},
        {"patience": 1, "cooldown": 1, "min_learning_rate": 0.03},
        {"patience": 1, "min_delta": 0.022},
    ],
    ids=["patience", "factor", "cooldown", "lowest", "min_delta"],
)
def test_the_rate_falls_in_the_same_epochs_as_with_keras_reduce_on_plateau(
    curve: str, settings: dict[str, Any]
) -> None:
    import keras

    renamed = {"min_lr" if name == "min_learning_rate" else name: value for name, value in settings.items()}
    keras_own = keras.callbacks.ReduceLROnPlateau("val_loss", **({"factor": 0.5} | renamed))
    changes: list[float] = []
    ours = rates(plateau(changes, **settings), CURVES[curve])
    assert ours == pytest.approx(rates(keras_own, CURVES[curve]))
    assert changes == pytest.approx([rate for rate in dict.fromkeys(ours) if rate < 0.0999])


def test_a_plateau_with_cooldown_lowers_the_rate_in_known_epochs() -> None:
    found = rates(plateau([], patience=2, cooldown=2), PLATEAU)
    assert found == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025])


def test_the_rate_never_falls_below_the_lowest() -> None:
    assert rates(plateau([], patience=1, min_learning_rate=0.04), PLATEAU)[-1] == pytest.approx(0.04)


@pytest.mark.parametrize("stopped_after", [3, 5, 7])
def test_the_plateau_counts_on_after_its_state_was_saved_and_restored(stopped_after: int) -> None:
    settings = {"patience": 2, "cooldown": 2}
    whole = rates(plateau([], **settings), SAWTOOTH)
    model = model_with_rate()
    first, second = plateau([], **settings), plateau([], **settings)
    before = rates(first, SAWTOOTH[:stopped_after], model)
    second.restore(first.state())
    assert before + rates(second, SAWTOOTH[stopped_after:], model) == pytest.approx(whole)
