"""Tiny real training runs: pictures whose colour is their class, a network of a few hundred weights."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.launch import create_run, prepare_continue
from trainer.runs.events import SessionEnded
from trainer.runs.folder import RunFolder
from trainer.runs.output import RunOutput

COLOURS = {"blue": (40, 60, 200), "green": (50, 190, 60), "red": (200, 50, 40)}
PICTURES_PER_CLASS = 12
NUM_STEPS = 4
"""Batches of an epoch: 27 training pictures in batches of 8; the other 9 are held out."""
NUM_VALIDATION = 9

_TINY: dict[str, Any] = {
    "data": {"image_size": [12, 12], "batch_size": 8, "validation_fraction": 0.25, "cache": "memory"},
    "model": {"architecture": {"name": "SmallCNN", "arguments": {"filters": 4, "num_blocks": 1}}},
    "training": {"epochs": 2, "initial_learning_rate": 0.01},
    "output": {"tensorboard": False},
}

Kind = TypeVar("Kind")


def draw_pictures(folder: Path, per_class: int = PICTURES_PER_CLASS, seed: int = 0) -> Path:
    """Write noisy PNGs of 12 × 12 into one folder per colour."""
    noise = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            pixels = np.array(colour) + noise.integers(-40, 40, (12, 12, 3))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name / f"{number:02}.png")
    return folder


@dataclass
class TinyData:
    """What a model is told of the data."""

    input_shape: tuple[int, ...]
    num_classes: int
    target_kind: Any = "classes"
    layers: tuple[Any, ...] = ()
    output_layers: tuple[Any, ...] = ()


def tiny_config(pictures: Path, changes: Mapping[str, Any] | None = None) -> Config:
    """A configuration that trains in a second; `changes` are values by dotted key."""
    values = with_overrides(_TINY, {"data.train_dir": str(pictures), **(changes or {})})
    return Config.model_validate(values)


def write_code(path: Path, code: str) -> Path:
    """Write a user's file; its first line is line 1."""
    path.write_text(textwrap.dedent(code).lstrip("\n"), encoding="utf-8")
    return path


class ListeningOutput(RunOutput):
    """Remembers what is said, and lets a test answer at an exact place: `react` is called with each event."""

    def __init__(self, events_path: Path, react: Callable[[Any], None] | None = None) -> None:
        super().__init__(events_path)
        self.events: list[Any] = []
        self.lines: list[str] = []
        self._react = react

    def emit(self, event: Any) -> None:
        super().emit(event)
        self.events.append(event)
        if self._react is not None:
            self._react(event)

    def log(self, tag: str, message: str) -> None:
        super().log(tag, message)
        self.lines.append(f"[{tag}] {message}")


@dataclass
class Session:
    """One session of a run, ended."""

    folder: RunFolder
    ending: SessionEnded
    events: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def all_of(self, kind: type[Kind]) -> list[Kind]:
        """The events of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def only(self, kind: type[Kind]) -> Kind:
        """The one event of a kind."""
        (event,) = self.all_of(kind)
        return event


class TinyRuns:
    """Starts and continues runs in this process.

    Args:
        folder: Where run folders go.
        pictures: What is trained on unless a run says otherwise.
    """

    def __init__(self, folder: Path, pictures: Path) -> None:
        self.folder = folder
        self.pictures = pictures

    def create(self, changes: Mapping[str, Any] | None = None) -> RunFolder:
        """A run folder that waits for a worker."""
        changes = {"output.runs_dir": str(self.folder / "runs"), **(changes or {})}
        return create_run(tiny_config(self.pictures, changes), self.folder)

    def train(
        self, changes: Mapping[str, Any] | None = None, react: Callable[[Any, Any], None] | None = None
    ) -> Session:
        """Train a new run; `react` is called with the control and each event."""
        return run_session(self.create(changes), resume=False, react=react)

    def go_on(
        self,
        folder: RunFolder,
        changes: Mapping[str, Any] | None = None,
        react: Callable[[Any, Any], None] | None = None,
    ) -> Session:
        """Continue a run that ended."""
        prepare_continue(folder, changes)
        return run_session(folder, resume=True, react=react)


def run_session(folder: RunFolder, *, resume: bool, react: Callable[[Any, Any], None] | None = None) -> Session:
    """Run a session in this process, without a worker."""
    import keras

    from trainer.engine.training.control import TrainingControl
    from trainer.engine.training.job import run_training

    # Names of layers and metrics count from 1 again, as in a worker of its own.
    keras.backend.clear_session(free_memory=False)
    control = TrainingControl()
    output = ListeningOutput(folder.events_path, (lambda event: react(control, event)) if react else None)
    ending = run_training(folder, control, output, resume=resume)
    output.emit(ending)
    return Session(folder, ending, output.events, output.lines)
