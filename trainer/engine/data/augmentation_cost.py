"""What augmentation costs, for the Data page and the log."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from trainer.config.sections import AugmentationSection
from trainer.engine.data.split import Split

_BATCHES = 4
_ROUNDS = 3


def augmentation_cost_ms(train: Split, augmentation: AugmentationSection, *, batch_size: int = 32) -> float:
    """How much longer a training picture takes with its augmentation, all steps included, than without.

    It takes about a second with a few hundred pictures per second, and reads no more than one batch of pictures again
    and again.

    Args:
        train: Training pictures, with their steps.
        augmentation: The section `data.augmentation`.
        batch_size: Pictures per batch.

    Returns:
        Milliseconds per picture, with all processor cores at work as in training; at least 0.
    """
    few = train.take(np.arange(min(batch_size, train.num_samples), dtype=np.int64))
    with_it = _batches(few, augmentation, batch_size)
    without = _batches(few, None, batch_size)
    differences = []
    for _ in range(_ROUNDS):
        differences.append(_seconds(with_it) - _seconds(without))
    return max(0.0, statistics.median(differences) * 1000 / (_BATCHES * few.num_samples))


def _batches(part: Split, augmentation: AugmentationSection | None, batch_size: int) -> Iterator[Any]:
    dataset = part.dataset(
        batch_size=batch_size, shuffle=False, seed=0, augmentation=augmentation, one_hot=True, repeat=True
    )
    batches: Iterator[Any] = iter(dataset)
    next(batches)  # traces the graph
    return batches


def _seconds(batches: Iterator[Any]) -> float:
    start_s = time.perf_counter()
    for _ in islice(batches, _BATCHES):
        pass
    return time.perf_counter() - start_s
