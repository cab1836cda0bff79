"""Writes run folders in the published format, as a worker would."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from trainer.runs import events as e
from trainer.runs.folder import RunFolder
from trainer.runs.process import ProcessIdentity

DEAD = ProcessIdentity(process_id=2**22 + 1, start_time=1.0)
"""A process that cannot exist: beyond the highest id Linux gives out."""


class RunWriter:
    """A run being written. Its worker is this process, unless told otherwise."""

    def __init__(self, runs_dir: Path, *, project: str = "cifar10") -> None:
        self.folder = RunFolder.create(runs_dir, "project: {}\n", project=project, seed=7)
        self.set_process(ProcessIdentity.current())

    @property
    def path(self) -> Path:
        return self.folder.path

    def set_process(self, process: ProcessIdentity | None) -> None:
        self.folder.write_record(self.folder.read_record().model_copy(update={"process": process}))

    def add(self, *events: Any) -> None:
        with self.folder.events_path.open("ab") as file:
            file.write(b"".join(e.encode_event(event) for event in events))

    def log(self, *lines: str) -> None:
        with self.folder.log_path.open("ab") as file:
            file.write("".join(f"{line}\n" for line in lines).encode())

    def start(self, *, session: int = 1) -> None:
        self.add(e.SessionStarted(session=session, process_id=1, resumed=session > 1))

    def prepare(self) -> None:
        """Session and all phases before training."""
        self.start()
        self.add(*(e.PhaseStarted(phase=phase) for phase in list(e.Phase)[:5]))
        self.add(e.DataLoaded(num_train=640, num_validation=64))
        self.add(e.ModelBuilt(name="SmallCnn", num_parameters=10, num_trainable_parameters=10))

    def train(self, losses: list[float], *, epochs: int = 10, initial_epoch: int = 0, **others: float) -> None:
        """Epochs with these validation losses; the best is the least so far."""
        self.add(
            e.TrainingStarted(epochs=epochs, steps_per_epoch=10, batch_size=64, initial_epoch=initial_epoch),
            e.PhaseStarted(phase=e.Phase.TRAINING),
        )
        best = float("inf")
        for epoch, loss in enumerate(losses, initial_epoch + 1):
            self.batches(epoch, loss)
            metrics = {"loss": loss - 0.1, "val_loss": loss, **others}
            self.add(
                e.EpochEnded(epoch=epoch, metrics=metrics, learning_rate=1e-3, duration_s=2.0, is_best=loss < best)
            )
            self.add(e.CheckpointSaved(name="last", epoch=epoch))
            best = min(best, loss)

    def batches(self, epoch: int, loss: float, *, steps: int = 10) -> None:
        self.add(e.EpochStarted(epoch=epoch))
        for step in range(5, steps + 1, 5):
            self.add(
                e.BatchesEnded(
                    epoch=epoch, step=step, steps_per_epoch=10, samples_per_second=500.0, metrics={"loss": loss}
                )
            )

    def end(self, outcome: e.Outcome, reason: e.Reason, message: str = "It ended.", **others: Any) -> None:
        self.add(e.SessionEnded(time=time.time(), outcome=outcome, reason=reason, message=message, **others))
