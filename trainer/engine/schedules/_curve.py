"""What the built-in schedules share: a warm-up, and lengths that are given in epochs or in steps."""

from __future__ import annotations

from typing import Any

import keras


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


def in_steps(name: str, epochs: float | None, steps: float | None, steps_per_epoch: int) -> float:
    """A length given in epochs or in steps, as steps.

    Args:
        name: What the arguments are called before `_epochs` and `_steps`, for the message.
        epochs: The length in epochs; fractions are allowed.
        steps: The length in steps. It wins over a length in epochs.
        steps_per_epoch: Batches of an epoch.

    Raises:
        ValueError: The length is negative.
    """
    length = float(steps) if steps is not None else float(epochs or 0.0) * steps_per_epoch
    if length < 0:
        raise ValueError(f"{name}_epochs or {name}_steps must not be negative, received {steps or epochs}.")
    return length


def steps_left(
    epochs: float | None, steps: float | None, steps_per_epoch: int, all_epochs: int, warmup: float
) -> float:
    """Length of a curve in steps; without a length of its own, from the warm-up to the end of training. At least 1."""
    if epochs is None and steps is None:
        return max(1.0, all_epochs * steps_per_epoch - warmup)
    return max(1.0, in_steps("decay", epochs, steps, steps_per_epoch))


def require(condition: bool, expectation: str, received: object) -> None:
    """Refuse an argument.

    Raises:
        ValueError: `condition` is false.
    """
    if not condition:
        raise ValueError(f"{expectation}, received {received}.")


def falling_shape(
    steps_per_epoch: int, *, every_epochs: float, every_steps: int | None, factor: float, min_learning_rate: float
) -> dict[str, float]:
    """What a rate that falls by a factor again and again is made of.

    Raises:
        ValueError: An argument is out of range.
    """
    every = in_steps("every", every_epochs, every_steps, steps_per_epoch)
    require(every > 0, "every_epochs or every_steps must be above 0", every_steps or every_epochs)
    require(0 < factor <= 1, "factor must be above 0 and at most 1", factor)
    require(min_learning_rate >= 0, "min_learning_rate must not be negative", min_learning_rate)
    return {"every": every, "factor": factor, "min_learning_rate": min_learning_rate}
