"""What the built-in schedules share: a warm-up, and lengths that are given in epochs or in steps."""

from __future__ import annotations

from typing import Any

import keras

from trainer.catalog.schedule_limits import schedule_faults


class RateCurve(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that rises linearly from 0 over the warm-up and then follows a curve.

    Args:
        initial_learning_rate: Rate at the end of the warm-up.
        warmup_steps: Length of the warm-up in training steps; 0 for none.
        **shape: What the curve after the warm-up is made of.
    """

    def __init__(self, initial_learning_rate: float, warmup_steps: float = 0.0, **shape: float) -> None:
        super().__init__()
        self.initial_learning_rate = initial_learning_rate
        self.warmup_steps = warmup_steps
        self._shape = shape

    def __call__(self, step: Any) -> Any:
        """The rate at a training step (batches done, from 0): a float32 scalar."""
        step = keras.ops.cast(step, "float32")
        rate = self.after_warmup(keras.ops.maximum(step - self.warmup_steps, 0.0), self._shape)
        if self.warmup_steps > 0:
            rising = self.initial_learning_rate * step / self.warmup_steps
            rate = keras.ops.where(step < self.warmup_steps, rising, rate)
        return keras.ops.cast(rate, "float32")

    def after_warmup(self, step: Any, shape: dict[str, float]) -> Any:
        """The rate `step` steps after the warm-up; a curve defines it."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        given = {"initial_learning_rate": self.initial_learning_rate, "warmup_steps": self.warmup_steps}
        return given | self._shape


def in_steps(epochs: float | None, steps: float | None, steps_per_epoch: int) -> float:
    """A length given in epochs or in steps, as steps.

    Args:
        epochs: The length in epochs; fractions are allowed.
        steps: The length in steps. It wins over a length in epochs.
        steps_per_epoch: Batches of an epoch.
    """
    return float(steps) if steps is not None else float(epochs or 0.0) * steps_per_epoch


def steps_left(
    epochs: float | None, steps: float | None, steps_per_epoch: int, all_epochs: int, warmup: float
) -> float:
    """Length of a curve in steps; without a length of its own, from the warm-up to the end of training.

    At least 1, also where the whole training is warm-up.
    """
    if epochs is None and steps is None:
        return max(1.0, all_epochs * steps_per_epoch - warmup)
    return max(1.0, in_steps(epochs, steps, steps_per_epoch))


def require_in_range(**arguments: Any) -> None:
    """Refuse arguments that are out of range.

    Raises:
        ValueError: One is.
    """
    if faults := schedule_faults(arguments):
        raise ValueError("; ".join(f"{name}: {message}" for name, message in faults.items()))


def falling_shape(
    steps_per_epoch: int, *, every_epochs: float, every_steps: int | None, factor: float, min_learning_rate: float
) -> dict[str, float]:
    """What a rate that falls by a factor again and again is made of."""
    every = in_steps(every_epochs, every_steps, steps_per_epoch)
    return {"every": every, "factor": factor, "min_learning_rate": min_learning_rate}
