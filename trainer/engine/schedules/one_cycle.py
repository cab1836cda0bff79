"""One rise above the learning rate and one long fall far below it."""

from __future__ import annotations

import math
from typing import Any

import keras

from trainer.engine.schedules._curve import RateCurve, in_steps, require_in_range


def OneCycle(
    initial_learning_rate: float,
    steps_per_epoch: int,
    epochs: int,
    start_divisor: float = 25.0,
    end_divisor: float = 10000.0,
    rise_fraction: float = 0.3,
    rise_epochs: float | None = None,
    rise_steps: int | None = None,
) -> Any:
    """Rises to the learning rate and falls far below where it started, both along half a cosine.

    The learning rate is the peak; give a larger one than for other schedules, such as the learning-rate finder's
    (Smith and Topin, Super-Convergence, 2018; shape as in PyTorch's OneCycleLR).

    Args:
        start_divisor: Training starts with the learning rate divided by this.
        end_divisor: Training ends with the starting rate divided by this.
        rise_fraction: Share of training in which the rate rises.
        rise_epochs: Epochs in which the rate rises, instead of a share; fractions are allowed.
        rise_steps: Training steps in which the rate rises, instead of epochs.

    Returns:
        A Keras learning rate schedule.

    Raises:
        ValueError: An argument is out of range.
    """
    require_in_range(
        start_divisor=start_divisor,
        end_divisor=end_divisor,
        rise_fraction=rise_fraction,
        rise_epochs=rise_epochs,
        rise_steps=rise_steps,
    )
    total = epochs * steps_per_epoch
    is_share = rise_epochs is None and rise_steps is None
    rise = rise_fraction * total if is_share else in_steps(rise_epochs, rise_steps, steps_per_epoch)
    fall = max(1.0, total - rise)  # also where the whole training is rise
    shape = {"rise": rise, "fall": fall, "start_divisor": start_divisor, "end_divisor": end_divisor}
    return _OneCycle(initial_learning_rate, **shape)


@keras.saving.register_keras_serializable("ModelGardener", name="OneCycle")
class _OneCycle(RateCurve):
    def after_warmup(self, step: Any, shape: dict[str, float]) -> Any:
        rise, start = shape["rise"], self.initial_learning_rate / shape["start_divisor"]
        end = start / shape["end_divisor"]
        falling = self._between(self.initial_learning_rate, end, (step - rise) / shape["fall"])
        if rise == 0:
            return falling
        return keras.ops.where(step < rise, self._between(start, self.initial_learning_rate, step / rise), falling)

    def _between(self, first: float, last: float, progress: Any) -> Any:
        progress = keras.ops.clip(progress, 0.0, 1.0)
        return last + (first - last) * 0.5 * (1.0 + keras.ops.cos(math.pi * progress))
