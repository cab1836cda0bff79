"""Pictures that are decoded when a batch first asks for them: for so many that reading all first would take minutes.

A batch's pictures that are not there yet are decoded by TensorFlow, side by side. What it cannot read is left to
Pillow; what neither can read is marked, told and left out of the batch. What was decoded is kept, if there is a place.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.pictures.pillow_picture import UnreadablePictureError
from trainer.engine.data.dataset_options import fixed_options
from trainer.engine.data.decode_folder import CALLS_PER_CORE, num_cores
from trainer.engine.data.late_faults import LateFaults
from trainer.engine.data.late_rows import LateRows
from trainer.engine.data.pixels import ArrayPixels
from trainer.errors import DataError


class LateReader(Protocol):
    """Reads single rows of a folder or file, in any order."""

    @property
    def num_rows(self) -> int:
        """How many there are."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one decoded row."""

    @property
    def in_graph(self) -> GraphReader | None:
        """The quick way to read them, if there is one."""

    def look_at_some(self, progress: Callable[[int], None]) -> dict[int, str]:
        """Reason by row, for what is unreadable among some 2,000 that are looked at before training.

        The same files give the same rows in every session of a run: they decide which samples are divided.
        """

    def decode_alone(self, row: int) -> NDArray[np.uint8]:
        """One row, shape `shape`.

        Raises:
            UnreadablePictureError: It cannot be read.
        """


