"""Pictures as JPEG or PNG bytes inside of a file, such as in TFRecord, decoded by row."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.arrays.array_shaped import EncodedPictures
from trainer.data.pictures.pillow_picture import UnreadablePictureError, read_picture
from trainer.engine.data.dataset_options import fixed_options
from trainer.engine.data.decode import decode_with_tensorflow, fit_to_size
from trainer.engine.data.decode_folder import CALLS_PER_CORE, Decoded, Store, num_cores
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import Pixels
from trainer.engine.data.row_store import Progress
from trainer.engine.data.verify import MOST_DECODED, some_rows
from trainer.errors import DataError

_BATCH_BYTES = 16 * 2**20
_MOST_PER_BATCH = 256
_NUM_LOOKED_AT = 16
_CONTENTS_AT_ONCE = 32
_MODES: dict[int, Any] = {1: "L", 3: "RGB", 4: "RGBA"}


class EncodedRows:
    """All encoded pictures of a file. See `RowDecoder` and, for very many, `LateReader`.

    Args:
        pictures: Their bytes.
        picture_format: What to bring them to.
        unusable: Reason by row, for rows that are known to be unusable; they are passed over.
    """

    def __init__(self, pictures: EncodedPictures, picture_format: PictureFormat, unusable: Mapping[int, str]) -> None:
        self.num_rows = pictures.num_rows
        self.shape = picture_format.shape
        self._pictures = pictures
        self._format = picture_format
        self._unusable = dict(unusable)

    @property
    def late(self) -> EncodedRows | None:
        """See `RowDecoder.late`; `GraphReader` too."""
        return self if self.num_rows > MOST_DECODED else None

    @property
    def in_graph(self) -> EncodedRows:
        """See `LateReader.in_graph`."""
        return self

    @cached_property
    def fits(self) -> bool:
        """See `GraphReader.fits`."""
        return self._seem_to_fit(self._usable(np.arange(self.num_rows)))

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """See `RowDecoder.decode`: by TensorFlow, and by Pillow what that does not read."""
        missing = np.ones(self.num_rows, dtype=bool)
        missing[list(self._unusable)] = False
        done = len(self._unusable)

        def take_all(fits: bool) -> None:
            nonlocal done
            for rows, pictures in self._by_tensorflow(np.flatnonzero(missing), fits):
                store(rows, pictures)
                missing[rows] = False
                done += len(rows)
                progress(done)

        if self._seem_to_fit(np.flatnonzero(missing)):
            take_all(fits=True)
        all_fit = not missing.any()
        take_all(fits=False)
        unreadable, by_pillow = dict(self._unusable), []
        for row, picture in self._by_pillow(np.flatnonzero(missing)):
            if isinstance(picture, str):
                unreadable[row] = picture
            else:
                by_pillow.append(row)
                store(np.array([row]), picture[np.newaxis])
            done += 1
            progress(done)
        return Decoded(unreadable, tuple(by_pillow), all_fit)

    def direct(self, progress: Progress) -> tuple[Pixels, dict[int, str]]:
        """See `RowDecoder.direct`."""
        decoded = self.decode(_forget, progress)
        return EncodedPixels(self._pictures, self._format, decoded), decoded.unreadable

    def look_at_some(self, progress: Progress) -> dict[int, str]:
        """See `LateReader.look_at_some`."""
        some = self._usable(some_rows(self.num_rows))
        others = dict.fromkeys(np.setdiff1d(np.arange(self.num_rows), some).tolist(), "")
        found = EncodedRows(self._pictures, self._format, others)
        decoded = found.decode(_forget, lambda done: progress(done - len(others)))
        return self._unusable | {row: reason for row, reason in decoded.unreadable.items() if row not in others}

    def sources(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `GraphReader.sources`: the bytes."""
        return contents_of(self._pictures, rows)

    def decode_source(self, source: Any, *, fits: bool) -> Any:
        """See `GraphReader.decode_source`."""
        return decode_with_tensorflow(source, self._format, fits=fits)

    def decode_alone(self, row: int) -> NDArray[np.uint8]:
        """See `LateReader.decode_alone`."""
        return decode_content(self._pictures.content(row), self._format)

    def _usable(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.setdiff1d(rows, list(self._unusable))

    def _seem_to_fit(self, rows: NDArray[np.int64]) -> bool:
        if not len(rows):
            return False
        looked_at = rows[np.unique(np.linspace(0, len(rows) - 1, _NUM_LOOKED_AT).round().astype(int))]
        try:
            return all(self._pictures.size(row) == self.shape[:2] for row in looked_at.tolist())
        except DataError:
            return False

    def _by_tensorflow(
        self, rows: NDArray[np.int64], fits: bool
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def with_contents(some: Any) -> Any:
            contents = tf.numpy_function(self._contents, [some], tf.string, stateful=False)
            contents.set_shape((None,))
            return tf.data.Dataset.from_tensor_slices((some, contents))

        @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
        def decode(row: Any, content: Any) -> Any:
            return row, decode_with_tensorflow(content, self._format, fits=fits)

        if not len(rows):
            return iter(())
        contents = tf.data.Dataset.from_tensor_slices(rows).batch(_CONTENTS_AT_ONCE).flat_map(with_contents)
        pictures = contents.map(decode, num_parallel_calls=CALLS_PER_CORE * num_cores(), deterministic=True)
        per_batch = max(1, min(_MOST_PER_BATCH, _BATCH_BYTES // self._format.num_bytes))
        batches = pictures.ignore_errors().batch(per_batch).prefetch(2).with_options(fixed_options())
        return iter(batches.as_numpy_iterator())

    def _contents(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return contents_of(self._pictures, rows)

    def _by_pillow(self, rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
        def decode(row: int) -> tuple[int, NDArray[np.uint8] | str]:
            try:
                return row, decode_content(self._pictures.content(row), self._format)
            except (UnreadablePictureError, DataError) as error:
                return row, str(error)

        with ThreadPoolExecutor(num_cores()) as threads:
            # A chunk at a time: all results at once would need the memory of the whole data set.
            for chunk in np.array_split(rows, max(1, len(rows) // 256)):
                yield from threads.map(decode, chunk.tolist())


def _forget(_rows: NDArray[np.int64], _pictures: NDArray[np.uint8]) -> None:
    """Only whether it can be decoded matters."""


class EncodedPixels:
    """Decodes the bytes every time. See `Pixels`.

    Args:
        pictures: The bytes.
        picture_format: What to bring them to.
        decoded: What is known from decoding them before: who can read which.
    """

    whole_batches = True

    def __init__(self, pictures: EncodedPictures, picture_format: PictureFormat, decoded: Decoded) -> None:
        self._pictures = pictures
        self._format = picture_format
        self._decoded = decoded
        by_pillow = np.zeros(pictures.num_rows, dtype=bool)
        by_pillow[list(decoded.by_pillow)] = True
        with tf.device("CPU:0"):
            self._by_pillow = tf.constant(by_pillow)

    def read(self, rows: Any) -> Any:
        """See `Pixels.read`; rows of shape (B,).

        Python is called once per batch, for the bytes: calls for single pictures would wait for each other. Batches are
        decoded side by side, so the pictures of one need not be.
        """
        contents = tf.numpy_function(self._contents, [rows], tf.string, stateful=False)
        contents.set_shape((None,))
        signature = tf.TensorSpec(self._format.shape, tf.uint8)
        decode = self._by_either if self._decoded.by_pillow else self._by_tensorflow
        return tf.map_fn(decode, (rows, contents), fn_output_signature=signature, parallel_iterations=1)

    def explain_failure(self) -> DataError | None:
        """An error that names the pictures that cannot be decoded; decodes all, so call it only after an error."""
        known = self._decoded.unreadable
        found = EncodedRows(self._pictures, self._format, known).decode(_forget, lambda _done: None).unreadable
        broken = [f"row {row} ({reason})" for row, reason in sorted(found.items()) if row not in known]
        if not broken:
            return None
        return DataError(
            f"{len(broken)} pictures cannot be read: {'; '.join(broken[:5])}. data.cache set to memory or disk finds "
            "all such pictures before training begins, and leaves them out."
        )

    def _contents(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return contents_of(self._pictures, rows)

    def _by_tensorflow(self, picture: tuple[Any, Any]) -> Any:
        return decode_with_tensorflow(picture[1], self._format, fits=self._decoded.all_fit)

    def _by_either(self, picture: tuple[Any, Any]) -> Any:
        decoded = tf.cond(
            tf.gather(self._by_pillow, picture[0]),
            lambda: tf.numpy_function(self._decode_by_pillow, [picture[0]], tf.uint8, stateful=False),
            lambda: self._by_tensorflow(picture),
        )
        return tf.ensure_shape(decoded, self._format.shape)

    def _decode_by_pillow(self, row: Any) -> NDArray[np.uint8]:
        # Bytes handed over by TensorFlow would lose zeros at their end.
        return decode_content(self._pictures.content(int(row)), self._format)


def contents_of(pictures: EncodedPictures, rows: NDArray[np.int64]) -> NDArray[Any]:
    """The bytes of some pictures, object array of shape (len(rows),); empty where they cannot be read."""
    contents = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows.tolist()):
        try:
            contents[place] = pictures.content(row)
        except DataError:
            contents[place] = b""
    return contents


def decode_content(content: bytes, picture_format: PictureFormat) -> NDArray[np.uint8]:
    """One picture by Pillow, brought to the format: uint8, shape (height, width, channels).

    Raises:
        UnreadablePictureError: It cannot be read.
    """
    pixels = read_picture(io.BytesIO(content), _MODES[picture_format.channels])
    if pixels.shape == picture_format.shape:
        return pixels
    with tf.device("CPU:0"):
        fitted: NDArray[np.uint8] = fit_to_size(tf.constant(pixels), picture_format).numpy()
    return fitted
