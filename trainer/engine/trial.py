"""Tries one component of a configuration out: builds it and runs it on one batch of the configuration's own data."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from trainer.catalog.check import components_of
from trainer.catalog.entry import ComponentKind
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.config.paths import with_absolute_paths
from trainer.config.validate import validate
from trainer.config.yaml_editor import lookup
from trainer.engine.components import make
from trainer.engine.described import described, described_range, described_time
from trainer.engine.training.adapted_metric import with_one_hot_labels
from trainer.engine.training.control import TrainingControl
from trainer.engine.training.ending import end_of_error
from trainer.engine.training.schedule import preview_learning_rate
from trainer.engine.training.session import StartPoint, TrainingSession
from trainer.engine.user_errors import user_code
from trainer.errors import ConfigError, GardenerError, Problem
from trainer.launch import create_run
from trainer.runs.output import RunOutput

_QUIET: dict[str, Any] = {
    "output.tensorboard": False,
    "training.early_stopping.enabled": False,
    "training.reduce_on_plateau.enabled": False,
    "training.steps_per_execution": 1,
    "checkpoints.last_every_epochs": 0,
    "checkpoints.keep_every_epochs": 0,
    "model.initial_weights": None,
    "model.pretrained": False,
    "model.frozen_layers": "",
    "model.gradual_unfreezing.enabled": False,
    "runtime.strategy": "none",
}
"""What a trial does without."""
_OTHERS: dict[str, Any] = {
    "data.preprocessing": [],
    "data.augmentation.steps": [],
    "training.callbacks": [],
    "training.training_loop": None,
    "training.learning_rate_schedule": None,
    "training.metrics": None,
    "training.loss": None,
    "training.optimizer": {"name": "Adam"},
}
"""Components that are left out unless they are what is tried: their faults are theirs."""
_BATCHES_OF_DRY_RUN = 2


@dataclass(frozen=True, slots=True)
class TrialReport:
    """What came of a trial that worked.

    Attributes:
        key: Dotted key of the component.
        kind: What it is used as.
        name: Its name.
        takes: What it was given, with shapes and types.
        gives: What it gave.
        time_ms: How long it took, once everything was built.
        num_parameters: Of a model; `None` for everything else.
    """

    key: str
    kind: str
    name: str
    takes: str
    gives: str
    time_ms: float
    num_parameters: int | None = None

    def sentence(self) -> str:
        """All of it in one line."""
        count = f", {self.num_parameters:,} parameters" if self.num_parameters is not None else ""
        flow = " → ".join(text for text in (self.takes, self.gives) if text)
        return f"{self.name} works: {flow}, {described_time(self.time_ms / 1000)}{count}"


class TrialError(GardenerError):
    """A component that did not pass its trial.

    Attributes:
        file: The user's file that the failure is in; empty if it is in none.
        line: Line there.
        trace: The user's part of the traceback.
    """

    def __init__(self, message: str, *, file: str = "", line: int | None = None, trace: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.trace = trace


def run_trial(config: Config, base_dir: Path, key: str, scratch_dir: Path) -> TrialReport:
    """Build the component at a key and run it on one batch; callbacks and training loops on two batches of training.

    Args:
        config: The configuration.
        base_dir: Folder that its relative paths start from.
        key: Dotted key of a component, such as `training.loss` or `training.callbacks.0`.
        scratch_dir: A folder to write into.

    Raises:
        ConfigError: There is no component at the key, or it does not pass the checks made before every training.
        TrialError: It raised, or gave something unfit; with file, line and trace where the fault is the user's.
    """
    config = with_absolute_paths(config, base_dir)
    kind, component = _component_at(config, key)
    reduced = _reduced(config, key, kind, component, scratch_dir)
    folder = create_run(reduced, base_dir)
    session = TrainingSession(folder, reduced, TrainingControl(), RunOutput(folder.events_path), StartPoint())
    try:
        session.prepare()
        return _TRIALS[kind](_Tried(session, reduced, key, kind, component))
    except (Exception, SystemExit) as error:
        end = end_of_error(error, session, ())
        raise TrialError(end.message, file=end.file, line=end.line, trace=end.trace) from error


def _component_at(config: Config, key: str) -> tuple[ComponentKind, Component]:
    found = {place: (kind, component) for place, kind, component in components_of(config)}
    if key in found:
        return found[key]
    listed = ", ".join(found)
    raise ConfigError((Problem(key, f"There is no component here to try. Those of this configuration: {listed}."),))


def _reduced(config: Config, key: str, kind: ComponentKind, component: Component, runs_dir: Path) -> Config:
    """The configuration with one short epoch and nothing but what is tried."""
    values = config.to_dict()
    changes = _QUIET | {"output.runs_dir": str(runs_dir)}
    if not config.training.outputs:
        changes |= {place: empty for place, empty in _OTHERS.items() if not f"{key}.".startswith(f"{place}.")}
    if kind != "schedule":
        changes |= {"training.epochs": 1, "training.max_train_batches": _BATCHES_OF_DRY_RUN}
    elif key != "training.learning_rate_schedule":
        changes["training.learning_rate_schedule"] = component.model_dump(mode="json")
    if config.model.architecture.file is None and kind != "model" and not config.training.outputs:
        changes["model.architecture"] = {"name": "SmallCNN"}
    owner, _, index = key.rpartition(".")
    if index.isdigit() and owner in _OTHERS:
        items = lookup(values, owner)
        first = 0 if kind == "preprocessing" else int(index)  # a step gets what those before it give
        changes[owner] = items[first : int(index) + 1]
    return validate(with_overrides(values, changes))


@dataclass(frozen=True, slots=True)
class _Tried:
    """A prepared session and what is tried in it."""

    session: TrainingSession
    config: Config
    key: str
    kind: ComponentKind
    component: Component

    def made(self) -> Any:
        return make(self.kind, self.component, self.session.folder.functions_path)

    def call(self, function: Callable[[], Any]) -> tuple[Any, float]:
        """What the user's code gives and the milliseconds of a second call, after everything was built in the first."""
        with user_code(self.component.file or "", self.component.name):
            function()
            begin = time.perf_counter()
            result = function()
            return result, 1000 * (time.perf_counter() - begin)

    def report(self, takes: str, gives: str, time_ms: float, num_parameters: int | None = None) -> TrialReport:
        return TrialReport(self.key, self.kind, self.component.name, takes, gives, time_ms, num_parameters)

    def batch(self) -> tuple[Any, Any]:
        inputs, labels, *_ = next(iter(self.session.train_dataset(0, 0)))
        return inputs, labels

    def compared(self) -> tuple[Any, Any]:
        """Labels and the network's answer for one batch; of one output where there are several."""
        inputs, labels = self.batch()
        predictions = self.session.model(inputs, training=False)
        parts = self.key.split(".")
        if isinstance(predictions, Mapping) and parts[:2] == ["training", "outputs"]:
            name = self.config.training.outputs[int(parts[2])].name
            return labels[name], predictions[name]
        return labels, predictions


