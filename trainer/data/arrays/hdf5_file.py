"""HDF5 files: all datasets, nested groups included, read by row."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from trainer.data.arrays.array_file import ArrayFile, MemoryArray, StoredArray
from trainer.errors import DataError

EXTENSIONS = (".h5", ".hdf5", ".hdf", ".he5")
_KEPT_BYTES = 256 * 2**20
_CONTIGUOUS_BLOCK_BYTES = 2**20


def open_hdf5(path: Path) -> ArrayFile:
    """List the datasets of a file; their values stay on disk.

    Uncompressed datasets that lie in one piece are mapped, which is the fastest way to read single rows. Others are
    read in blocks of whole chunks, of which the last used ones are kept, up to 256 MB per dataset.

    Raises:
        DataError: The file is missing, no HDF5 file, or damaged.
    """
    try:
        file = h5py.File(path, "r")
    except FileNotFoundError:
        raise DataError(f"The file {path} does not exist. Check its spelling or choose another file.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be opened as an HDF5 file: {_reason(path, error)}") from error
    arrays: dict[str, StoredArray] = {}
    refused: dict[str, str] = {}

    def visit(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset) or not item.shape:
            return
        if item.dtype.fields is not None:
            refused[name] = "It holds records of several fields; store every field as a dataset of its own."
        elif item.dtype.kind not in "biufSUO" or h5py.check_ref_dtype(item.dtype) is not None:
            refused[name] = f"Its type {item.dtype} is neither numbers nor text."
        else:
            arrays[name] = _array(path, name, item)

    try:
        file.visititems(visit)
    except (OSError, RuntimeError, KeyError) as error:
        raise DataError(f"The datasets of {path} cannot be listed; the file is damaged: {error}") from error
    return ArrayFile(path, "dataset", arrays, refused, files=(path,))


def _reason(path: Path, error: OSError) -> str:
    if path.is_dir():
        return "it is a folder. Choose the file in it."
    if not h5py.is_hdf5(path):
        return "it is none, or its beginning is missing."
    if "truncated" in str(error):
        return "it is cut off. Copy it again from its source."
    return f"{error}."


def _array(path: Path, name: str, dataset: Any) -> StoredArray:
    offset = dataset.id.get_offset()
    is_plain = dataset.dtype.kind in "biuf" and dataset.chunks is None and not dataset.external
    if is_plain and offset is not None and dataset.size:
        return MemoryArray(name, np.memmap(path, dataset.dtype, "r", offset, dataset.shape))
    return BlockArray(name, dataset)


class BlockArray:
    """A dataset that is read in blocks of whole chunks; the last used blocks are kept. See `StoredArray`.

    Args:
        name: Its name in the file.
        dataset: An open `h5py.Dataset`, which keeps its file open.
        kept_bytes: How much to keep, at least the last block.
    """

    def __init__(self, name: str, dataset: Any, kept_bytes: int = _KEPT_BYTES) -> None:
        self.name = name
        self.shape: tuple[int, ...] = tuple(dataset.shape)
        self.dtype: np.dtype[Any] = dataset.dtype
        self._dataset = dataset
        self._row_bytes = max(1, math.prod(self.shape[1:]) * self.dtype.itemsize)
        self._block_rows = self._choose_block_rows()
        self._most_blocks = max(1, kept_bytes // (self._block_rows * self._row_bytes))
        self._blocks: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `StoredArray.read`; every block that is needed is read once, in the order of the file."""
        result = np.empty((len(rows), *self.shape[1:]), self.dtype)
        numbers = rows // self._block_rows
        order = np.argsort(numbers, kind="stable")
        sorted_numbers = numbers[order]
        starts = np.flatnonzero(np.diff(sorted_numbers, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
            number, places = int(sorted_numbers[start]), order[start:stop]
            result[places] = self._block(number)[rows[places] - number * self._block_rows]
        return result

    def _choose_block_rows(self) -> int:
        if self._dataset.chunks is not None:
            return int(self._dataset.chunks[0])
        return int(max(1, _CONTIGUOUS_BLOCK_BYTES // self._row_bytes))

    def _block(self, number: int) -> NDArray[Any]:
        with self._lock:
            if number in self._blocks:
                self._blocks.move_to_end(number)
                return self._blocks[number]
        start = number * self._block_rows
        try:
            block: NDArray[Any] = self._dataset[start : start + self._block_rows]
        except (OSError, RuntimeError) as error:
            stop = min(start + self._block_rows, self.shape[0]) - 1
            raise DataError(
                f"The rows {start} to {stop} of the dataset '{self.name}' in {self._dataset.file.filename} cannot be "
                f"read: {error}. Copy the file again from its source."
            ) from error
        with self._lock:
            self._blocks[number] = block
            while len(self._blocks) > self._most_blocks:
                self._blocks.popitem(last=False)
        return block
