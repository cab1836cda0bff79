"""Which samples make up which batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.order import epoch_order


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Everything that decides the batches; see `Split.dataset` for the meanings."""

    num_samples: int
    batch_size: int
    epoch: int
    step: int
    shuffle: bool
    seed: int
    repeat: bool
    max_batches: int = 0

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        all_batches = -(-self.num_samples // self.batch_size)
        return min(all_batches, self.max_batches) if self.max_batches else all_batches

    @property
    def num_batches_left(self) -> int:
        """Batches from `step` to the end of the epoch."""
        return max(0, self.num_batches - self.step)

    def epoch_batches(self, epoch: int) -> NDArray[np.int64]:
        """Sample indices of an epoch, shape (batches, batch_size).

        The last batch is filled up with `-1 - i`, where i is its last index: told by its sign, and good for a
        sample that is read anyway. In the plan's first epoch, the batches before `step` are left out.
        """
        order = epoch_order(self.num_samples, self.seed, epoch) if self.shuffle else np.arange(self.num_samples)
        filled = np.full(self.num_batches * self.batch_size, -1 - order[-1], dtype=np.int64)
        filled[: self.num_samples] = order[: len(filled)]
        batches = filled.reshape(self.num_batches, self.batch_size)
        return batches[self.step :] if epoch == self.epoch else batches


def index_dataset(plan: BatchPlan, randomness: Callable[[Any], Any] | None, *, batched: bool = True) -> Any:
    """The plan as a `tf.data.Dataset`.

    Args:
        plan: What to follow.
        randomness: Gives the random numbers of an epoch, shape (num_samples, k), when samples are to carry them.
        batched: Whole batches; otherwise their samples one by one, the filling included.

    Returns:
        One-tuples of int64 indices of shape (batch_size,), or () if not batched, filled up as in
        `BatchPlan.epoch_batches`; with `randomness`, pairs of these and their random numbers.
    """

    def one_epoch(epoch: Any) -> Any:
        indices = tf.numpy_function(plan.epoch_batches, [epoch], tf.int64, stateful=False)
        indices = tf.reshape(indices, (-1, plan.batch_size) if batched else (-1,))
        if randomness is None:
            return tf.data.Dataset.from_tensor_slices((indices,))
        return tf.data.Dataset.from_tensor_slices((indices, tf.gather(randomness(epoch), without_sign(indices))))

    last = np.iinfo(np.int64).max if plan.repeat else plan.epoch + 1
    return tf.data.Dataset.range(plan.epoch, last).flat_map(one_epoch)


def without_sign(indices: Any) -> Any:
    """Indices of samples, those of the filling included."""
    return tf.where(indices < 0, -1 - indices, indices)


def without_filling(indices: Any, *columns: Any) -> tuple[Any, ...]:
    """The columns of a batch without the rows that fill it up, which `indices` tell by their sign."""
    num_samples = tf.math.count_nonzero(indices >= 0)
    return tuple(column[:num_samples] for column in columns)


def in_parallel(dataset: Any, function: Callable[..., Any], calls: int) -> Any:
    """`dataset.map(function)`, in order, with so many calls at once."""
    # Nothing in there branches in Python; converting it for that would only take time.
    function = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(function, num_parallel_calls=calls, deterministic=True)
