"""Keeps decoded rows of a file in memory or on disk, or leaves them where they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.engine.data.cache_choice import CacheKind
from trainer.engine.data.decode_folder import Decoded, Store
from trainer.engine.data.disk_cache import make_entry, open_entry
from trainer.engine.data.pictures import Pictures
from trainer.engine.data.pixels import ArrayPixels, Pixels, aligned_array
from trainer.engine.reporting import Reporter

Progress = Callable[[int], None]


class RowDecoder(Protocol):
    """Decodes all rows of a file into one format.

    Attributes:
        num_rows: How many.
        shape: Shape of one decoded row: height, width, channels.
    """

    num_rows: int
    shape: tuple[int, int, int]

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """Decode every row that can be read; `store` and `progress` are as in `decode_folder`."""

    def direct(self, progress: Progress) -> tuple[Pixels, dict[int, str]]:
        """Pixels that are decoded again every time, and the reason by row for what cannot be."""


@dataclass(frozen=True, slots=True)
class RowStore:
    """Makes decoded rows ready, all in the same way.

    Attributes:
        cache: Where to keep them.
        cache_folder: Where the disk cache is.
        reporter: Told what happens.
    """

    cache: CacheKind
    cache_folder: Path
    reporter: Reporter

    def prepare(self, rows: RowDecoder, key: str, progress: Progress) -> Pictures:
        """Decode or check all rows.

        Args:
            rows: What to decode.
            key: Name of the entry in the disk cache; changes with all that decides the decoded values.
            progress: Receives how many rows are done.
        """
        if self.cache == "memory":
            try:
                return self._in_memory(rows, progress)
            except MemoryError:
                self._give_up("memory", "there is too little memory")
        if self.cache == "disk":
            try:
                return self._on_disk(rows, key, progress)
            except OSError as error:
                self._give_up(f"disk in {self.cache_folder}", error.strerror or str(error))
        pixels, unreadable = rows.direct(progress)
        return Pictures(pixels, unreadable, "off")

    def _in_memory(self, rows: RowDecoder, progress: Progress) -> Pictures:
        array = aligned_array((rows.num_rows, *rows.shape))

        def store(positions: NDArray[np.int64], decoded: NDArray[np.uint8]) -> None:
            array[positions] = decoded

        return Pictures(ArrayPixels(array), rows.decode(store, progress).unreadable, "memory")

    def _on_disk(self, rows: RowDecoder, key: str, progress: Progress) -> Pictures:
        entry = open_entry(self.cache_folder, key)
        if entry is not None:
            self.reporter.log("DATA", f"Using what was decoded before, in {self.cache_folder / key}")
            progress(rows.num_rows)
        else:
            entry = make_entry(
                self.cache_folder, key, rows.num_rows, rows.shape, lambda store: rows.decode(store, progress)
            )
        return Pictures(ArrayPixels(entry.array), entry.decoded.unreadable, "disk")

    def _give_up(self, place: str, reason: str) -> None:
        self.reporter.notice(
            "warning",
            f"The decoded data cannot be kept on {place}: {reason}. It is decoded again in every epoch, which is "
            "slower. Free some space, or set data.cache to off.",
        )
