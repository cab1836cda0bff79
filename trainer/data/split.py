"""Holds out a part of the samples for validation, the same share of every class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data.order import random_order


def stratified_split(
    labels: NDArray[np.int32], fraction: float, seed: int, *stream: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split samples into training and validation.

    Every class gives its share, rounded so that the whole comes to `fraction`; every class keeps at least one
    training sample. With a fraction above 0, at least one sample is held out if any class has two.

    Args:
        labels: Class of every sample, shape (number of samples,).
        fraction: Share to hold out, from 0 to below 1.
        seed: The same seed gives the same split.
        *stream: Sets this division apart from another with the same seed.

    Returns:
        Indices of the training and of the validation samples, each sorted.
    """
    counts = np.bincount(labels).astype(np.int64)
    quotas = _held_out_counts(counts, fraction)
    order = random_order(len(labels), seed, *stream)
    by_class = order[np.argsort(labels[order], kind="stable")]
    starts = np.cumsum(counts) - counts
    position_in_class = np.arange(len(labels)) - np.repeat(starts, counts)
    held_out = position_in_class < np.repeat(quotas, counts)
    return np.sort(by_class[~held_out]), np.sort(by_class[held_out])


def _held_out_counts(counts: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    """How many samples each class gives: its share rounded down, the rest to the largest remainders."""
    most = np.maximum(counts - 1, 0)
    if fraction <= 0 or not most.any():
        return np.zeros_like(counts)
    exact = counts * fraction
    quotas: NDArray[np.int64] = np.minimum(np.floor(exact).astype(np.int64), most)
    total = min(max(round(float(exact.sum())), 1), int(most.sum()))
    while (lacking := total - int(quotas.sum())) > 0:
        remainders = np.where(quotas < most, exact - quotas, -np.inf)
        quotas[np.argsort(-remainders, kind="stable")[: min(lacking, int((quotas < most).sum()))]] += 1
    return quotas
