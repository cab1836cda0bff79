"""Randomness of steps on batches: a pure function of the run's seed, the epoch, the batch and the step."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

_ALGORITHM = "philox"  # named, since 'auto' depends on the device


def batch_seed(seed: int, step: int, epoch: Any, batch: Any) -> Any:
    """The seed of one step on one batch: int32, shape (2,).

    Args:
        seed: The run's seed.
        step: Number of the step.
        epoch: int64 tensor, from 0.
        batch: int64 tensor, from 0 in every epoch.
    """
    drawn = tf.constant([seed, step], tf.int32)
    for number in (epoch, batch):
        drawn = fold_in(drawn, number)
    return drawn


def fold_in(seed: Any, number: Any) -> Any:
    """Another seed, of shape (2,), for each number."""
    return tf.random.experimental.stateless_fold_in(seed, tf.cast(number, tf.int32), alg=_ALGORITHM)


class BatchSeeds(keras.random.SeedGenerator):  # type: ignore[misc]
    """Takes the place of a layer's own seed generator, whose numbers would depend on how often it was called."""

    def begin(self, seed: Any, number: int) -> None:
        """Start anew for a batch; `number` tells the generators of one step apart."""
        self._begun_with = fold_in(seed, number)
        self._num_drawn = 0

    def next(self, ordered: bool = True) -> Any:  # noqa: ARG002
        """The next seed: int32, shape (2,)."""
        self._num_drawn += 1
        return fold_in(self._begun_with, self._num_drawn)


def seed_layer(layer: Any) -> tuple[BatchSeeds, ...]:
    """Replace the seed generators of a layer and of the layers in it; returns the new ones."""
    replaced: list[BatchSeeds] = []
    for inner in layer._flatten_layers():
        for name, value in list(vars(inner).items()):
            if isinstance(value, keras.random.SeedGenerator):
                seeds = BatchSeeds(seed=0)
                object.__setattr__(inner, name, seeds)
                object.__setattr__(inner, "_get_seed_generator", lambda _backend=None, seeds=seeds: seeds)
                replaced.append(seeds)
    return tuple(replaced)
