"""What tests of the light half share: real folders of small pictures, and runs written as a worker would."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from main import main
from trainer.config.document import resolved_yaml
from trainer.config.validate import validate
from trainer.runs import events as e
from trainer.runs.folder import RunFolder
from trainer.runs.line_file import append_line
from trainer.runs.process import ProcessIdentity

# Else Hypothesis writes what it remembers into the working directory.
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(os.environ["XDG_CACHE_HOME"]) / "hypothesis")

DEAD = ProcessIdentity(process_id=2**22 + 1, start_time=1.0)
"""A process that cannot exist: beyond the highest id Linux gives out."""

Gardener = Callable[..., int]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A class folder: ten cats and ten dogs of 24 × 20 pixels."""
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        folder = tmp_path / "pets" / name
        folder.mkdir(parents=True)
        for number in range(10):
            pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "pets"


@pytest.fixture
def gardener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gardener:
    """Run the command line in this process, with the test's folder as working directory; gives the exit code."""
    monkeypatch.chdir(tmp_path)
    # A window would wait for a person.
    monkeypatch.setitem(sys.modules, "app.application", SimpleNamespace(main=lambda _: pytest.fail("a window opened")))

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["gardener", *map(str, arguments)])
        try:
            return main()
        except SystemExit as ended:
            assert isinstance(ended.code, int)
            return ended.code

    return run


class WrittenRun:
    """A run folder and the events written into it."""

    def __init__(self, runs_dir: Path, process: ProcessIdentity | None = DEAD) -> None:
        text = resolved_yaml(validate({"project": {"name": "pets"}}))
        self.folder = RunFolder.create(runs_dir, text, project="pets", seed=3)
        self.folder.write_record(self.folder.read_record().model_copy(update={"process": process}))

    def add(self, *events: object) -> None:
        for event in events:
            append_line(self.folder.events_path, e.encode_event(event))

    def train(self, *losses: float, epochs: int = 5) -> None:
        """A session with one epoch per validation loss."""
        self.add(
            e.SessionStarted(session=1, process_id=1),
            e.ModelBuilt(name="SmallCNN", num_parameters=10, num_trainable_parameters=10),
            e.TrainingStarted(epochs=epochs, steps_per_epoch=4, batch_size=8),
        )
        for number, loss in enumerate(losses, 1):
            is_best = loss == min(losses[:number])
            metrics = {"loss": loss, "val_loss": loss}
            self.add(e.EpochEnded(epoch=number, metrics=metrics, learning_rate=0.1, duration_s=2.0, is_best=is_best))

    def end(self, outcome: e.Outcome = e.Outcome.COMPLETED, reason: e.Reason = e.Reason.ALL_EPOCHS_DONE) -> None:
        self.add(e.SessionEnded(outcome=outcome, reason=reason, message="It ended."))