def _try_data(tried: _Tried) -> TrialReport:
    batches = iter(tried.session.train_dataset(0, 0))
    (inputs, labels, *_), time_ms = tried.call(lambda: next(batches))
    height, width = tried.config.data.image_size
    takes = "" if tried.kind == "loader" else f"pictures of {height} × {width}"
    return tried.report(takes, f"{described(inputs)}{described_range(inputs)}, labels {described(labels)}", time_ms)


def _try_model(tried: _Tried) -> TrialReport:
    inputs, _ = tried.batch()
    model = tried.session.model
    outputs, time_ms = tried.call(lambda: model(inputs, training=False))
    return tried.report(described(inputs), described(outputs), time_ms, int(model.count_params()))


def _try_loss(tried: _Tried) -> TrialReport:
    labels, predictions = tried.compared()
    loss = tried.made()
    value, time_ms = tried.call(lambda: loss(labels, predictions))
    mean = float(np.mean(keras.ops.convert_to_numpy(value)))
    return tried.report(_pair(labels, predictions), f"{described(value)}, mean {mean:.4g}", time_ms)


def _try_metric(tried: _Tried) -> TrialReport:
    labels, predictions = tried.compared()
    metric = with_one_hot_labels(tried.made()) if tried.config.training.outputs == () else tried.made()
    value, time_ms = tried.call(lambda: metric(labels, predictions))
    mean = float(np.mean(keras.ops.convert_to_numpy(value)))
    return tried.report(_pair(labels, predictions), f"{described(value)}, {mean:.4g}", time_ms)


def _try_optimizer(tried: _Tried) -> TrialReport:
    inputs, labels = tried.batch()
    losses: list[float] = []

    def step() -> None:
        losses.append(float(tried.session.model.train_on_batch(inputs, labels, return_dict=True)["loss"]))

    _, time_ms = tried.call(step)
    return tried.report(described(inputs), f"one step, loss {losses[0]:.4g} then {losses[-1]:.4g}", time_ms)


def _try_schedule(tried: _Tried) -> TrialReport:
    points, time_ms = tried.call(lambda: preview_learning_rate(tried.config, tried.session.steps_per_epoch))
    rates = points.learning_rates
    epochs = tried.config.training.epochs
    gives = f"from {rates[0]:.3g} to {rates[-1]:.3g}, between {min(rates):.3g} and {max(rates):.3g}"
    return tried.report(f"{epochs:,} epochs", gives, time_ms)


def _try_training(tried: _Tried) -> TrialReport:
    begin = time.perf_counter()
    tried.session.train()
    time_ms = 1000 * (time.perf_counter() - begin)
    batches = min(_BATCHES_OF_DRY_RUN, tried.session.steps_per_epoch)
    return tried.report(f"{batches} batches", "trained", time_ms)


_TRIALS: dict[str, Callable[[_Tried], TrialReport]] = {
    "loader": _try_data,
    "preprocessing": _try_data,
    "augmentation": _try_data,
    "model": _try_model,
    "loss": _try_loss,
    "metric": _try_metric,
    "optimizer": _try_optimizer,
    "schedule": _try_schedule,
    "callback": _try_training,
    "training_loop": _try_training,
    "output": _try_training,
}


def _pair(labels: Any, predictions: Any) -> str:
    return f"labels {described(labels)}, predictions {described(predictions)}"
