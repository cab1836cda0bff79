"""Warm-up, then half a cosine down to a least rate."""

from __future__ import annotations

from typing import Any

from trainer.engine.schedules._curve import in_steps, require_in_range, steps_left
from trainer.engine.schedules.cosine import _Cosine


def WarmupCosine(
    initial_learning_rate: float,
    steps_per_epoch: int,
    epochs: int,
    warmup_epochs: float = 3.0,
    min_learning_rate: float = 1e-6,
    warmup_steps: int | None = None,
) -> Any:
    """Rises linearly from 0, then falls along half a cosine and reaches the least rate at the end of training.

    With e the epochs done (fractions between them), E all epochs, w those of the warm-up, r the learning rate and m the
    least one, the rate is r · e/w while e < w, and m + (r − m) · ½ · (1 + cos(π · (e − w)/(E − w))) after that
    (Loshchilov and Hutter, SGDR, 2017, without restarts).

    Args:
        warmup_epochs: Length of the warm-up in epochs; fractions are allowed, 0 is none.
        min_learning_rate: Rate at the end of training.
        warmup_steps: Length of the warm-up in training steps, instead of in epochs.

    Returns:
        A Keras learning rate schedule.

    Raises:
        ValueError: An argument is out of range.
    """
    require_in_range(
        warmup_epochs=warmup_epochs,
        min_learning_rate=min_learning_rate,
        warmup_steps=warmup_steps,
    )
    warmup = in_steps(warmup_epochs, warmup_steps, steps_per_epoch)
    length = steps_left(None, None, steps_per_epoch, epochs, warmup)
    return _Cosine(initial_learning_rate, warmup, length=length, min_learning_rate=min_learning_rate)
