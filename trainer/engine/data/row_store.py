"""Keeps decoded rows in memory or on disk, or leaves them where they are: pictures, masks, rows of array files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.engine.data.cache_choice import (
    CacheKind,
    CacheSetting,
    choose_cache,
    free_disk_bytes,
    free_memory_bytes,
)
from trainer.engine.data.decode_folder import Decoded, Store
from trainer.engine.data.disk_cache import CachedPictures, make_empty_entry, make_entry, open_entry
from trainer.engine.data.late_faults import LateFaults
from trainer.engine.data.late_pixels import LatePixels, LateReader
from trainer.engine.data.late_rows import DiskRows, LateRows, MemoryRows
from trainer.engine.data.pixels import ArrayPixels, Pixels, aligned_array
from trainer.engine.data.verify import some_rows
from trainer.engine.reporting import Reporter

Progress = Callable[[int], None]


class RowDecoder(Protocol):
    """Decodes all rows of a folder or file into one format."""

    @property
    def num_rows(self) -> int:
        """How many there are."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of one decoded row."""

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """Decode every row that can be read; `store` and `progress` are as in `decode_folder`."""

    def direct(self, progress: Progress) -> tuple[Pixels, dict[int, str]]:
        """Pixels that are decoded again every time, and the reason by row for what cannot be."""

    @property
    def late(self) -> LateReader | None:
        """Reads single rows while training, where they are too many to be read before; else `None`."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadyRows:
    """Rows that are ready for training.

    Attributes:
        pixels: All of them, in their order.
        unreadable: Reason by row, for those that cannot be read.
        cache: Where they are kept.
    """

    pixels: Pixels
    unreadable: dict[int, str]
    cache: CacheKind


@dataclass(frozen=True, slots=True)
class RowStore:
    """Makes rows ready, all in the same way.

    Attributes:
        cache: Where to keep them.
        cache_folder: Where the disk cache is.
        reporter: Told what happens.
    """

    cache: CacheKind
    cache_folder: Path
    reporter: Reporter

    def prepare(self, rows: RowDecoder, key: Callable[[], str], progress: Progress, faults: LateFaults) -> ReadyRows:
        """Decode or check all rows; of very many only some, and the others when a batch first asks for them.

        Args:
            rows: What to decode.
            key: Gives the name of the entry in the disk cache, which changes with all that decides the decoded values.
            progress: Receives how many rows are done; at the end `num_before_training(rows)`.
            faults: Told what cannot be read while training.
        """
        if (reader := rows.late) is not None:
            return self._late(reader, key, progress, faults)
        if self.cache == "memory":
            try:
                return self._in_memory(rows, progress)
            except MemoryError:
                self._give_up("memory", "there is too little memory")
        if self.cache == "disk":
            try:
                return self._on_disk(rows, key(), progress)
            except OSError as error:
                self._give_up(f"disk in {self.cache_folder}", error.strerror or str(error))
        pixels, unreadable = rows.direct(progress)
        return ReadyRows(pixels, unreadable, "off")

    def _late(self, reader: LateReader, key: Callable[[], str], progress: Progress, faults: LateFaults) -> ReadyRows:
        unreadable: dict[int, str] | None = None
        kept: LateRows | None = None
        if self.cache == "memory":
            try:
                kept = MemoryRows(reader.num_rows, reader.shape)
            except MemoryError:
                self._give_up("memory", "there is too little memory")
        elif self.cache == "disk":
            try:
                name = key()
                entry = self._late_entry(reader, name, progress)
                unreadable = entry.decoded.unreadable
                kept = None if entry.there is None else DiskRows(self.cache_folder / name, entry)
                if kept is None:
                    return ReadyRows(ArrayPixels(entry.array), unreadable, "disk")
            except OSError as error:
                self._give_up(f"disk in {self.cache_folder}", error.strerror or str(error))
        if unreadable is None:
            unreadable = reader.look_at_some(progress)
        self._tell_late(reader, kept)
        return ReadyRows(LatePixels(reader, faults, kept), unreadable, "off" if kept is None else self.cache)

    def _late_entry(self, reader: LateReader, name: str, progress: Progress) -> CachedPictures:
        entry = open_entry(self.cache_folder, name)
        if entry is not None:
            self.reporter.log("DATA", f"Using what was decoded before, in {self.cache_folder / name}")
            progress(len(some_rows(reader.num_rows)))
            return entry
        unreadable = reader.look_at_some(progress)
        return make_empty_entry(self.cache_folder, name, reader.num_rows, reader.shape, unreadable)

    def _tell_late(self, reader: LateReader, kept: LateRows | None) -> None:
        num_left = reader.num_rows - (0 if kept is None else int(kept.there.sum()))
        if num_left:
            and_kept = "" if kept is None else ", and kept"
            self.reporter.log(
                "DATA",
                f"Training begins without reading all: {num_left:,} of {reader.num_rows:,} are decoded when a batch "
                f"first asks for them{and_kept}. What cannot be read then is named and left out",
            )

    def _in_memory(self, rows: RowDecoder, progress: Progress) -> ReadyRows:
        array = aligned_array((rows.num_rows, *rows.shape))

        def store(positions: NDArray[np.int64], decoded: NDArray[np.uint8]) -> None:
            array[positions] = decoded

        unreadable = rows.decode(store, progress).unreadable
        return ReadyRows(ArrayPixels(array), unreadable, "memory")

    def _on_disk(self, rows: RowDecoder, key: str, progress: Progress) -> ReadyRows:
        entry = open_entry(self.cache_folder, key)
        if entry is not None:
            self.reporter.log("DATA", f"Using what was decoded before, in {self.cache_folder / key}")
            progress(rows.num_rows)
        else:
            entry = make_entry(
                self.cache_folder, key, rows.num_rows, rows.shape, lambda store: rows.decode(store, progress)
            )
        return ReadyRows(ArrayPixels(entry.array), entry.decoded.unreadable, "disk")

    def _give_up(self, place: str, reason: str) -> None:
        self.reporter.notice(
            "warning",
            f"The decoded data cannot be kept on {place}: {reason}. It is decoded again in every epoch, which is "
            "slower. Free some space, or set data.cache to off.",
        )


def num_before_training(rows: RowDecoder) -> int:
    """How many rows are read before training."""
    return rows.num_rows if rows.late is None else len(some_rows(rows.num_rows))


def chosen_store(wanted: CacheSetting, needed_bytes: int, cache_folder: Path, reporter: Reporter) -> RowStore:
    """A store that keeps rows where they are wanted and fit, and what was chosen said.

    Args:
        wanted: The setting `data.cache`.
        needed_bytes: Size of all decoded rows.
        cache_folder: Where the disk cache is.
        reporter: Told the choice and its reason.
    """
    choice = choose_cache(wanted, needed_bytes, free_memory_bytes(), free_disk_bytes(cache_folder))
    reporter.log("DATA", choice.reason)
    if choice.overruled:
        reporter.notice("warning", f"data.cache asks for {wanted}, which does not fit. {choice.reason}")
    return RowStore(choice.kind, cache_folder, reporter)
