"""Many paths in little memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray


class PathList(Sequence[str]):
    """A read-only list of relative paths, kept as one block of bytes.

    A million paths of 30 characters take 38 MB instead of the 90 MB of a list of strings.

    Args:
        paths: Paths with `/` between their parts, on every system; bytes are in the file system's encoding.
    """

    __slots__ = ("_ends", "_text")

    def __init__(self, paths: Iterable[str | bytes]) -> None:
        encoded = [path if isinstance(path, bytes) else os.fsencode(path) for path in paths]
        self._text = b"".join(encoded)
        self._ends: NDArray[np.int64] = np.cumsum([0, *map(len, encoded)], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> PathList: ...
    def __getitem__(self, index: int | slice) -> str | PathList:
        if isinstance(index, slice):
            return self.take(range(*index.indices(len(self))))
        position = range(len(self))[index]
        return os.fsdecode(self._text[self._ends[position] : self._ends[position + 1]])

    def __iter__(self) -> Iterator[str]:
        return map(os.fsdecode, self.as_bytes())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PathList):
            return NotImplemented
        return self._text == other._text and np.array_equal(self._ends, other._ends)

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self[:3]))
        return f"PathList([{shown}{', …' if len(self) > 3 else ''}], {len(self)} paths)"

    def as_bytes(self) -> list[bytes]:
        """The paths in the file system's encoding."""
        ends = self._ends.tolist()
        return [self._text[start:end] for start, end in pairwise(ends)]

    def take(self, indices: Iterable[int] | NDArray[np.int64]) -> PathList:
        """The paths at `indices`, in that order."""
        encoded = self.as_bytes()
        return PathList([encoded[index] for index in indices])
