"""Files that can be decoded once and kept, or decoded every time: pictures, and masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.engine.data.decode_folder import Decoded, Store, decode_folder
from trainer.engine.data.decode_masks import MaskFilePixels, MaskFormat, decode_masks
from trainer.engine.data.disk_cache import cache_key
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import FilePixels, Pixels
from trainer.engine.data.row_store import Progress
from trainer.engine.data.verify import verify_folder

_MOST_DECODED_MASKS = 20_000


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Pictures; see `RowDecoder`."""

    folder: Path
    paths: PathList
    picture_format: PictureFormat

    @property
    def num_rows(self) -> int:
        """See `RowDecoder.num_rows`."""
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `RowDecoder.shape`."""
        return self.picture_format.shape

    def key(self) -> str:
        """A name that changes with the files and with what they are brought to."""
        return cache_key(self.folder, self.paths, self.picture_format)

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """See `RowDecoder.decode`."""
        return decode_folder(self.folder, self.paths, self.picture_format, store, progress)

    def direct(self, progress: Progress) -> tuple[Pixels, dict[int, str]]:
        """See `RowDecoder.direct`."""
        decoded = verify_folder(self.folder, self.paths, self.picture_format, progress)
        return FilePixels(self.folder, self.paths, self.picture_format, decoded), decoded.unreadable


@dataclass(frozen=True, slots=True)
class MaskFiles:
    """Masks; see `RowDecoder`."""

    folder: Path
    paths: PathList
    mask_format: MaskFormat

    @property
    def num_rows(self) -> int:
        """See `RowDecoder.num_rows`."""
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `RowDecoder.shape`."""
        return self.mask_format.shape

    def key(self) -> str:
        """A name that changes with the files and with what they are brought to."""
        return cache_key(self.folder, self.paths, self.mask_format)

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """See `RowDecoder.decode`."""
        return decode_masks(self.folder, self.paths, self.mask_format, store, progress)

    def direct(self, progress: Progress) -> tuple[Pixels, dict[int, str]]:
        """See `RowDecoder.direct`; of very many, only the first are decoded to look for unexpected values."""
        some = self.paths[:_MOST_DECODED_MASKS]
        decoded = decode_masks(self.folder, some, self.mask_format, _forget, progress)
        progress(len(self.paths))
        return MaskFilePixels(self.folder, self.paths, self.mask_format), decoded.unreadable


def _forget(_positions: NDArray[np.int64], _masks: NDArray[np.uint8]) -> None:
    """Only whether it can be decoded matters."""
