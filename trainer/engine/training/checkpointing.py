"""Saving and restoring the complete state of training, without making training wait for the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.engine.training.history import History
from trainer.engine.training.variables import Arrays, restore_snapshot, take_snapshot, write_arrays
from trainer.runs.checkpoints import CheckpointManifest, link_checkpoint, verify_checkpoint, write_checkpoint

STATE_FILE = "state.npz"


class Checkpointer:
    """Writes checkpoints on a thread of its own; at most one is being written at a time.

    Args:
        checkpoints_dir: The run's `checkpoints/`.
        saved: Called with (name, epoch, step) when a checkpoint is complete on disk.
        failed: Called with a sentence when one could not be written; training goes on.
    """

    def __init__(
        self, checkpoints_dir: Path, saved: Callable[[str, int, int], None], failed: Callable[[str], None]
    ) -> None:
        self._dir = checkpoints_dir
        self._saved = saved
        self._failed = failed
        self._thread: threading.Thread | None = None
        self._snapshot: Arrays = {}
        self.has_failed = False
        """Whether the newest checkpoint could not be written."""

    def save(
        self,
        names: list[str],
        model: Any,
        manifest: CheckpointManifest,
        *,
        metrics: Arrays | None = None,
        wait: bool = False,
    ) -> None:
        """Copy the state now and write it under each of `names`, in the background unless `wait`.

        Args:
            names: Folders below `checkpoints/`.
            model: A compiled model.
            manifest: Its description.
            metrics: State of the metrics, where the model holds another one than that to be saved.
            wait: Return when it is on disk.
        """
        self.wait()
        self._snapshot = take_snapshot(model, into=self._snapshot)
        arrays = self._snapshot | (metrics or {})
        self.has_failed = False
        self._thread = threading.Thread(
            target=self._write, args=(names, arrays, manifest), name="checkpoint-writer", daemon=False
        )
        self._thread.start()
        if wait:
            self.wait()

    def wait(self) -> None:
        """Return when nothing is being written any more."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _write(self, names: list[str], arrays: Arrays, manifest: CheckpointManifest) -> None:
        first: Path | None = None
        for name in names:
            try:
                if first is None:
                    write_checkpoint(self._dir, name, manifest, {STATE_FILE: lambda path: write_arrays(arrays, path)})
                else:
                    link_checkpoint(first, name)
            except OSError as error:
                self.has_failed = True
                cause = error.strerror or str(error)
                self._failed(f"The checkpoint '{name}' could not be saved: {cause}. Training goes on; free some space.")
                continue
            first = self._dir / name
            self._saved(name, manifest.epoch, manifest.step)


def make_manifest(
    epoch: int, step: int, metrics: dict[str, float], callbacks: list[Any], history: History
) -> CheckpointManifest:
    """Describe the state after `epoch` whole epochs and `step` batches of the next."""
    remembering = {callback.name: callback.state() for callback in callbacks}
    return CheckpointManifest(
        epoch=epoch,
        step=step,
        created=time.time(),
        metrics=metrics,
        callbacks=remembering,
        history=[dict(row) for row in history.rows],
    )


def restore_checkpoint(folder: Path, manifest: CheckpointManifest, model: Any, callbacks: list[Any]) -> History:
    """Give a compiled model and its callbacks the state of a checkpoint; returns the history up to it.

    Raises:
        RunError: The checkpoint is damaged or of another model.
    """
    verify_checkpoint(folder, manifest)
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    restore_snapshot(model, folder / STATE_FILE)
    for callback in callbacks:
        if state := manifest.callbacks.get(callback.name):
            callback.restore(state)
    return History([row | {"epoch": int(row["epoch"])} for row in manifest.history])
