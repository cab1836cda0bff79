"""The learning rate over training: what the optimizer is built with, and what changes it between epochs."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from trainer.config.component import Component
from trainer.config.config import Config
from trainer.engine.components import accepted, build, find_object, parameters_of
from trainer.engine.user_errors import misfit, user_code
from trainer.errors import ConfigError, Problem

_KEY = "training.learning_rate_schedule"
_MOST_POINTS = 500


@dataclass(frozen=True, slots=True)
class RatePlan:
    """How the learning rate goes.

    Attributes:
        learning_rate: What the optimizer is built with: a number, or a Keras schedule that is asked before every step.
        at_epoch: The rate of an epoch from its number (from 0) and the rate before it; `None` where nothing changes it.
    """

    learning_rate: Any
    at_epoch: Callable[[int, float], float] | None = None


def plan_learning_rate(config: Config, steps_per_epoch: int, functions_dir: Path | None) -> RatePlan:
    """The learning rate of a configuration.

    Args:
        config: Its schedule, if any, starts from `training.initial_learning_rate`.
        steps_per_epoch: Training steps of a whole epoch, counted in batches.
        functions_dir: The run's copies of user files.

    Raises:
        ConfigError: A built-in schedule refuses its arguments.
        UserCodeError: The user's schedule raised, or gave something else than a schedule.
    """
    training = config.training
    chosen, rate = training.learning_rate_schedule, training.initial_learning_rate
    if chosen is None:
        return RatePlan(rate)
    found = find_object("schedule", chosen, functions_dir)
    given = {
        "initial_learning_rate": rate,
        "steps_per_epoch": steps_per_epoch,
        "epochs": training.epochs,
        "total_steps": steps_per_epoch * training.epochs,
    }
    if chosen.file is None or inspect.isclass(found):
        return RatePlan(_made(chosen, found, functions_dir, given))
    names = parameters_of(found)
    if "epoch" in names:
        return RatePlan(rate, _OwnFunction(chosen, found, given).at_epoch)
    if "step" in names:
        return RatePlan(_OwnSteps(_OwnFunction(chosen, found, given), rate))
    return RatePlan(_made(chosen, found, functions_dir, given))


def _made(component: Component, found: Any, functions_dir: Path | None, given: dict[str, Any]) -> Any:
    try:
        made = build("schedule", component, functions_dir, **given)
    except ConfigError as error:
        raise ConfigError(tuple(Problem(_KEY, problem.message) for problem in error.problems)) from error
    if isinstance(made, keras.optimizers.schedules.LearningRateSchedule):
        return made
    message = f"Expected a keras.optimizers.schedules.LearningRateSchedule, received {type(made).__name__}."
    raise misfit(message, str(component.file), found)


class _OwnFunction:
    """A user's function that computes a rate."""

    def __init__(self, component: Component, function: Callable[..., Any], given: dict[str, Any]) -> None:
        self._file = str(component.file)
        self._function = function
        self._arguments = accepted(function, given) | component.arguments
        self._takes_rate = "learning_rate" in accepted(function, {"learning_rate": 0.0})

    def rate(self, learning_rate: Any, **position: Any) -> Any:
        """What the function gives for `epoch=` or `step=`.

        Raises:
            UserCodeError: It raised.
        """
        given = {"learning_rate": learning_rate} if self._takes_rate else {}
        with user_code(self._file, self._function.__name__):
            return self._function(**position, **given, **self._arguments)

    def at_epoch(self, epoch: int, learning_rate: float) -> float:
        """The rate of an epoch, counted from 0, from the rate before it.

        Raises:
            UserCodeError: The function raised, or gave no usable number.
        """
        value = self.rate(learning_rate, epoch=epoch)
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise self.misfit(f"Expected a number as learning rate, received {value!r}.") from None
        if not math.isfinite(number) or number < 0:
            raise self.misfit(f"Expected a learning rate of at least 0 for epoch {epoch}, received {number}.")
        return number

    def misfit(self, message: str) -> Exception:
        """The error to raise when what the function gave does not fit."""
        return misfit(message, self._file, self._function)


class _OwnSteps(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A user's function of the step, computed before every step as part of the training step."""

    def __init__(self, function: _OwnFunction, initial_learning_rate: float) -> None:
        super().__init__()
        self._own = function
        self.initial_learning_rate = initial_learning_rate

    def __call__(self, step: Any) -> Any:
        """The rate at a training step: a float32 scalar.

        Raises:
            UserCodeError: The function raised, or gave no number.
        """
        value = self._own.rate(self.initial_learning_rate, step=keras.ops.cast(step, "float32"))
        try:
            return keras.ops.reshape(keras.ops.cast(value, "float32"), ())
        except (TypeError, ValueError):
            raise self._own.misfit(f"Expected a number as learning rate, received {value!r}.") from None

    def get_config(self) -> dict[str, Any]:
        """The rate it starts from; the function itself is in the run's copy of the file."""
        return {"initial_learning_rate": self.initial_learning_rate}


class EpochSchedule(keras.callbacks.Callback):  # type: ignore[misc]
    """Sets the learning rate at the begin of every epoch.

    Args:
        at_epoch: See `RatePlan.at_epoch`.
        is_inside_epoch: Training continues inside an epoch, whose rate the optimizer already has.
    """

    def __init__(self, at_epoch: Callable[[int, float], float], *, is_inside_epoch: bool) -> None:
        super().__init__()
        self._at_epoch = at_epoch
        self._is_set = is_inside_epoch

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Set the rate of the epoch.

        Raises:
            UserCodeError: The user's function raised, or gave no usable number.
        """
        if not self._is_set:
            before = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            self.model.optimizer.learning_rate = self._at_epoch(epoch, before)
        self._is_set = False


@dataclass(frozen=True, slots=True)
class RateCurvePoints:
    """A learning rate over training.

    Attributes:
        epochs: Positions in epochs from 0; 1.5 is the middle of the second epoch.
        learning_rates: The rate there.
    """

    epochs: list[float]
    learning_rates: list[float]


def preview_learning_rate(config: Config, steps_per_epoch: int) -> RateCurvePoints:
    """The learning rate over the whole training, before training: at most 500 points.

    A plateau cannot be foreseen and is left out.

    Args:
        config: A configuration with absolute paths.
        steps_per_epoch: Batches of an epoch.

    Raises:
        ConfigError: A built-in schedule refuses its arguments.
        UserCodeError: The user's schedule raised, or gave something else than a rate.
    """
    plan = plan_learning_rate(config, steps_per_epoch, None)
    if plan.at_epoch is not None:
        return _by_epoch(plan.at_epoch, plan.learning_rate, config.training.epochs)
    last = config.training.epochs * steps_per_epoch - 1
    num_points = min(_MOST_POINTS, last + 1)
    steps = [round(last * index / max(1, num_points - 1)) for index in range(num_points)]
    rates = [_rate_at(plan.learning_rate, step) for step in steps]
    return RateCurvePoints([step / steps_per_epoch for step in steps], rates)


def _rate_at(rate: Any, step: int) -> float:
    return float(keras.ops.convert_to_numpy(rate(step))) if callable(rate) else float(rate)


def _by_epoch(at_epoch: Callable[[int, float], float], rate: float, epochs: int) -> RateCurvePoints:
    rates = []
    for epoch in range(epochs):
        rate = at_epoch(epoch, rate)
        rates.append(rate)
    stride = -(-epochs // _MOST_POINTS)
    return RateCurvePoints([float(epoch) for epoch in range(0, epochs, stride)], rates[::stride])
