"""A rate that falls by the same share in every epoch."""

from __future__ import annotations

from typing import Any

import keras

from trainer.engine.schedules._curve import RateCurve, falling_shape, in_steps, require_in_range


def Exponential(
    initial_learning_rate: float,
    steps_per_epoch: int,
    factor: float = 0.9,
    every_epochs: float = 1.0,
    every_steps: int | None = None,
    min_learning_rate: float = 0.0,
    warmup_epochs: float = 0.0,
    warmup_steps: int | None = None,
) -> Any:
    """Falls smoothly, by the same factor in every epoch.

    Args:
        factor: What is left of the rate after `every_epochs`.
        every_epochs: Epochs in which the rate falls by the factor; fractions are allowed.
        every_steps: Training steps in which the rate falls by the factor, instead of epochs.
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
    return _Exponential(initial_learning_rate, warmup, **shape)


@keras.saving.register_keras_serializable("ModelGardener", name="Exponential")
class _Exponential(RateCurve):
    def after_warmup(self, step: Any, shape: dict[str, float]) -> Any:
        share = shape["factor"] ** (step / shape["every"])
        return keras.ops.maximum(self.initial_learning_rate * share, shape["min_learning_rate"])
