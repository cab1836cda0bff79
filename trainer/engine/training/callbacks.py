"""Callbacks of the trainer: control and progress per batch, early stopping and plateau per epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from trainer.config.sections import EarlyStoppingSection, PlateauSection
from trainer.engine.training.control import LossNotFinite, StoppedNow, TrainingControl
from trainer.engine.training.monitoring import (
    BestFigure,
    is_judged,
    require_known_monitor,
    resolve_mode,
    resolve_monitor,
)
from trainer.runs.events import BatchesEnded

_REPORT_INTERVAL_S = 0.1


def plain_metrics(logs: dict[str, Any] | None) -> dict[str, float]:
    """Keras' logs as plain floats, training before validation, loss first.

    Figures with one value per class become their mean; those that a metric gives by name count each.
    """
    logs = _flat(logs or {})
    names = sorted(logs, key=lambda name: (name.startswith("val_"), name.removeprefix("val_") != "loss"))
    return {name: _plain_float(logs[name]) for name in names}


def _flat(logs: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in logs.items():
        found |= value if isinstance(value, dict) else {name: value}
    return found


def _plain_float(value: Any) -> float:
    return value if isinstance(value, float) else float(keras.ops.mean(value))


class BatchControl(keras.callbacks.Callback):  # type: ignore[misc]
    """After every batch: the person's requests, the loss' health, and ten times a second the progress.

    Args:
        control: Requests of the worker's main thread.
        emit: Takes events.
        steps_per_epoch: Batches of a whole epoch.
        batch_size: Samples per batch.
        first_step: Batches already done in the first epoch.
        stop_on_nan: Leave training when the loss is not finite.
        steps_per_execution: Batches that Keras trains on between two calls.
        save_state: Saves the complete state after `(epoch, step)`; called with a checkpoint's name.
        hold: Called with (epoch, step) when training is to pause; returns when it may go on.
    """

    def __init__(
        self,
        control: TrainingControl,
        emit: Callable[[Any], None],
        *,
        steps_per_epoch: int,
        batch_size: int,
        first_step: int,
        stop_on_nan: bool,
        save_state: Callable[[int, int], None],
        hold: Callable[[int, int], None],
        steps_per_execution: int = 1,
    ) -> None:
        super().__init__()
        self._control = control
        self._emit = emit
        self._steps_per_epoch = steps_per_epoch
        self._batch_size = batch_size
        self._stop_on_nan = stop_on_nan
        self._save_state = save_state
        self._hold = hold
        self._steps_per_execution = steps_per_execution
        self._first_step = first_step
        self._next_report = 0.0
        self._speed_since = (0.0, 0)
        self.epoch = 0
        self.step = first_step

    @property
    def is_report_due(self) -> bool:
        """Whether the next batch will be reported."""
        return time.perf_counter() >= self._next_report

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Count batches anew; the first epoch of a continued run starts in its middle."""
        self.epoch = epoch + 1
        self.step, self._first_step = self._first_step, 0
        self._speed_since = (time.perf_counter(), self.step)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Report, check the loss and obey."""
        # The last execution of an epoch may be a shorter one; the index Keras gives then lies past the end.
        self.step += max(1, min(self._steps_per_execution, self._steps_per_epoch - self.step))
        now = time.perf_counter()
        if now >= self._next_report or self.step == self._steps_per_epoch:
            self._next_report = now + _REPORT_INTERVAL_S
            self._report(now, logs)
        self._require_finite("loss", logs)
        if self._control.is_pending:
            self._obey()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """What the last batch did to the weights shows in validation only, and must not reach a checkpoint."""
        self._require_finite("val_loss", logs)

    def _require_finite(self, name: str, logs: dict[str, Any] | None) -> None:
        if self._stop_on_nan and logs and not math.isfinite(logs.get(name, 0.0)):
            raise LossNotFinite(name, logs[name], self.epoch, self.step)

    def _report(self, now: float, logs: dict[str, Any] | None) -> None:
        since, step = self._speed_since
        speed = (self.step - step) * self._batch_size / max(1e-9, now - since)
        self._emit(
            BatchesEnded(
                epoch=self.epoch,
                step=self.step,
                steps_per_epoch=self._steps_per_epoch,
                samples_per_second=speed,
                metrics=plain_metrics(logs),
            )
        )
        if now - since > 2.0:
            self._speed_since = (now, self.step)

    def _obey(self) -> None:
        if self._control.take_checkpoint_request():
            self._save_state(self.epoch, self.step)
        if self._control.is_paused and not self._control.stop:
            self._hold(self.epoch, self.step)
            self._speed_since = (time.perf_counter(), self.step)
        if self._control.stop in ("now", "discard"):
            raise StoppedNow


class EarlyStopping(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends training after `patience` epochs without improvement; its state survives a stop.

    The best weights are not kept in memory: they are those of the `best` checkpoint of the same figure. Epochs without
    validation are counted, but judged only at the next one that has it.

    Args:
        settings: Figure, patience and least improvement.
        has_validation: Whether there is validation data.
        is_validated: Whether an epoch, from 1, ends with a validation.
        preferred: What `auto` watches where there is validation data.
    """

    name = "early_stopping"

    def __init__(
        self,
        settings: EarlyStoppingSection,
        *,
        has_validation: bool,
        is_validated: Callable[[int], bool] = lambda _: True,
        preferred: str = "val_loss",
    ) -> None:
        super().__init__()
        monitor = resolve_monitor(settings.monitor, has_validation=has_validation, preferred=preferred)
        self._best = BestFigure(monitor, resolve_mode(settings.mode, monitor), settings.min_delta)
        self._patience = settings.patience
        self._is_validated = is_validated
        self._wait = 0
        self._unjudged = 0
        self.message = ""

    @property
    def best(self) -> BestFigure:
        """The best value so far."""
        return self._best

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count epochs without improvement."""
        metrics = plain_metrics(logs)
        self._unjudged += 1
        if not is_judged(self._best.monitor, metrics, validated=self._is_validated(epoch + 1)):
            return
        require_known_monitor("training.early_stopping.monitor", self._best.monitor, metrics)
        passed, self._unjudged = self._unjudged, 0
        if self._best.offer(epoch + 1, metrics[self._best.monitor]):
            self._wait = 0
            return
        self._wait += passed
        if self._wait >= self._patience:
            self.message = (
                f"{self._best.monitor} has not improved for {self._wait} epochs; "
                f"its best was {self._best.value:.4f} in epoch {self._best.epoch}."
            )
            self.model.stop_training = True

    def state(self) -> dict[str, Any]:
        """What to save with a checkpoint."""
        return {"wait": self._wait, "unjudged": self._unjudged, "best": self._best.state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._wait = int(state.get("wait", 0))
        self._unjudged = int(state.get("unjudged", 0))
        self._best.restore(state.get("best", {}))


class ReduceOnPlateau(keras.callbacks.Callback):  # type: ignore[misc]
    """Lowers the learning rate after `patience` epochs without improvement; its state survives a stop.

    Epochs without validation are counted, but judged only at the next one that has it.

    Args:
        settings: Figure, patience and factor.
        has_validation: Whether there is validation data.
        changed: Called with the new rate and the cause.
        is_validated: Whether an epoch, from 1, ends with a validation.
        preferred: What `auto` watches where there is validation data.
    """

    name = "reduce_on_plateau"

    def __init__(
        self,
        settings: PlateauSection,
        *,
        has_validation: bool,
        changed: Callable[[float, str], None],
        is_validated: Callable[[int], bool] = lambda _: True,
        preferred: str = "val_loss",
    ) -> None:
        super().__init__()
        self._is_validated = is_validated
        self._unjudged = 0
        monitor = resolve_monitor(settings.monitor, has_validation=has_validation, preferred=preferred)
        self._settings = settings
        self._best = BestFigure(monitor, resolve_mode(settings.mode, monitor), settings.min_delta)
        self._wait = 0
        self._cooldown = 0
        self._changed = changed

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count epochs without improvement and lower the rate."""
        metrics = plain_metrics(logs)
        self._unjudged += 1
        if not is_judged(self._best.monitor, metrics, validated=self._is_validated(epoch + 1)):
            return
        require_known_monitor("training.reduce_on_plateau.monitor", self._best.monitor, metrics)
        passed, self._unjudged = self._unjudged, 0
        if self._cooldown > 0:
            self._cooldown = max(0, self._cooldown - passed)
            self._wait = 0
        if self._best.offer(epoch + 1, metrics[self._best.monitor]):
            self._wait = 0
        elif self._cooldown == 0:
            self._wait += passed
            if self._wait >= self._settings.patience:
                self._lower()

    def _lower(self) -> None:
        optimizer = self.model.optimizer
        rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
        lowered = max(rate * self._settings.factor, self._settings.min_learning_rate)
        waited = self._wait
        self._wait, self._cooldown = 0, self._settings.cooldown
        if lowered < rate:
            optimizer.learning_rate = lowered
            cause = f"{self._best.monitor} has not improved for {waited} epochs"
            self._changed(lowered, cause)

    def state(self) -> dict[str, Any]:
        """What to save with a checkpoint."""
        return {
            "wait": self._wait,
            "cooldown": self._cooldown,
            "unjudged": self._unjudged,
            "best": self._best.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._wait = int(state.get("wait", 0))
        self._cooldown = int(state.get("cooldown", 0))
        self._unjudged = int(state.get("unjudged", 0))
        self._best.restore(state.get("best", {}))
