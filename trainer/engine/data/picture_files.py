"""Files that can be decoded once and kept, or decoded every time: pictures, and masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.engine.data.decode_folder import Decoded, Store, decode_folder
from trainer.engine.data.decode_masks import MaskFilePixels, MaskFormat, decode_masks
from trainer.engine.data.disk_cache import cache_key
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import FilePixels, Pixels
from trainer.engine.data.verify import verify_folder

Progress = Callable[[int], None]
_MOST_DECODED_MASKS = 20_000


class Decodable(Protocol):
    """Files of one folder and what to bring them to."""

    @property
    def folder(self) -> Path:
        """What `paths` are relative to."""

    @property
    def paths(self) -> PathList:
        """The files."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of each when decoded."""

    def key(self) -> str:
        """A name that changes with the files and with what they are brought to."""

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """Decode all of them; see `decode_folder`."""

    def leave(self, progress: Progress) -> tuple[Pixels, Decoded]:
        """Find out which cannot be read, and decode them from their files every time."""


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Pictures; see `Decodable`."""

    folder: Path
    paths: PathList
    picture_format: PictureFormat

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Decodable.shape`."""
        return self.picture_format.shape

    def key(self) -> str:
        """See `Decodable.key`."""
        return cache_key(self.folder, self.paths, self.picture_format)

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """See `Decodable.decode`."""
        return decode_folder(self.folder, self.paths, self.picture_format, store, progress)

    def leave(self, progress: Progress) -> tuple[Pixels, Decoded]:
        """See `Decodable.leave`."""
        decoded = verify_folder(self.folder, self.paths, self.picture_format, progress)
        return FilePixels(self.folder, self.paths, self.picture_format, decoded), decoded


@dataclass(frozen=True, slots=True)
class MaskFiles:
    """Masks; see `Decodable`."""

    folder: Path
    paths: PathList
    mask_format: MaskFormat

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `Decodable.shape`."""
        return self.mask_format.shape

    def key(self) -> str:
        """See `Decodable.key`."""
        return cache_key(self.folder, self.paths, self.mask_format)

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """See `Decodable.decode`."""
        return decode_masks(self.folder, self.paths, self.mask_format, store, progress)

    def leave(self, progress: Progress) -> tuple[Pixels, Decoded]:
        """See `Decodable.leave`; of very many, only the first are decoded to look for unexpected values."""
        some = self.paths[:_MOST_DECODED_MASKS]
        decoded = decode_masks(self.folder, some, self.mask_format, _forget, progress)
        progress(len(self.paths))
        return MaskFilePixels(self.folder, self.paths, self.mask_format), decoded


def _forget(_positions: NDArray[np.int64], _masks: NDArray[np.uint8]) -> None:
    """Only whether it can be decoded matters."""
