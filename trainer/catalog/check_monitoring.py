"""Whether there will be the figure that training watches."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.config.config import Config
from trainer.errors import Problem

_VALIDATION = "val_"


def monitor_problems(config: Config, *, has_validation: bool) -> Iterator[Problem]:
    """Figures of a validation that are to be watched where nothing is validated on.

    A loop or a callback of the user's may report any figure, so nothing is said where there is one: after the first
    epoch it is known which figures there are.

    Args:
        config: The configuration.
        has_validation: Whether there is validation data.
    """
    training = config.training
    is_of_user = training.training_loop is not None or any(callback.file for callback in training.callbacks)
    if has_validation or is_of_user:
        return
    watched = {
        "checkpoints.monitor": (True, config.checkpoints.monitor),
        "training.early_stopping.monitor": (training.early_stopping.enabled, training.early_stopping.monitor),
        "training.reduce_on_plateau.monitor": (training.reduce_on_plateau.enabled, training.reduce_on_plateau.monitor),
    }
    for key, (is_used, monitor) in watched.items():
        if is_used and monitor.startswith(_VALIDATION):
            yield Problem(
                key,
                f"There is no validation data, so there will be no {monitor} to watch. Choose loss or auto, or hold "
                "out a share by data.validation_fraction.",
            )
