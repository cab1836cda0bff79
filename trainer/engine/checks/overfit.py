"""Can the network learn a single batch by heart? One that cannot will not learn all the data either."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from trainer.engine.checks.finding import Finding
from trainer.engine.checks.subject import Subject

NUM_STEPS = 100
_LIMIT_S = 120.0
_LEARNED = 0.1
_LEARNS = 0.5


def check_overfit(subject: Subject, weights: list[Any], stepped: Callable[[], None] = lambda: None) -> Finding:
    """Train on the same batch again and again, until its loss is far down, or 100 steps or two minutes are over.

    Args:
        subject: What is checked; its weights change.
        weights: Those to start from, as `get_weights` gives them.
        stepped: Told after every step.
    """
    model, begin = subject.model, time.monotonic()
    model.set_weights(weights)
    losses: list[float] = []
    while len(losses) < NUM_STEPS and time.monotonic() - begin < _LIMIT_S:
        model.reset_metrics()
        figures = model.train_on_batch(subject.inputs, subject.labels, *subject.weights, return_dict=True)
        losses.append(float(figures["loss"]))
        stepped()
        if not math.isfinite(losses[-1]) or min(losses[-3:]) < 0.5 * _LEARNED * losses[0]:
            break
    return _judged(losses, float(min(losses[-3:])))


def _judged(losses: list[float], last: float) -> Finding:
    title = "One batch by heart"
    text = f"The loss of one batch went from {losses[0]:.4g} to {last:.4g} in {len(losses)} steps."
    if not math.isfinite(losses[-1]):
        return Finding("overfit", title, "fail", text, "Lower the learning rate, or clip the gradients with clipnorm.")
    if last <= _LEARNED * losses[0] or last < 0.01:
        return Finding("overfit", title, "pass", text)
    if last <= _LEARNS * losses[0]:
        advice = "It learns, but slowly: try a higher learning rate (Find learning rate), or less dropout."
        return Finding("overfit", title, "warn", text, advice)
    advice = "It does not learn even that: look at the labels, the loss, the learning rate and what is frozen."
    return Finding("overfit", title, "fail", text, advice)
