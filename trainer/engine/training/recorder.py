"""What happens when an epoch ends: judge it, record it, save it, and stop if asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from trainer.config.config import Config
from trainer.engine.training.callbacks import plain_metrics
from trainer.engine.training.checkpointing import Checkpointer, make_manifest
from trainer.engine.training.control import StoppedNow, TrainingControl
from trainer.engine.training.history import History
from trainer.engine.training.monitoring import BestFigure, is_judged, is_validated, require_known_monitor
from trainer.engine.training.variables import Arrays, take_metrics
from trainer.runs.events import EpochEnded, EpochStarted, Phase
from trainer.runs.output import RunOutput


class EpochRecorder(keras.callbacks.Callback):  # type: ignore[misc]
    """Runs last among the callbacks, so that a checkpoint holds their state after the epoch.

    Args:
        config: The run's configuration.
        best: Figure that decides what is best.
        output: Takes events and log lines.
        control: Requests of the worker's main thread.
        checkpointer: Writes checkpoints.
        history_path: Where `history.csv` goes.
    """

    name = "recorder"

    def __init__(
        self,
        config: Config,
        best: BestFigure,
        output: RunOutput,
        control: TrainingControl,
        checkpointer: Checkpointer,
        history_path: Path,
    ) -> None:
        super().__init__()
        self._config = config
        self._output = output
        self._control = control
        self._checkpointer = checkpointer
        self._history_path = history_path
        self._begun_at = 0.0
        self._earlier_s = 0.0
        self._learning_rate = 0.0
        self._saved_rate: float | None = None
        self.best = best
        self.history = History()
        self.remembering: list[Any] = [self]
        self.epochs_done = 0
        self.restore_metrics: Callable[[], None] | None = None
        self._train_metrics: Arrays | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Start the clock; a continued epoch gets its running means back after Keras reset them."""
        self._begun_at = time.perf_counter()
        self._learning_rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self._train_metrics = None
        if self.restore_metrics is not None:
            if self._saved_rate is not None:
                self._learning_rate = self._saved_rate
            self.restore_metrics()
            self.restore_metrics = None
        if epoch > 0:
            self._output.phase(Phase.TRAINING)
        self._output.emit(EpochStarted(epoch=epoch + 1))

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Say that validation begins; it uses the same metrics, so what they hold of training is put aside."""
        self._train_metrics = take_metrics(self.model)
        self._output.phase(Phase.VALIDATING)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """'Stop now' does not wait for the rest of the validation."""
        if self._control.is_pending and self._control.stop in ("now", "discard"):
            raise StoppedNow

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Judge, record and save."""
        metrics = plain_metrics(logs)
        number = epoch + 1
        is_best = self._judge(number, metrics)
        duration_s = time.perf_counter() - self._begun_at + self._earlier_s
        self._earlier_s = 0.0
        self.epochs_done = number
        self.history.add(number, metrics, self._learning_rate, duration_s)
        self._output.emit(
            EpochEnded(
                epoch=number,
                metrics=metrics,
                learning_rate=self._learning_rate,
                duration_s=duration_s,
                is_best=is_best,
            )
        )
        self._log(number, metrics)
        self._write_csv()
        self._save(number, metrics, is_best)
        if self._control.stop:
            self.model.stop_training = True

    def _judge(self, epoch: int, metrics: dict[str, float]) -> bool:
        validated = is_validated(self._config.training, epoch)
        if not is_judged(self.best.monitor, metrics, validated=validated):
            return False
        require_known_monitor("checkpoints.monitor", self.best.monitor, metrics)
        return self.best.offer(epoch, metrics[self.best.monitor])

    def _log(self, epoch: int, metrics: dict[str, float]) -> None:
        figures = " - ".join(f"{name}: {value:.4f}" for name, value in metrics.items())
        self._output.log("TRAINING", f"Epoch {epoch}/{self._config.training.epochs} - {figures}")

    def _write_csv(self) -> None:
        try:
            self.history.write_csv(self._history_path)
        except OSError as error:
            self._output.notice("error", f"history.csv could not be written: {error.strerror or error}.")

    def _save(self, epoch: int, metrics: dict[str, float], is_best: bool) -> None:
        settings = self._config.checkpoints
        names = ["best"] if is_best else []
        if settings.last_every_epochs and epoch % settings.last_every_epochs == 0:
            names.append("last")
        if settings.keep_every_epochs and epoch % settings.keep_every_epochs == 0:
            names.append(f"epoch_{epoch:04d}")
        if names:
            self._checkpointer.save(names, self.model, self.manifest(epoch, 0, metrics))

    def save_now(self, epoch: int, step: int, *, name: str = "last") -> None:
        """Save the complete state inside an epoch: `epoch` counts from 1, `step` batches of it are done."""
        manifest = self.manifest(epoch - 1, step, {})
        self._checkpointer.save([name], self.model, manifest, metrics=self._train_metrics, wait=True)

    def manifest(self, epochs_done: int, step: int, metrics: dict[str, float]) -> Any:
        """Describe the current state."""
        return make_manifest(epochs_done, step, metrics, self.remembering, self.history)

    def state(self) -> dict[str, Any]:
        """What to save with a checkpoint."""
        spent = time.perf_counter() - self._begun_at + self._earlier_s if self._begun_at else 0.0
        return {"best": self.best.state(), "epoch_spent_s": spent, "learning_rate": self._learning_rate}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.best.restore(state.get("best", {}))
        self._saved_rate = state.get("learning_rate")

    def resume(self, history: History, epochs_done: int, spent_s: float) -> None:
        """Take over the history of earlier sessions."""
        self.history, self.epochs_done, self._earlier_s = history, epochs_done, spent_s
