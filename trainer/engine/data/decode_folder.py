"""Decodes all pictures of a folder once, and finds out which cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.data.pictures.picture_facts import look_at_pictures
from trainer.engine.data.dataset_options import fixed_options
from trainer.engine.data.decode import (
    UnreadablePictureError,
    decode_with_pillow,
    decode_with_tensorflow,
    fit_to_size,
)
from trainer.engine.data.picture_format import PictureFormat

Store = Callable[[NDArray[np.int64], NDArray[np.uint8]], None]
_BATCH_BYTES = 16 * 2**20
_MOST_PER_BATCH = 256
_NUM_LOOKED_AT = 16
CALLS_PER_CORE = 4
"""Pictures in work at once: some are decoded while others wait for the disk."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """How decoding a folder went.

    Attributes:
        unreadable: Reason by position, for pictures that nothing could read.
        by_pillow: Positions that only Pillow could read, sorted.
        all_fit: Whether all readable pictures had the wanted size already, and none needed Pillow.
    """

    unreadable: dict[int, str]
    by_pillow: tuple[int, ...]
    all_fit: bool = False


def decode_folder(
    folder: Path,
    paths: PathList,
    picture_format: PictureFormat,
    store: Store,
    progress: Callable[[int], None],
) -> Decoded:
    """Decode every picture, on all cores.

    Args:
        folder: What `paths` are relative to.
        paths: The pictures.
        picture_format: What to bring them to.
        store: Receives positions of shape (B,) and pictures of shape (B, height, width, channels), uint8;
            mostly in order, those that need Pillow at the end. What it raises ends the decoding.
        progress: Receives how many are done.
    """
    missing = np.ones(len(paths), dtype=bool)

    def take_all(fits: bool) -> None:
        rest = np.flatnonzero(missing)
        for positions, pictures in _by_tensorflow(folder, paths.take(rest), picture_format, fits):
            store(rest[positions], pictures)
            missing[rest[positions]] = False
            progress(len(paths) - int(missing.sum()))

    if seem_to_fit(folder, paths, picture_format):
        take_all(fits=True)
    num_fitting = len(paths) - int(missing.sum())
    take_all(fits=False)
    rest = np.flatnonzero(missing)
    unreadable: dict[int, str] = {}
    for done, (position, picture) in enumerate(_by_pillow(folder, paths, rest, picture_format), start=1):
        if isinstance(picture, str):
            unreadable[position] = picture
        else:
            store(np.array([position]), picture[np.newaxis])
        progress(len(paths) - len(rest) + done)
    by_pillow = tuple(int(position) for position in rest if int(position) not in unreadable)
    return Decoded(unreadable, by_pillow, num_fitting + len(unreadable) == len(paths))


def seem_to_fit(folder: Path, paths: PathList, picture_format: PictureFormat) -> bool:
    """Whether some pictures that were looked at all have the wanted size already."""
    return look_at_pictures(folder, paths, _NUM_LOOKED_AT).common_size == picture_format.shape[:2]


def full_paths(folder: Path, paths: PathList) -> Any:
    """The pictures' full paths as a string tensor."""
    with tf.device("CPU:0"):
        return tf.constant([os.fsencode(folder) + b"/" + path for path in paths.as_bytes()], dtype=tf.string)


def full_path(folder: Path, path: str) -> bytes:
    """One picture's full path, as TensorFlow takes it."""
    return os.fsencode(folder) + b"/" + os.fsencode(path)


def num_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _by_tensorflow(
    folder: Path, paths: PathList, picture_format: PictureFormat, fits: bool
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def decode(position: Any, path: Any) -> Any:
        return position, decode_with_tensorflow(tf.io.read_file(path), picture_format, fits=fits)

    if not len(paths):
        return iter(())
    names = tf.data.Dataset.from_tensor_slices(full_paths(folder, paths))
    pictures = names.enumerate().map(decode, num_parallel_calls=CALLS_PER_CORE * num_cores(), deterministic=True)
    per_batch = max(1, min(_MOST_PER_BATCH, _BATCH_BYTES // picture_format.num_bytes))
    batches = pictures.ignore_errors().batch(per_batch).prefetch(2).with_options(fixed_options())
    return iter(batches.as_numpy_iterator())


def _by_pillow(
    folder: Path, paths: PathList, positions: NDArray[np.int64], picture_format: PictureFormat
) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
    def decode(position: int) -> tuple[int, NDArray[np.uint8] | str]:
        try:
            return position, picture_by_pillow(folder / paths[position], picture_format)
        except UnreadablePictureError as error:
            return position, str(error)

    with ThreadPoolExecutor(num_cores()) as threads:
        # A chunk at a time: all results at once would need the memory of the whole data set.
        for chunk in np.array_split(positions, max(1, len(positions) // 256)):
            yield from threads.map(decode, chunk.tolist())


def picture_by_pillow(path: Path, picture_format: PictureFormat) -> NDArray[np.uint8]:
    """One picture by Pillow, brought to the format: uint8, shape (height, width, channels).

    Raises:
        UnreadablePictureError: It cannot be read.
    """
    pixels = decode_with_pillow(path, picture_format.channels)
    if pixels.shape == picture_format.shape:
        return pixels
    with tf.device("CPU:0"):
        fitted: NDArray[np.uint8] = fit_to_size(tf.constant(pixels), picture_format).numpy()
    return fitted
