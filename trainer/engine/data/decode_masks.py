"""Decodes masks to the class of every pixel, in the size of the pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.data.pictures.mask_coding import UNCOUNTED, MaskCoding, MaskValueError, read_mask
from trainer.data.pictures.pillow_picture import UnreadablePictureError
from trainer.engine.data.decode_folder import Decoded, Store, full_paths, num_cores
from trainer.engine.data.pixels import one_by_one
from trainer.engine.data.placement import ResizeMode, placed_mask

_PER_CHUNK = 256


@dataclass(frozen=True, slots=True)
class MaskFormat:
    """What every mask is brought to. Everything that decides the classes of a decoded mask.

    Attributes:
        height: In pixels.
        width: In pixels.
        resize_mode: As `data.resize_mode`.
        coding: What the values stand for.
    """

    height: int
    width: int
    resize_mode: ResizeMode
    coding: MaskCoding

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, 1."""
        return self.height, self.width, 1

    @property
    def num_bytes(self) -> int:
        """Size of one decoded mask, uint8."""
        return self.height * self.width


def decode_mask(path: Path, mask_format: MaskFormat) -> NDArray[np.uint8]:
    """Class of every pixel, uint8, shape (height, width, 1); 255 is not counted.

    Raises:
        UnreadablePictureError: The file is no picture, is broken or cannot be opened.
        MaskValueError: It has values that stand for no class.
    """
    mask = read_mask(path, mask_format.coding)
    size = (mask_format.height, mask_format.width)
    return placed_mask(mask, size, mask_format.resize_mode, UNCOUNTED)[..., None]


def mask_of(folder: Path, name: str, mask_format: MaskFormat) -> NDArray[np.uint8]:
    """As `decode_mask`, of the file of that name, which errors name.

    Raises:
        UnreadablePictureError: There is none, or it cannot be used.
    """
    if not name:
        raise UnreadablePictureError("it has no mask")
    try:
        return decode_mask(folder / name, mask_format)
    except UnreadablePictureError as error:
        raise UnreadablePictureError(f"its mask {name} cannot be read: {error}") from error
    except MaskValueError as error:
        raise UnreadablePictureError(f"its mask {name} {error}") from error


def decode_masks(
    folder: Path, paths: PathList, mask_format: MaskFormat, store: Store, progress: Callable[[int], None]
) -> Decoded:
    """Decode every mask, on all cores; as `decode_folder` for pictures.

    Args:
        folder: What `paths` are relative to.
        paths: The masks; empty where there is none.
        mask_format: What to bring them to.
        store: Receives positions of shape (B,) and masks of shape (B, height, width, 1), in order.
        progress: Receives how many are done.
    """

    def decode(position: int) -> NDArray[np.uint8] | str:
        try:
            return mask_of(folder, paths[position], mask_format)
        except UnreadablePictureError as error:
            return str(error)

    unreadable: dict[int, str] = {}
    with ThreadPoolExecutor(num_cores()) as threads:
        for start in range(0, len(paths), _PER_CHUNK):
            positions = range(start, min(start + _PER_CHUNK, len(paths)))
            for position, mask in zip(positions, threads.map(decode, positions), strict=True):
                if isinstance(mask, str):
                    unreadable[position] = mask
                else:
                    store(np.array([position]), mask[np.newaxis])
            progress(positions.stop)
    return Decoded(unreadable, ())


class MaskFilePixels:
    """Decodes masks from their files every time; see `Pixels`.

    Args:
        folder: What `paths` are relative to.
        paths: The masks.
        mask_format: What to bring them to.
    """

    whole_batches = False

    def __init__(self, folder: Path, paths: PathList, mask_format: MaskFormat) -> None:
        self.folder = folder
        self.paths = paths
        self.mask_format = mask_format
        self._full_paths = full_paths(folder, paths)

    def read(self, rows: Any) -> Any:
        """See `Pixels.read`; one row of shape (), or several of shape (B,)."""
        return one_by_one(self._read_one, rows, self.mask_format.shape)

    def _read_one(self, row: Any) -> Any:
        path = tf.gather(self._full_paths, row)
        mask = tf.numpy_function(self._decode, [path], tf.uint8, stateful=False)
        return tf.ensure_shape(mask, self.mask_format.shape)

    def _decode(self, path: bytes) -> NDArray[np.uint8]:
        return decode_mask(Path(os.fsdecode(path)), self.mask_format)