class GraphReader(Protocol):
    """Reads rows in a TensorFlow graph. What it cannot read is left to `LateReader.decode_alone`."""

    @property
    def fits(self) -> bool:
        """Whether rows seem to have the wanted size already."""

    def sources(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """What `decode_source` needs of some rows: object array of bytes, shape (len(rows),)."""

    def decode_source(self, source: Any, *, fits: bool) -> Any:
        """One row from its source, a scalar string tensor: uint8 of the rows' shape.

        Fails with a TensorFlow error where it cannot be read or, with `fits`, has another size.
        """


class LatePixels:
    """Rows that are read when they are asked for. See `Pixels`.

    Args:
        reader: Reads them.
        faults: Told what cannot be read.
        kept: Where they are kept once they are read; `None` to read them every time.
    """

    whole_batches = True

    def __init__(self, reader: LateReader, faults: LateFaults, kept: LateRows | None = None) -> None:
        self.faults = faults
        self._reader = reader
        self._kept = kept
        self._array = None if kept is None else ArrayPixels(kept.array)
        self._broken = np.zeros(reader.num_rows, dtype=bool)
        self._is_full = False
        self._lock = threading.Lock()

    @property
    def row_bytes(self) -> int:
        """Size of one decoded row."""
        return math.prod(self._reader.shape)

    def read(self, rows: Any) -> Any:
        """See `Pixels.read`; rows of shape (B,). What cannot be read is black."""
        return self.read_usable(rows)[0]

    def read_usable(self, rows: Any) -> tuple[Any, Any]:
        """As `read`, and bool of shape (B,): which rows could be read."""
        look = tf.numpy_function(self._look, [rows], [tf.int64, tf.string, tf.bool], stateful=False)
        missing, sources, usable = (_of_shape(tensor, (None,)) for tensor in look)

        def there() -> tuple[Any, Any]:
            if self._array is None:
                return tf.zeros((tf.size(rows), *self._reader.shape), tf.uint8), usable
            return self._array.read(rows), usable

        pictures, usable = tf.cond(tf.size(missing) > 0, lambda: self._read_missing(rows, missing, sources), there)
        return _of_shape(pictures, (None, *self._reader.shape)), usable

    def end_epoch(self) -> None:
        """Say what was found to be unreadable, and make what was decoded last."""
        self.faults.tell()
        if self._kept is not None:
            self._kept.save()

    def _look(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.bool_]]:
        """Rows to be read, each once; their sources; and which are not known to be broken."""
        self.faults.require_few()
        usable = ~self._broken[rows]
        wanted = usable if self._kept is None else usable & ~self._kept.there[rows]
        if not wanted.any():
            return np.empty(0, np.int64), np.empty(0, object), usable
        _, places = np.unique(rows[wanted], return_index=True)
        missing = rows[wanted][np.sort(places)]
        reader = self._reader.in_graph
        return missing, np.full(len(missing), b"") if reader is None else reader.sources(missing), usable

    def _read_missing(self, rows: Any, missing: Any, sources: Any) -> tuple[Any, Any]:
        reader, found = self._reader.in_graph, self._nothing()
        if reader is not None:
            found = self._decoded(reader, missing, sources, fits=reader.fits)
            if reader.fits:
                found = self._with_others(reader, found, missing, sources)
        finished = tf.numpy_function(self._finish, [rows, missing, *found], [tf.uint8, tf.bool], stateful=False)
        return _of_shape(finished[0], (None, *self._reader.shape)), _of_shape(finished[1], (None,))

    def _with_others(self, reader: GraphReader, found: tuple[Any, Any], missing: Any, sources: Any) -> tuple[Any, Any]:
        """With those that are of another size, if there are any."""
        places = tf.numpy_function(_places_without, [missing, found[0]], tf.int64, stateful=False)
        places = _of_shape(places, (None,))

        def both() -> tuple[Any, Any]:
            others = self._decoded(reader, tf.gather(missing, places), tf.gather(sources, places), fits=False)
            return tf.concat((found[0], others[0]), 0), tf.concat((found[1], others[1]), 0)

        return tf.cond(tf.size(places) > 0, both, lambda: found)  # type: ignore[no-any-return]

    def _decoded(self, reader: GraphReader, rows: Any, sources: Any, *, fits: bool) -> tuple[Any, Any]:
        """Those of the rows that TensorFlow can decode, and their pictures."""

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def decode(row: Any, source: Any) -> Any:
            return row, reader.decode_source(source, fits=fits)

        # A data set, as nothing else in a graph goes on where one of many fails.
        single = tf.data.Dataset.from_tensor_slices((rows, sources))
        pictures = single.map(decode, num_parallel_calls=CALLS_PER_CORE * num_cores(), deterministic=True)
        batch = pictures.ignore_errors().batch(tf.size(rows, tf.int64))
        batch = batch.concatenate(tf.data.Dataset.from_tensors(self._nothing())).take(1)
        return batch.with_options(fixed_options()).get_single_element()  # type: ignore[no-any-return]

    def _nothing(self) -> tuple[Any, Any]:
        return tf.zeros((0,), tf.int64), tf.zeros((0, *self._reader.shape), tf.uint8)

    def _finish(
        self, rows: NDArray[np.int64], missing: NDArray[np.int64], found: NDArray[np.int64], pictures: NDArray[np.uint8]
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """The whole batch, and which rows of it can be used."""
        self._keep(found, pictures)
        if np.array_equal(rows, found):
            return pictures, np.ones(len(rows), dtype=bool)
        new = dict(zip(found.tolist(), pictures, strict=True))
        for row in np.setdiff1d(missing, found).tolist():
            try:
                new[row] = self._reader.decode_alone(row)
            except (UnreadablePictureError, DataError) as error:
                self._broken[row] = True
                self.faults.add(row, str(error))
            else:
                self._keep(np.array([row]), new[row][np.newaxis])
        batch = np.zeros((len(rows), *self._reader.shape), np.uint8)
        for place, row in enumerate(rows.tolist()):
            if row in new:
                batch[place] = new[row]
            elif self._kept is not None and self._kept.there[row]:
                batch[place] = self._kept.array[row]
        return batch, ~self._broken[rows]

    def _keep(self, rows: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
        if self._kept is None or self._is_full or not len(rows):
            return
        try:
            self._kept.keep(rows, pictures)
        except OSError as error:
            with self._lock:
                is_first, self._is_full = not self._is_full, True
            if is_first:
                self.faults.warn(
                    f"Not all decoded data can be kept on disk: {error.strerror or error}. What is not kept is decoded "
                    "again in every epoch, which is slower. Free some space, or set data.cache to off."
                )


def _places_without(rows: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.flatnonzero(~np.isin(rows, found))


def _of_shape(tensor: Any, shape: tuple[int | None, ...]) -> Any:
    tensor.set_shape(shape)
    return tensor
