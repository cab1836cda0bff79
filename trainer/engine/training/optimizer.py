"""The optimizer of a configuration, with the options that every optimizer of Keras has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras

from trainer.config.config import Config
from trainer.config.sections import TrainingSection
from trainer.engine.components import build, find_object
from trainer.engine.user_errors import misfit

_CLIPPING = {"global_norm": "global_clipnorm", "norm": "clipnorm", "value": "clipvalue"}


def build_optimizer(config: Config, learning_rate: Any, functions_dir: Path | None) -> Any:
    """The optimizer with weight decay, clipping, accumulation and averaging as the configuration says.

    Args:
        config: Its `training` section.
        learning_rate: A number or a Keras schedule.
        functions_dir: The run's copies of user files.

    Raises:
        ConfigError: The built-in optimizer refuses its arguments.
        UserCodeError: The user's optimizer raised, or is none.
    """
    chosen = config.training.optimizer
    optimizer = build("optimizer", chosen, functions_dir, learning_rate=learning_rate)
    options = optimizer_options(config.training)
    if options and not isinstance(optimizer, keras.optimizers.Optimizer):
        message = f"Expected a keras.optimizers.Optimizer, received {type(optimizer).__name__}."
        raise misfit(message, str(chosen.file), find_object("optimizer", chosen, functions_dir))
    # Set on the object, as a user's own function need not take them; Keras reads them when it first steps.
    for name, value in options.items():
        setattr(optimizer, name, value)
    return optimizer


def optimizer_options(training: TrainingSection) -> dict[str, Any]:
    """What Keras calls the options that are not left to the optimizer itself."""
    options: dict[str, Any] = {}
    if training.weight_decay is not None:
        options["weight_decay"] = training.weight_decay
    if training.gradient_clipping.enabled:
        options[_CLIPPING[training.gradient_clipping.method]] = training.gradient_clipping.limit
    if training.gradient_accumulation_steps > 1:
        options["gradient_accumulation_steps"] = training.gradient_accumulation_steps
    averaging = training.weight_averaging
    if averaging.enabled:
        options |= {"use_ema": True, "ema_momentum": averaging.momentum}
        options["ema_overwrite_frequency"] = averaging.overwrite_every_steps or None
    return options
