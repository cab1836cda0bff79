"""Checks of training options that contradict each other, or need something that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trainer.catalog.mask_support import mask_problems
from trainer.config.config import Config
from trainer.config.paths import resolve
from trainer.errors import Problem

_CLIPPING = frozenset({"clipnorm", "clipvalue", "global_clipnorm"})
_AVERAGING = frozenset({"use_ema", "ema_momentum", "ema_overwrite_frequency"})


def training_problems(config: Config, base_dir: Path) -> Iterator[Problem]:
    """Problems of the options of training and of the network's start.

    Args:
        config: The configuration.
        base_dir: Folder that relative paths start from.
    """
    yield from _given_twice(config)
    yield from _schedule_problems(config)
    yield from _loop_problems(config)
    yield from _backend_problems(config)
    yield from _unfreezing_problems(config)
    yield from _weights_problems(config, base_dir)
    yield from mask_problems(config)


def _given_twice(config: Config) -> Iterator[Problem]:
    training = config.training
    rows = {
        "training.learning_rate_schedule": (
            training.learning_rate_schedule is not None,
            frozenset({"learning_rate"}),
        ),
        "training.weight_decay": (training.weight_decay is not None, frozenset({"weight_decay"})),
        "training.gradient_clipping.enabled": (training.gradient_clipping.enabled, _CLIPPING),
        "training.gradient_accumulation_steps": (
            training.gradient_accumulation_steps > 1,
            frozenset({"gradient_accumulation_steps"}),
        ),
        "training.weight_averaging.enabled": (training.weight_averaging.enabled, _AVERAGING),
    }
    arguments = {name for name, value in training.optimizer.arguments.items() if value is not None}
    for key, (is_set, names) in rows.items():
        if is_set and (both := sorted(names & arguments)):
            yield Problem(key, f"The optimizer's argument {', '.join(both)} says the same. Give one of the two.")


def _schedule_problems(config: Config) -> Iterator[Problem]:
    training = config.training
    own_schedule = training.optimizer.arguments.get("learning_rate")
    has_schedule = training.learning_rate_schedule is not None or own_schedule is not None
    if has_schedule and training.reduce_on_plateau.enabled:
        yield Problem(
            "training.reduce_on_plateau.enabled",
            "A learning rate schedule decides the rate already, and lowering it on a plateau would undo that. Switch "
            "this off, or remove the schedule: training.learning_rate_schedule, or the optimizer's own.",
        )


def _loop_problems(config: Config) -> Iterator[Problem]:
    """Options that only Keras' `fit` knows."""
    training = config.training
    if training.training_loop is None:
        return
    only_fit = {
        "training.validate_every_epochs": training.validate_every_epochs > 1,
        "model.gradual_unfreezing.enabled": config.model.gradual_unfreezing.enabled,
    }
    for key, is_set in only_fit.items():
        if is_set:
            yield Problem(key, "Your own training loop decides this by itself. Leave it at its default.")


def _backend_problems(config: Config) -> Iterator[Problem]:
    """Options that reach into the training step, which each backend makes in its own way."""
    backend, training = config.runtime.backend, config.training
    if backend == "tensorflow":
        return
    only_tensorflow = {
        "training.steps_per_execution": training.steps_per_execution > 1,
        "training.weight_averaging.enabled": training.weight_averaging.enabled,
        "model.gradual_unfreezing.enabled": config.model.gradual_unfreezing.enabled,
    }
    for key, is_set in only_tensorflow.items():
        if is_set:
            yield Problem(key, f"This works with the backend tensorflow only, received {backend}.")


def _unfreezing_problems(config: Config) -> Iterator[Problem]:
    gradual = config.model.gradual_unfreezing
    if not gradual.enabled:
        return
    if not config.model.trainable_backbone:
        yield Problem(
            "model.gradual_unfreezing.enabled",
            "The backbone is switched off as a whole by model.trainable_backbone. Switch that on: gradual unfreezing "
            "starts with a frozen backbone anyway.",
        )
    if gradual.first_epoch > config.training.epochs:
        yield Problem(
            "model.gradual_unfreezing.first_epoch",
            f"Training ends after {config.training.epochs} epochs, before the first layers are freed.",
            severity="warning",
        )


def _weights_problems(config: Config, base_dir: Path) -> Iterator[Problem]:
    place = config.model.initial_weights
    if not place:
        return
    path = resolve(place, base_dir)
    try:
        is_there, is_folder = path.exists(), path.is_dir()
    except OSError as error:
        yield Problem("model.initial_weights", f"{str(path)[:200]} cannot be looked at: {error.strerror or error}.")
        return
    if not is_there:
        yield Problem("model.initial_weights", f"There is no file or folder {path}.")
    elif not is_folder and not path.name.endswith((".keras", ".h5")):
        message = f"Expected a run's folder, a .keras or a .weights.h5 file, received {path.name}."
        yield Problem("model.initial_weights", message)
