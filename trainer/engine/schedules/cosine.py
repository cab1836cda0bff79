"""Half a cosine from the learning rate down to a least rate."""

from __future__ import annotations

import math
from typing import Any

import keras

from trainer.engine.schedules._curve import RateCurve, in_steps, require_in_range, steps_left


def Cosine(
    initial_learning_rate: float,
    steps_per_epoch: int,
    epochs: int,
    min_learning_rate: float = 0.0,
    decay_epochs: float | None = None,
    decay_steps: int | None = None,
    warmup_epochs: float = 0.0,
    warmup_steps: int | None = None,
) -> Any:
    """Falls slowly, then fast, then slowly again, along half a cosine down to the least rate.

    Args:
        min_learning_rate: Rate at the end of the fall, kept from then on.
        decay_epochs: Length of the fall in epochs; empty for the rest of training.
        decay_steps: Length of the fall in training steps, instead of in epochs.
        warmup_epochs: Epochs over which the rate first rises linearly from 0; fractions are allowed, 0 is none.
        warmup_steps: Length of the warm-up in training steps, instead of in epochs.

    Returns:
        A Keras learning rate schedule.

    Raises:
        ValueError: An argument is out of range.
    """
    require_in_range(
        min_learning_rate=min_learning_rate,
        decay_epochs=decay_epochs,
        decay_steps=decay_steps,
        warmup_epochs=warmup_epochs,
        warmup_steps=warmup_steps,
    )
    warmup = in_steps(warmup_epochs, warmup_steps, steps_per_epoch)
    length = steps_left(decay_epochs, decay_steps, steps_per_epoch, epochs, warmup)
    return _Cosine(initial_learning_rate, warmup, length=length, min_learning_rate=min_learning_rate)


@keras.saving.register_keras_serializable("ModelGardener", name="Cosine")
class _Cosine(RateCurve):
    def after_warmup(self, step: Any, shape: dict[str, float]) -> Any:
        least = shape["min_learning_rate"]
        progress = keras.ops.minimum(step / shape["length"], 1.0)
        return least + (self.initial_learning_rate - least) * 0.5 * (1.0 + keras.ops.cos(math.pi * progress))
