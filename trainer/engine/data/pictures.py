"""Makes the pictures of one folder ready: decoded and kept, or checked and left in their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.engine.data.cache_choice import CacheKind
from trainer.engine.data.disk_cache import make_entry, open_entry
from trainer.engine.data.picture_files import Decodable, Progress
from trainer.engine.data.pixels import ArrayPixels, Pixels, aligned_array
from trainer.engine.reporting import Reporter


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The pictures, or the masks, of one folder, ready for training.

    Attributes:
        pixels: All of them, in the order of the index.
        unreadable: Reason by position, for those that cannot be read.
        cache: Where they are kept.
    """

    pixels: Pixels
    unreadable: dict[int, str]
    cache: CacheKind


@dataclass(frozen=True, slots=True)
class PictureStore:
    """Makes folders of pictures ready, all in the same way.

    Attributes:
        cache: Where to keep them.
        cache_folder: Where the disk cache is.
        reporter: Told what happens.
    """

    cache: CacheKind
    cache_folder: Path
    reporter: Reporter

    def prepare(self, files: Decodable, progress: Progress) -> Pictures:
        """Decode or check all pictures of a folder.

        Args:
            files: The pictures, or masks.
            progress: Receives how many are done.
        """
        if self.cache == "memory":
            try:
                return self._in_memory(files, progress)
            except MemoryError:
                self._give_up("memory", "there is too little memory")
        if self.cache == "disk":
            try:
                return self._on_disk(files, progress)
            except OSError as error:
                self._give_up(f"disk in {self.cache_folder}", error.strerror or str(error))
        pixels, decoded = files.leave(progress)
        return Pictures(pixels, decoded.unreadable, "off")

    def _in_memory(self, files: Decodable, progress: Progress) -> Pictures:
        array = aligned_array((len(files.paths), *files.shape))

        def store(positions: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
            array[positions] = pictures

        decoded = files.decode(store, progress)
        return Pictures(ArrayPixels(array), decoded.unreadable, "memory")

    def _on_disk(self, files: Decodable, progress: Progress) -> Pictures:
        key = files.key()
        entry = open_entry(self.cache_folder, key)
        if entry is not None:
            self.reporter.log(
                "DATA", f"Using the pictures of {files.folder} decoded before, in {self.cache_folder / key}"
            )
            progress(len(files.paths))
        else:
            entry = make_entry(
                self.cache_folder,
                key,
                len(files.paths),
                files.shape,
                lambda store: files.decode(store, progress),
            )
        return Pictures(ArrayPixels(entry.array), entry.decoded.unreadable, "disk")

    def _give_up(self, place: str, reason: str) -> None:
        self.reporter.notice(
            "warning",
            f"The decoded pictures cannot be kept on {place}: {reason}. They are decoded again in every epoch, "
            "which is slower. Free some space, or set data.cache to off.",
        )
