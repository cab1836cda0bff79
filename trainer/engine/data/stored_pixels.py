"""Pictures and masks that are stored as arrays, read by row and brought to the format while training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.engine.data.decode_folder import Decoded, Store
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import Pixels
from trainer.engine.data.row_store import Progress
from trainer.errors import DataError

_BATCH_BYTES = 16 * 2**20
_MOST_CHECKED_BYTES = 2**30


class RowSource(Protocol):
    """Pictures or masks of one size, such as `StoredPictures`."""

    @property
    def num_rows(self) -> int:
        """Number of rows."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width as stored."""

    @property
    def never_fails(self) -> bool:
        """Whether all values that can be stored are fine."""

    def read(self, rows: NDArray[np.int64], channels: int) -> tuple[NDArray[np.uint8], dict[int, str]]:
        """uint8 of shape (len(rows), height, width, channels), and reasons by position for what is unusable."""


class StoredRows:
    """Rows of an array that are decoded into one format. See `RowDecoder`.

    Args:
        source: What is stored.
        row_format: What to bring it to.
        unusable: Reason by row, for rows that are known to be unusable; they are passed over.
        is_mask: Whether values are classes: what is filled up is 255 then, which stands for none.
        what: What one row is called, for messages.
    """

    late = None
    """Arrays are read in order, which is quick; while training, in any order, those of a compressed file are not."""

    def __init__(
        self,
        source: RowSource,
        row_format: PictureFormat,
        unusable: Mapping[int, str],
        *,
        is_mask: bool = False,
        what: str = "picture",
    ) -> None:
        self.num_rows = source.num_rows
        self.shape = row_format.shape
        self._pixels = StoredPixels(source, row_format, is_mask=is_mask, what=what)
        self._source = source
        self._unusable = dict(unusable)

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """See `RowDecoder.decode`."""
        unusable = dict(self._unusable)
        usable = np.setdiff1d(np.arange(self.num_rows), list(unusable))
        largest_bytes = max(math.prod(self._source.size), math.prod(self.shape[:2])) * self.shape[2]
        per_batch = max(1, _BATCH_BYTES // largest_bytes)
        for start in range(0, len(usable), per_batch):
            rows = usable[start : start + per_batch]
            pictures, reasons = self._source.read(rows, self.shape[2])
            store(rows, self._pixels.fitted(pictures))
            unusable |= {int(rows[position]): reason for position, reason in reasons.items()}
            progress(min(self.num_rows, start + per_batch))
        return Decoded(unusable, ())

    def direct(self, progress: Progress) -> tuple[Pixels, dict[int, str]]:
        """See `RowDecoder.direct`; up to 1 GiB are looked at first, where values may be out of range."""
        height, width = self._source.size
        if self._source.never_fails or self.num_rows * height * width * self.shape[2] > _MOST_CHECKED_BYTES:
            progress(self.num_rows)
            return self._pixels, self._unusable
        return self._pixels, self.decode(lambda _rows, _pictures: None, progress).unreadable


class StoredPixels:
    """Reads rows of an array every time. See `Pixels`.

    Args:
        source: What is stored.
        row_format: What to bring it to.
        is_mask: Whether values are classes.
        what: What one row is called, for messages.
    """

    whole_batches = True

    def __init__(
        self, source: RowSource, row_format: PictureFormat, *, is_mask: bool = False, what: str = "picture"
    ) -> None:
        self._failure: DataError | None = None
        self._source = source
        self._format = row_format
        self._is_mask = is_mask
        self._what = what

    @property
    def row_bytes(self) -> int:
        """What one row takes while it is read and brought to the format; resizing needs 32 bits a value."""
        stored, fitted = self._source.size, self._format.shape[:2]
        largest = max(math.prod(stored), math.prod(fitted)) * self._format.channels
        return largest if stored == fitted else 4 * largest

    def read(self, rows: Any) -> Any:
        """See `Pixels.read`; rows of shape (B,)."""
        pictures = tf.numpy_function(self._take, [rows], tf.uint8, stateful=False)
        pictures.set_shape((None, *self._source.size, self._format.channels))
        return fit_batch(pictures, self._format, is_mask=self._is_mask)

    def explain_failure(self) -> DataError | None:
        """What could not be read while training."""
        return self._failure

    def fitted(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Pictures brought to the size of the format, outside of a graph."""
        if pictures.shape[1:] == self._format.shape:
            return pictures
        with tf.device("CPU:0"):
            fitted: NDArray[np.uint8] = fit_batch(tf.constant(pictures), self._format, is_mask=self._is_mask).numpy()
        return fitted

    def _take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        try:
            pictures, reasons = self._source.read(rows, self._format.channels)
        except DataError as error:
            self._failure = error
            raise
        if reasons:
            position, reason = min(reasons.items())
            self._failure = DataError(
                f"The {self._what} of row {rows[position]} cannot be used: {reason}. data.cache set to memory or disk "
                "finds all such rows before training begins, and leaves them out."
            )
            raise self._failure
        return np.ascontiguousarray(pictures)


def fit_batch(pictures: Any, picture_format: PictureFormat, *, is_mask: bool = False) -> Any:
    """Bring pictures of one size to the format's size, each exactly as `fit_to_size` brings one.

    Args:
        pictures: uint8, shape (B, height, width, channels) with known height and width.
        picture_format: What to bring them to.
        is_mask: Keep values as they are, and fill up with 255.

    Returns:
        uint8, shape (B, the format's height, its width, channels).
    """
    height, width = int(pictures.shape[1]), int(pictures.shape[2])
    size = (picture_format.height, picture_format.width)
    if (height, width) == size:
        return pictures
    if picture_format.resize_mode == "crop":
        top, left, kept_height, kept_width = _kept_part(height, width, size)
        pictures = pictures[:, top : top + kept_height, left : left + kept_width]
    inner = _size_within(height, width, size) if picture_format.resize_mode == "pad" else size
    method = "nearest" if is_mask else picture_format.interpolation
    resized = tf.image.resize(pictures, inner, method=method, antialias=not is_mask)
    pixels = tf.saturate_cast(tf.round(tf.cast(resized, tf.float32)), tf.uint8)
    if picture_format.resize_mode != "pad":
        return pixels
    # Filling up is with 0, so classes are moved up by one meanwhile: 255 becomes 0 and back.
    shift = tf.constant(int(is_mask), tf.uint8)
    return tf.image.resize_with_crop_or_pad(pixels + shift, *size) - shift


def _kept_part(height: int, width: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest centred part with the proportions of `size`."""
    wanted = np.float64(size[1]) / size[0]
    kept_height = int(np.clip(np.rint(width / wanted), 1, height))
    kept_width = int(np.clip(np.rint(height * wanted), 1, width))
    return (height - kept_height) // 2, (width - kept_width) // 2, kept_height, kept_width


def _size_within(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """The largest size with the picture's proportions that fits, at least one pixel each way."""
    scale = min(size[0] / height, size[1] / width)
    return max(1, int(np.rint(height * scale))), max(1, int(np.rint(width * scale)))
