"""The training data of a user's own loop: a `tf.data.Dataset` every pass over which is one epoch, under control."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import tensorflow as tf

from trainer.engine.data.counted import Counted

_POOL_THREADS = 4


class PassObserver(Protocol):
    """Told where the passes over the data are. What it raises leaves the loop; called from TensorFlow's threads."""

    def begin_pass(self) -> tuple[int, int]:
        """A pass begins; returns the epoch, from 0, and the batch of it to begin with."""

    def before_batch(self) -> None:
        """The next batch is about to be given, so the one before is done."""

    def end_pass(self) -> None:
        """The last batch of the pass is done."""


class EpochPasses:
    """Makes the dataset.

    Args:
        make: Gives endless batches from (epoch, step) on.
        num_batches: Batches of a whole epoch.
        observer: Told of passes and batches.
    """

    def __init__(self, make: Callable[[int, int], Any], num_batches: int, observer: PassObserver) -> None:
        self._make = make
        self._num_batches = num_batches
        self._observer = observer
        self._position = (-1, -1)
        self.failure: Exception | None = None
        """Why a batch could not be read."""
        self._source: Iterator[Any] = iter(())
        self._spec = make(0, 0).element_spec
        self._empty = [tf.zeros([side or 0 for side in spec.shape], spec.dtype) for spec in tf.nest.flatten(self._spec)]

    def dataset(self, *, is_whole: bool) -> Any:
        """The batches as they are trained on in `fit`; each iteration is the next epoch.

        Args:
            is_whole: Every pass has all batches; not so where the first one continues an epoch.
        """
        passes = tf.data.Dataset.range(1).map(_plain(lambda _: tf.py_function(self._begin, [], tf.int64)))
        batches = passes.flat_map(
            _plain(lambda _: tf.data.Dataset.range(self._num_batches + 1).map(_plain(self._pull)))
        )
        given = batches.take_while(_plain(lambda more, _: more)).map(_plain(lambda _, batch: batch))
        options = tf.data.Options()
        options.autotune.enabled = False
        options.experimental_optimization.apply_default_optimizations = False
        # A loop that holds must not keep a thread that others wait for.
        options.threading.private_threadpool_size = _POOL_THREADS
        given = given.with_options(options)
        if is_whole:
            return given.apply(tf.data.experimental.assert_cardinality(self._num_batches))
        return Counted(given, self._num_batches)

    def _begin(self) -> Any:
        position = self._observer.begin_pass()
        if position != self._position:
            self._source = iter(self._make(*position))
        self._position = position
        return 0

    def _pull(self, _: Any) -> Any:
        kinds = [tf.bool, *(empty.dtype for empty in self._empty)]
        more, *columns = tf.py_function(self._next, [], kinds)
        more.set_shape(())
        for column, spec in zip(columns, tf.nest.flatten(self._spec), strict=True):
            column.set_shape(spec.shape)
        return more, tf.nest.pack_sequence_as(self._spec, columns)

    def _next(self) -> list[Any]:
        epoch, step = self._position
        if step >= self._num_batches:
            self._observer.end_pass()
            self._position = (epoch + 1, 0)
            return [False, *self._empty]
        self._observer.before_batch()
        batch = self._read()
        self._position = (epoch, step + 1)
        return [True, *tf.nest.flatten(batch)]

    def _read(self) -> Any:
        try:
            return next(self._source)
        except Exception as error:
            self.failure = error
            raise


def stoppable(dataset: Any, before_batch: Callable[[], None]) -> Any:
    """Validation batches that a stop reaches: `before_batch` is called for each and may raise."""

    def look() -> bool:
        before_batch()
        return True

    def check(*batch: Any) -> Any:
        with tf.control_dependencies([tf.py_function(look, [], tf.bool)]):
            return tf.nest.map_structure(tf.identity, batch)

    checked, num_batches = dataset.map(_plain(check)), int(dataset.cardinality())
    # Mapping forgets a length that not every pass holds to.
    return checked if num_batches < 0 else Counted(checked, num_batches)


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    converted: Callable[..., Any] = tf.autograph.experimental.do_not_convert(function)
    return converted
