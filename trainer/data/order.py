"""The order in which samples are seen: a pure function of the seed and the epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_order(num_samples: int, *entropy: int) -> NDArray[np.int64]:
    """A permutation of `0 … num_samples - 1` that depends on `entropy` only.

    It sorts the raw bits of PCG64, which NumPy keeps the same in every version; the results of its
    `permutation` may change, and would then change the meaning of a seed in old runs.
    """
    bits = np.random.PCG64(np.random.SeedSequence(entropy)).random_raw(num_samples)
    return np.argsort(bits, kind="stable").astype(np.int64)


def epoch_order(num_samples: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of samples in one epoch; epochs count from 0."""
    return random_order(num_samples, seed, epoch)
