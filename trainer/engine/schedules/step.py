"""A rate that falls in steps."""

from __future__ import annotations

from typing import Any

import keras

from trainer.engine.schedules._curve import RateCurve, falling_shape, in_steps, require_in_range


def Step(
    initial_learning_rate: float,
    steps_per_epoch: int,
    every_epochs: float = 10.0,
    factor: float = 0.1,
    every_steps: int | None = None,
    min_learning_rate: float = 0.0,
    warmup_epochs: float = 0.0,
    warmup_steps: int | None = None,
) -> Any:
    """Keeps the rate for a while, multiplies it by a factor, keeps it, and so on.

    Args:
        every_epochs: Epochs from one fall to the next; fractions are allowed.
        factor: The rate is multiplied by this at every fall.
        every_steps: Training steps from one fall to the next, instead of epochs.
        min_learning_rate: The rate never falls below this.
        warmup_epochs: Epochs over which the rate first rises linearly from 0; fractions are allowed, 0 is none.
        warmup_steps: Length of the warm-up in training steps, instead of in epochs.

    Returns:
        A Keras learning rate schedule.

    Raises:
        ValueError: An argument is out of range.
    """
    require_in_range(
        every_epochs=every_epochs,
        every_steps=every_steps,
        factor=factor,
        min_learning_rate=min_learning_rate,
        warmup_epochs=warmup_epochs,
        warmup_steps=warmup_steps,
    )
    shape = falling_shape(
        steps_per_epoch,
        every_epochs=every_epochs,
        every_steps=every_steps,
        factor=factor,
        min_learning_rate=min_learning_rate,
    )
    warmup = in_steps(warmup_epochs, warmup_steps, steps_per_epoch)
    return _Step(initial_learning_rate, warmup, **shape)


@keras.saving.register_keras_serializable("ModelGardener", name="Step")
class _Step(RateCurve):
    def after_warmup(self, step: Any, shape: dict[str, float]) -> Any:
        num_falls = keras.ops.floor(step / shape["every"])
        return keras.ops.maximum(self.initial_learning_rate * shape["factor"] ** num_falls, shape["min_learning_rate"])
