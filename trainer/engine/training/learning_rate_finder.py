"""The learning-rate finder: how the loss answers to a learning rate that rises from batch to batch.

L. N. Smith, Cyclical Learning Rates for Training Neural Networks, 2017 (https://arxiv.org/abs/1506.01186), section
3.3: one short sweep of the rate shows where the loss falls and where it explodes.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from trainer.catalog.check import components_of
from trainer.config.config import Config
from trainer.config.document import load_file
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate
from trainer.engine.quiet_output import QuietOutput
from trainer.engine.training.control import TrainingControl
from trainer.engine.training.session import StartPoint, TrainingSession
from trainer.engine.user_errors import as_user_error, find_user_frame
from trainer.errors import ConfigError, GardenerError, Problem
from trainer.launch import create_run

_SMOOTHING = 0.9
_EXPLODED = 4.0
_LEAST_POINTS = 5
_WITHOUT: dict[str, Any] = {
    "training.learning_rate_schedule": None,
    "training.reduce_on_plateau.enabled": False,
    "training.early_stopping.enabled": False,
    "training.weight_averaging.enabled": False,
    "training.steps_per_execution": 1,
    "training.training_loop": None,
    "training.callbacks": [],
    "output.tensorboard": False,
    "runtime.backend": "tensorflow",
}
"""What would change the rate by itself, or has no part in a sweep."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The loss at rising learning rates.

    Attributes:
        learning_rates: The rates that were tried.
        losses: The loss of the step made with each, before that step.
        smoothed_losses: Their moving average.
        steepest_descent: Rate at which the smoothed loss falls fastest; `None` where it never falls.
        tenth_of_minimum: A tenth of the rate at which the smoothed loss is lowest; `None` where it never falls.
        has_exploded: Whether the sweep ended before the highest rate because the loss grew beyond all bounds.
    """

    learning_rates: list[float]
    losses: list[float]
    smoothed_losses: list[float]
    steepest_descent: float | None
    tenth_of_minimum: float | None
    has_exploded: bool

    @property
    def suggestion(self) -> float | None:
        """A rate to start with: where the loss falls fastest."""
        return self.steepest_descent


def find_learning_rate(
    config: Config,
    base_dir: Path,
    *,
    lowest: float,
    highest: float,
    num_steps: int,
    warn: Callable[[str], None] = print,
    stepped: Callable[[int, int], None] | None = None,
) -> Sweep:
    """Train a fresh model for a few steps at rates from `lowest` to `highest`, and look at the loss.

    Data, model, loss and optimizer are those of the configuration. Nothing is kept: no run folder, no weights.

    Args:
        config: What to train; its learning rate, schedule, plateau and callbacks have no part in it.
        base_dir: Folder that relative paths start from.
        lowest: First rate, above 0.
        highest: Last rate; the sweep ends before it when the loss explodes.
        num_steps: Steps of the weights, at least 2. The rate rises by the same factor from one to the next.
        warn: Told what the person should know.
        stepped: Told after every step how many of how many are done.

    Raises:
        GardenerError: The configuration, the data or the user's code does not allow it.
    """
    with tempfile.TemporaryDirectory(prefix="modelgardener-", ignore_cleanup_errors=True) as place:
        changed = validate(with_overrides(config.to_dict(), _WITHOUT | {"output.runs_dir": place}))
        folder = create_run(changed, base_dir)
        absolute = load_file(folder.config_path).require()
        output = QuietOutput(folder.events_path, warn)
        session = TrainingSession(folder, absolute, TrainingControl(), output, StartPoint())
        try:
            session.prepare()
            return _sweep(session, sweep_rates(lowest, highest, num_steps), stepped)
        except GardenerError:
            raise
        except Exception as error:
            files = tuple(component.file for _, _, component in components_of(absolute) if component.file)
            if file := find_user_frame(error, files):
                raise as_user_error(error, file) from error
            raise


def sweep_rates(lowest: float, highest: float, num_steps: int) -> list[float]:
    """Rates from `lowest` to `highest`, each larger than the one before by the same factor."""
    factor = (highest / lowest) ** (1 / (num_steps - 1))
    return [lowest * factor**step for step in range(num_steps)]


def _sweep(session: TrainingSession, rates: list[float], stepped: Callable[[int, int], None] | None) -> Sweep:
    per_rate = session.config.training.gradient_accumulation_steps
    recorder = _SweepRecorder(rates, per_rate, stepped)
    with session.machine.scope():
        session.model.fit(
            session.train_dataset(0, 0),
            steps_per_epoch=len(rates) * per_rate,
            callbacks=[recorder],
            shuffle=False,
            verbose=0,
        )
    tried = rates[: len(recorder.losses)]
    smoothed = smooth(recorder.losses)
    steepest, tenth = suggest(tried, smoothed)
    return Sweep(tried, recorder.losses, smoothed, steepest, tenth, recorder.has_exploded)


class _SweepRecorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Raises the rate before every step of the weights, which takes `per_rate` batches, and notes the loss."""

    def __init__(self, rates: list[float], per_rate: int, stepped: Callable[[int, int], None] | None) -> None:
        super().__init__()
        self._stepped = stepped
        self._rates = rates
        self._per_rate = per_rate
        self.losses: list[float] = []
        self.has_exploded = False

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        if batch % self._per_rate:
            return
        try:
            self.model.optimizer.learning_rate = self._rates[batch // self._per_rate]
        except TypeError as error:
            message = "The optimizer has a learning rate schedule of its own, so no rate can be tried. Remove that."
            raise ConfigError((Problem("training.optimizer", message),)) from error
        # Keras reports the running mean of the epoch; started anew, it is that of this step.
        self.model.reset_metrics()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if (batch + 1) % self._per_rate or not logs:
            return
        if self._stepped is not None:
            self._stepped((batch + 1) // self._per_rate, len(self._rates))
        loss = float(logs["loss"])
        if math.isfinite(loss):
            self.losses.append(loss)
            smoothed = smooth(self.losses)
            self.has_exploded = len(smoothed) > _LEAST_POINTS and smoothed[-1] > _EXPLODED * min(smoothed)
        else:
            self.has_exploded = True
        if self.has_exploded:
            self.model.stop_training = True


def smooth(losses: list[float]) -> list[float]:
    """Exponential moving average, corrected for its start at zero.

    >>> smooth([2.0, 2.0])
    [2.0, 2.0]
    """
    smoothed, average = [], 0.0
    for number, loss in enumerate(losses, 1):
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        smoothed.append(round(average / (1 - _SMOOTHING**number), 12))
    return smoothed


def suggest(rates: list[float], smoothed: list[float]) -> tuple[float | None, float | None]:
    """The rate of the steepest descent and a tenth of that of the lowest loss; `None` where the loss never falls."""
    if len(smoothed) < _LEAST_POINTS:
        return None, None
    lowest = int(np.argmin(smoothed))
    if lowest == 0:
        return None, None
    slopes = np.gradient(np.array(smoothed), np.log(rates))[: lowest + 1]
    return rates[int(np.argmin(slopes))], rates[lowest] / 10
