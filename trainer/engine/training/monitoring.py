"""Which figure decides what is best, and whether one value is better than another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from trainer.config.sections import TrainingSection
from trainer.errors import ConfigError, Problem

Direction = Literal["min", "max"]
_LOWER_IS_BETTER = ("loss", "error", "divergence", "mse", "mae", "mape", "msle", "crossentropy", "hinge", "poisson")


def resolve_monitor(name: str, *, has_validation: bool, preferred: str = "val_loss") -> str:
    """`auto` as the preferred figure of validation, or as `loss` where there is no validation data.

    >>> resolve_monitor("auto", has_validation=True, preferred="val_map50")
    'val_map50'
    """
    if name != "auto":
        return name
    return preferred if has_validation else "loss"


def resolve_mode(mode: str, monitor: str) -> Direction:
    """`auto` decided from the figure's name: losses, errors and crossentropies down, the rest up.

    >>> resolve_mode("auto", "val_loss"), resolve_mode("auto", "val_accuracy")
    ('min', 'max')
    """
    if mode == "min" or mode == "max":
        return mode  # type: ignore[return-value]
    plain = monitor.lower().replace("_", "")
    return "min" if any(word in plain for word in _LOWER_IS_BETTER) else "max"


def require_known_monitor(key: str, monitor: str, metrics: dict[str, float]) -> None:
    """Refuse to watch a figure that is never reported.

    Raises:
        ConfigError: `monitor` is not among the figures of the first epoch.
    """
    if monitor not in metrics:
        known = ", ".join(sorted(metrics))
        raise ConfigError((Problem(key, f"There is no figure '{monitor}' to watch. Reported are: {known}."),))


def is_validated(training: TrainingSection, epoch: int) -> bool:
    """Whether an epoch, counted from 1, ends with a validation: every n-th does, and the last."""
    return epoch % training.validate_every_epochs == 0 or epoch == training.epochs


def is_judged(monitor: str, metrics: dict[str, float], *, validated: bool) -> bool:
    """Whether an epoch can be judged by `monitor`: a validation figure is blank where there was no validation."""
    return validated or monitor in metrics or not monitor.startswith("val_")


@dataclass(slots=True)
class BestFigure:
    """Remembers the best value of a figure.

    Attributes:
        monitor: Name of the figure.
        mode: Whether lower or higher is better.
        min_delta: Smaller changes do not count.
        value: Best so far; not finite before the first.
        epoch: Epoch of the best value, from 1; 0 before the first.
    """

    monitor: str
    mode: Direction
    min_delta: float = 0.0
    value: float = math.nan
    epoch: int = 0

    def offer(self, epoch: int, value: float) -> bool:
        """Take a new value; returns whether it is the best so far. NaN never is."""
        if math.isnan(value):
            return False
        sign = 1.0 if self.mode == "max" else -1.0
        if self.epoch == 0 or sign * (value - self.value) > self.min_delta:
            self.value, self.epoch = value, epoch
            return True
        return False

    def state(self) -> dict[str, Any]:
        """What to save with a checkpoint."""
        return {"value": self.value if self.epoch else None, "epoch": self.epoch}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.epoch = int(state.get("epoch", 0))
        self.value = float(state["value"]) if self.epoch else math.nan
