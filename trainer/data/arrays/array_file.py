"""Named arrays in a file, or spread over files, read row by row: a row is a sample."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.errors import DataError

_MOST_LISTED = 12


class StoredArray(Protocol):
    """An array on disk.

    Attributes:
        name: What it is called in its file.
        shape: The rows come first.
        dtype: Type of the values; `object` for one string of bytes or text per row.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Some rows, in the order asked for; a row may come several times.

        Raises:
            DataError: They can no longer be read.
        """


class MemoryArray:
    """An array in memory, or mapped from a file. See `StoredArray`.

    Args:
        name: What it is called in its file.
        values: The array.
    """

    def __init__(self, name: str, values: NDArray[Any]) -> None:
        self.name = name
        self.shape: tuple[int, ...] = values.shape
        self.dtype: np.dtype[Any] = values.dtype
        # Taking rows of a mapping as such makes a mapping of them, which costs more than the rows.
        self._values = np.asarray(values)

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `StoredArray.read`."""
        return self._values.take(rows, axis=0)


class RowNames(Sequence[str]):
    """`row 0`, `row 1` and so on, made when asked for.

    Args:
        num_rows: How many.
    """

    def __init__(self, num_rows: int) -> None:
        self._numbers = range(num_rows)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [f"row {number}" for number in self._numbers[index]]
        return f"row {self._numbers[index]}"


@dataclass(frozen=True, slots=True, eq=False)
class ArrayFile:
    """What a file, or a folder of files that belong together, holds.

    Attributes:
        place: The file or folder.
        noun: What its arrays are called, such as `dataset`.
        arrays: By name, in the order of the file.
        refused: Reason by name, for what is in it and cannot be used.
        files: The files behind it; whether they changed decides if what was kept of them is still good.
        names: One per row, where rows have names; else they are counted.
        unusable: Reason by row, for rows that cannot be read at all.
    """

    place: Path
    noun: str
    arrays: Mapping[str, StoredArray]
    refused: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    names: Sequence[str] | None = None
    unusable: Mapping[int, str] = field(default_factory=dict)

    def get(self, name: str, setting: str) -> StoredArray:
        """The array of that name.

        Args:
            name: Its name; upper and lower case matter.
            setting: The argument of the loader that asks for it, for the message.

        Raises:
            DataError: There is none, or it cannot be used.
        """
        if name in self.arrays:
            return self.arrays[name]
        if name in self.refused:
            raise DataError(f"The {self.noun} '{name}' in {self.place} cannot be used: {self.refused[name]}")
        near = difflib.get_close_matches(name, self.arrays, n=1, cutoff=0.5) or [
            other for other in self.arrays if other.rpartition("/")[2] == name
        ]
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise DataError(
            f"{self.place} has no {self.noun} '{name}', which the loader's argument {setting} asks for.{meant} "
            f"It has {self.listing()}."
        )

    def listing(self) -> str:
        """All arrays with shape and type, such as `images (3000, 32, 32, 3) uint8`, for messages."""
        shown = [describe_array(array) for array in self.arrays.values()]
        shown += [f"{name} (not usable)" for name in self.refused]
        if len(shown) > _MOST_LISTED:
            shown = [*shown[:_MOST_LISTED], f"{len(shown) - _MOST_LISTED} more"]
        return ", ".join(shown) or f"no {self.noun} at all"


def describe_array(array: StoredArray) -> str:
    """Such as `images (3000, 32, 32, 3) uint8`."""
    kind = {"O": "text or bytes", "S": "text", "U": "text"}.get(array.dtype.kind, str(array.dtype))
    return f"{array.name} {array.shape} {kind}"


def text_of(value: Any) -> str:
    """Text from what a file holds as text: bytes in UTF-8, or text already."""
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
