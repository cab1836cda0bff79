"""Batches that are read several at once, without the samples that turn out to be unreadable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.engine.data.batches import BatchPlan, in_parallel, index_dataset, without_filling, without_sign
from trainer.engine.data.decode_folder import num_cores
from trainer.engine.data.late_pixels import LatePixels
from trainer.engine.data.pixels import Pixels
from trainer.engine.data.stored_pixels import StoredPixels

_MOST_AT_ONCE = 256
_BYTES_AT_ONCE = 16 * 2**20


def are_late(*sources: Pixels | None) -> bool:
    """Whether any of them may leave out samples."""
    return any(isinstance(source, LatePixels) for source in sources)


def are_read_together(*sources: Pixels | None) -> bool:
    """Whether reading several batches at once is quicker, as each reading takes long to begin."""
    return any(isinstance(source, (LatePixels, StoredPixels)) for source in sources)


def read_usable(rows: Any, *sources: Pixels) -> tuple[tuple[Any, ...], Any]:
    """The rows of several sources, and bool of shape (B,): which could be read from all."""
    found, usable = [], tf.ones_like(rows, tf.bool)
    for source in sources:
        if isinstance(source, LatePixels):
            read, is_usable = source.read_usable(rows)
            usable &= is_usable
        else:
            read = source.read(rows)
        found.append(read)
    return tuple(found), usable


def look(rows: NDArray[np.int64], *sources: Pixels) -> NDArray[np.bool_]:
    """Which rows can be read from all of several sources; read outside of a graph.

    Raises:
        DataError: More cannot be read than is tolerated.
    """
    try:
        usable: NDArray[np.bool_] = read_usable(tf.constant(rows), *sources)[1].numpy()
    except tf.errors.OpError:
        for source in sources:
            if isinstance(source, LatePixels) and source.faults.failure is not None:
                raise source.faults.failure from None
        raise
    return usable


@dataclass(frozen=True, slots=True, eq=False)
class BatchesTogether:
    """Makes the batches of a part of the data, reading several at once.

    Attributes:
        rows: int64 tensor, shape (num_samples,): where each sample is in the sources.
        sources: Pictures, and masks if there are any; `are_read_together`.
        num_samples: Samples of the part.
    """

    rows: Any
    sources: tuple[Pixels, ...]
    num_samples: int

    def batches(self, plan: BatchPlan, randomness: Callable[[Any], Any] | None, finish: Callable[..., Any]) -> Any:
        """What `finish(*columns)` gives for every batch of the plan, without the samples that cannot be read.

        Its columns are what the sources gave, then the numbers of the samples and what `randomness` gave. Where nothing
        would be left of a batch of a plan without end, the samples after these are taken: networks cannot be trained on
        nothing.
        """
        row_bytes = [source.row_bytes for source in self.sources if isinstance(source, (LatePixels, StoredPixels))]
        several = max(1, min(_MOST_AT_ONCE, _BYTES_AT_ONCE // max(row_bytes)) // plan.batch_size)

        def finish_batch(*columns: Any) -> Any:
            columns = without_filling(columns[-1 if randomness is None else -2], *columns)
            return finish(*self._readable(columns, fill=plan.repeat))

        groups = index_dataset(plan, randomness).batch(several)
        read = in_parallel(groups, self._read_several, calls=num_cores()).unbatch()
        return in_parallel(read, finish_batch, calls=num_cores())

    def _read(self, numbers: Any) -> tuple[tuple[Any, ...], Any]:
        return read_usable(tf.gather(self.rows, numbers), *self.sources)

    def _read_several(self, numbers: Any, *draws: Any) -> tuple[Any, ...]:
        """Columns for several batches at once: of the sources, whether they could be read, and those given."""
        columns, usable = self._read(without_sign(tf.reshape(numbers, (-1,))))
        size = tf.shape(numbers)
        divided = [tf.reshape(column, tf.concat((size, tf.shape(column)[1:]), 0)) for column in (*columns, usable)]
        for column, whole in zip(divided, (*columns, usable), strict=True):
            column.set_shape((None, numbers.shape[1], *whole.shape[1:]))
        return *divided, numbers, *draws

    def _readable(self, columns: tuple[Any, ...], *, fill: bool) -> tuple[Any, ...]:
        """The columns of the samples that can be read, without the one that tells which these are."""
        count = len(self.sources)
        found, usable, numbers, others = columns[:count], columns[count], columns[count + 1], columns[count + 2 :]
        if not are_late(*self.sources):
            return *found, numbers, *others
        if fill:
            numbers, found, usable = self._shifted(numbers, found, usable)
        everything = (*found, numbers, *others)
        return tf.cond(  # type: ignore[no-any-return]
            tf.reduce_all(usable),
            lambda: everything,
            lambda: tuple(tf.boolean_mask(column, usable) for column in everything),
        )

    def _shifted(self, numbers: Any, found: tuple[Any, ...], usable: Any) -> tuple[Any, Any, Any]:
        def is_empty(shift: Any, _numbers: Any, _found: Any, usable: Any) -> Any:
            return tf.logical_not(tf.reduce_any(usable)) & (shift < self.num_samples)

        def next_one(shift: Any, numbers: Any, _found: Any, _usable: Any) -> Any:
            numbers = (numbers + 1) % self.num_samples
            return shift + 1, numbers, *self._read(numbers)

        _, numbers, found, usable = tf.while_loop(is_empty, next_one, (tf.constant(0), numbers, found, usable))
        some = tf.debugging.Assert(tf.reduce_any(usable), ["No sample of this part of the data can be read."])
        with tf.control_dependencies([some]):
            return tf.identity(numbers), found, usable


def without_empty(batches: Any) -> Any:
    """The batches of which something is left."""

    def is_left(*batch: Any) -> Any:
        return tf.shape(tf.nest.flatten(batch)[0])[0] > 0

    return batches.filter(tf.autograph.experimental.do_not_convert(is_left))
