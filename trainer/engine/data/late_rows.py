"""Keeps rows that are decoded while training, in memory or in an entry of the disk cache that fills up."""

from __future__ import annotations

import contextlib
import threading
import weakref
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.engine.data.disk_cache import CachedPictures, pictures_path, save_there, write_rows
from trainer.engine.data.pixels import aligned_array


class LateRows(Protocol):
    """Rows that come one batch after the other, in any order, from several threads.

    Attributes:
        array: All rows, uint8 of shape (rows, height, width, channels); undefined where they are not there yet.
        there: bool, shape (rows,): which are.
    """

    @property
    def array(self) -> NDArray[np.uint8]: ...

    @property
    def there(self) -> NDArray[np.bool_]: ...

    def keep(self, rows: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
        """Keep some; what is there already is the same.

        Raises:
            OSError: There is no room for them.
        """

    def save(self) -> None:
        """Make what is there last, if it is to outlast this run."""


class MemoryRows:
    """Rows in memory. See `LateRows`.

    Args:
        num_rows: How many there will be.
        shape: Height, width and channels of each.

    Raises:
        MemoryError: They do not fit.
    """

    def __init__(self, num_rows: int, shape: tuple[int, int, int]) -> None:
        self.array: NDArray[np.uint8] = aligned_array((num_rows, *shape))
        self.there: NDArray[np.bool_] = np.zeros(num_rows, dtype=bool)

    def keep(self, rows: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
        """See `LateRows.keep`."""
        self.array[rows] = pictures
        self.there[rows] = True

    def save(self) -> None:
        """Nothing of it outlasts this run."""


class DiskRows:
    """Rows in an entry of the disk cache, for this run and later ones. See `LateRows`.

    What is there is noted in the entry only when it is safely on disk, so a run that is killed loses time and no
    more. Several runs may fill one entry: they write the same.

    Args:
        entry: Folder of the entry.
        cached: What it holds, from `open_entry`.

    Raises:
        OSError: The entry cannot be written.
    """

    def __init__(self, entry: Path, cached: CachedPictures) -> None:
        assert cached.there is not None
        self.array: NDArray[np.uint8] = cached.array
        self.there: NDArray[np.bool_] = cached.there
        self._written = _Written(entry, pictures_path(entry).open("r+b"), self.there)
        weakref.finalize(self, self._written.close)

    def keep(self, rows: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
        """See `LateRows.keep`."""
        self._written.write(rows, pictures)
        self.there[rows] = True

    def save(self) -> None:
        """See `LateRows.save`."""
        self._written.save()


class _Written:
    """The open file behind an entry; outlives `DiskRows` until it is saved."""

    def __init__(self, entry: Path, file: BinaryIO, there: NDArray[np.bool_]) -> None:
        self._entry = entry
        self._file = file
        self._there = there
        self._num_saved = int(there.sum())
        self._start = len(_header_of(file))
        self._lock = threading.Lock()

    def write(self, rows: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
        with self._lock:
            write_rows(self._file, self._start, rows, pictures)
            # What waits in a buffer would be missing in the mapping.
            self._file.flush()

    def save(self) -> None:
        there = self._there.copy()
        if int(there.sum()) == self._num_saved:
            return
        # The entry may be gone or damaged, or the disk full: then later runs decode again.
        with contextlib.suppress(OSError, ValueError, EOFError), self._lock:
            save_there(self._entry, self._file, there)
            self._num_saved = int(there.sum())

    def close(self) -> None:
        self.save()
        with contextlib.suppress(OSError):
            self._file.close()


def _header_of(file: Any) -> bytes:
    """What comes before the first row of an .npy file."""
    np.lib.format.read_magic(file)
    np.lib.format.read_array_header_1_0(file)
    length = file.tell()
    file.seek(0)
    header: bytes = file.read(length)
    return header
