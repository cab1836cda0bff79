"""TensorBoard event files: every figure, the learning rate, the time and the memory of each epoch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import psutil
import tensorflow as tf

from trainer.engine.training.callbacks import plain_metrics


class EpochSummaries(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes scalars per epoch: training figures into `train/`, validation figures into `validation/`."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._writers: dict[str, Any] = {}
        self._begun_at = 0.0
        self._learning_rate = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Start the clock; the learning rate at the end may already be the next epoch's."""
        self._begun_at = time.perf_counter()
        self._learning_rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write one point per figure."""
        metrics = plain_metrics(logs)
        train = {f"epoch_{name}": value for name, value in metrics.items() if not name.startswith("val_")}
        train["epoch_learning_rate"] = self._learning_rate
        train["epoch_duration_s"] = time.perf_counter() - self._begun_at
        train["memory_bytes"] = float(psutil.Process().memory_info().rss)
        validation = {f"epoch_{n.removeprefix('val_')}": v for n, v in metrics.items() if n.startswith("val_")}
        self._write("train", train, epoch)
        self._write("validation", validation, epoch)

    def _write(self, name: str, scalars: dict[str, float], epoch: int) -> None:
        if not scalars:
            return
        if name not in self._writers:
            self._writers[name] = tf.summary.create_file_writer(str(self._folder / name))
        with self._writers[name].as_default(step=epoch + 1):
            for tag, value in scalars.items():
                tf.summary.scalar(tag, value)
        self._writers[name].flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Close the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
