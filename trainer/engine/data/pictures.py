"""Makes the pictures of one folder ready: decoded and kept, or checked and left in their files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.image_folder import ImageIndex
from trainer.engine.data.cache_choice import CacheKind
from trainer.engine.data.decode_folder import decode_folder
from trainer.engine.data.disk_cache import cache_key, make_entry, open_entry
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import ArrayPixels, FilePixels, Pixels, aligned_array
from trainer.engine.data.verify import verify_folder
from trainer.engine.reporting import Reporter

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The pictures of one folder, ready for training.

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
        picture_format: What to bring them to.
        cache: Where to keep them.
        cache_folder: Where the disk cache is.
        reporter: Told what happens.
    """

    picture_format: PictureFormat
    cache: CacheKind
    cache_folder: Path
    reporter: Reporter

    def prepare(self, index: ImageIndex, progress: Progress) -> Pictures:
        """Decode or check all pictures of a folder.

        Args:
            index: The folder.
            progress: Receives how many pictures are done.
        """
        if self.cache == "memory":
            try:
                return self._in_memory(index, progress)
            except MemoryError:
                self._give_up("memory", "there is too little memory")
        if self.cache == "disk":
            try:
                return self._on_disk(index, progress)
            except OSError as error:
                self._give_up(f"disk in {self.cache_folder}", error.strerror or str(error))
        return self._in_files(index, progress)

    def _in_memory(self, index: ImageIndex, progress: Progress) -> Pictures:
        array = aligned_array((len(index.paths), *self.picture_format.shape))

        def store(positions: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
            array[positions] = pictures

        decoded = decode_folder(index.folder, index.paths, self.picture_format, store, progress)
        return Pictures(ArrayPixels(array), decoded.unreadable, "memory")

    def _on_disk(self, index: ImageIndex, progress: Progress) -> Pictures:
        key = cache_key(index.folder, index.paths, self.picture_format)
        entry = open_entry(self.cache_folder, key)
        if entry is not None:
            self.reporter.log(
                "DATA", f"Using the pictures of {index.folder} decoded before, in {self.cache_folder / key}"
            )
            progress(len(index.paths))
        else:
            entry = make_entry(
                self.cache_folder,
                key,
                len(index.paths),
                self.picture_format.shape,
                lambda store: decode_folder(index.folder, index.paths, self.picture_format, store, progress),
            )
        return Pictures(ArrayPixels(entry.array), entry.decoded.unreadable, "disk")

    def _in_files(self, index: ImageIndex, progress: Progress) -> Pictures:
        decoded = verify_folder(index.folder, index.paths, self.picture_format, progress)
        pixels = FilePixels(index.folder, index.paths, self.picture_format, decoded)
        return Pictures(pixels, decoded.unreadable, "off")

    def _give_up(self, place: str, reason: str) -> None:
        self.reporter.notice(
            "warning",
            f"The decoded pictures cannot be kept on {place}: {reason}. They are decoded again in every epoch, "
            "which is slower. Free some space, or set data.cache to off.",
        )
