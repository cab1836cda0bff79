"""Where the pixels of a folder's pictures come from while training: an array, or the files themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.engine.data.decode import decode_with_tensorflow
from trainer.engine.data.decode_folder import Decoded, full_paths, picture_by_pillow
from trainer.engine.data.picture_format import PictureFormat

_ALIGNMENT_BYTES = 64
# Where TensorFlow rewrites the graph of a dataset (deterministic operations, several devices), it copies shared arrays
# into it. Larger ones are read through NumPy, which takes 0.1 ms more per batch and never copies.
_MOST_SHARED_BYTES = 2**30


class Pixels(Protocol):
    """All pictures of one folder, by row."""

    @property
    def whole_batches(self) -> bool:
        """Whether `read` takes rows of shape (B,) only; otherwise also one row, shape (), which is quicker."""

    def read(self, rows: Any) -> Any:
        """Pictures in a TensorFlow graph.

        Args:
            rows: int64 tensor.

        Returns:
            Tensor of shape rows.shape + the shape of one input, such as uint8 (height, width, channels).
        """


class ArrayPixels:
    """Decoded pictures, or rows of a table, in memory or in a memory-mapped file.

    Args:
        array: One row per sample, such as uint8 of shape (rows, height, width, channels) or float32 of shape
            (rows, columns), from `aligned_array` or `np.load(mmap_mode="c")`.
    """

    whole_batches = True

    def __init__(self, array: NDArray[Any]) -> None:
        if array.ctypes.data % _ALIGNMENT_BYTES:
            raise ValueError(f"The array starts at {array.ctypes.data:#x}; TensorFlow needs a multiple of 64.")
        self._array = np.asarray(array)
        # Converting the array would copy it, and hold it twice. This shares the memory.
        self._pictures = tf.experimental.dlpack.from_dlpack(self._array.__dlpack__())

    def read(self, rows: Any) -> Any:
        """See `Pixels.read`; rows of shape (B,)."""
        if self._array.nbytes <= _MOST_SHARED_BYTES:
            return tf.gather(self._pictures, rows)
        pictures = tf.numpy_function(self._take, [rows], self._array.dtype, stateful=False)
        pictures.set_shape((None, *self._array.shape[1:]))
        return pictures

    def _take(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        return self._array.take(rows, axis=0)


def aligned_array(shape: tuple[int, ...], dtype: Any = np.uint8) -> NDArray[Any]:
    """An uninitialised array whose memory TensorFlow can share.

    Raises:
        MemoryError: It does not fit.
    """
    num_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    memory = np.empty(num_bytes + _ALIGNMENT_BYTES, dtype=np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT_BYTES
    aligned: NDArray[Any] = memory[start : start + num_bytes].view(dtype).reshape(shape)
    return aligned


def one_by_one(read: Callable[[Any], Any], rows: Any, shape: tuple[int, int, int]) -> Any:
    """What `read` gives for one row, of shape (), or for each of several, of shape (B,): uint8."""
    if rows.shape.rank == 0:
        return read(rows)
    plain = tf.autograph.experimental.do_not_convert(read)
    return tf.map_fn(plain, rows, fn_output_signature=tf.TensorSpec(shape, tf.uint8))


class FilePixels:
    """Decodes from the files every time.

    Args:
        folder: What `paths` are relative to.
        paths: The pictures.
        picture_format: What to bring them to.
        decoded: What is known from decoding them before: who can read which.
    """

    whole_batches = False

    def __init__(self, folder: Path, paths: PathList, picture_format: PictureFormat, decoded: Decoded) -> None:
        self.picture_format = picture_format
        self._decoded = decoded
        by_pillow = np.zeros(len(paths), dtype=bool)
        by_pillow[list(decoded.by_pillow)] = True
        with tf.device("CPU:0"):
            self._paths = full_paths(folder, paths)
            self._by_pillow = tf.constant(by_pillow)

    def read(self, rows: Any) -> Any:
        """See `Pixels.read`; one row of shape (), or several of shape (B,)."""
        return one_by_one(self._read_one, rows, self.picture_format.shape)

    def _read_one(self, row: Any) -> Any:
        path = tf.gather(self._paths, row)
        if not self._decoded.by_pillow:
            return self._by_tensorflow(path)
        picture = tf.cond(
            tf.gather(self._by_pillow, row),
            lambda: tf.numpy_function(self._decode_by_pillow, [path], tf.uint8, stateful=False),
            lambda: self._by_tensorflow(path),
        )
        return tf.ensure_shape(picture, self.picture_format.shape)

    def _by_tensorflow(self, path: Any) -> Any:
        return decode_with_tensorflow(tf.io.read_file(path), self.picture_format, fits=self._decoded.all_fit)

    def _decode_by_pillow(self, path: bytes) -> NDArray[np.uint8]:
        return picture_by_pillow(Path(os.fsdecode(path)), self.picture_format)
