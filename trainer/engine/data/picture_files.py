"""Files that can be decoded once and kept, or decoded every time: pictures, and masks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.engine.data.decode import decode_with_tensorflow
from trainer.engine.data.decode_folder import (
    Decoded,
    Store,
    decode_folder,
    full_path,
    picture_by_pillow,
    seem_to_fit,
)
from trainer.engine.data.decode_masks import MaskFilePixels, MaskFormat, decode_masks, mask_of
from trainer.engine.data.disk_cache import cache_key
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import FilePixels, Pixels
from trainer.engine.data.row_store import Progress
from trainer.engine.data.verify import are_many, some_rows, verify_folder


@dataclass(frozen=True)
class PictureFiles:
    """Pictures; see `RowDecoder` and, for very many, `LateReader` and `GraphReader`."""

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

    @cached_property
    def late(self) -> PictureFiles | None:
        """See `RowDecoder.late`."""
        return self if are_many(self.folder, self.paths) else None

    @property
    def in_graph(self) -> PictureFiles:
        """See `LateReader.in_graph`."""
        return self

    @cached_property
    def fits(self) -> bool:
        """See `GraphReader.fits`."""
        return seem_to_fit(self.folder, self.paths, self.picture_format)

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

    def look_at_some(self, progress: Progress) -> dict[int, str]:
        """See `LateReader.look_at_some`; of all, if one of these is broken."""
        return verify_folder(self.folder, self.paths, self.picture_format, progress).unreadable

    def sources(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `GraphReader.sources`: full paths."""
        return np.array([full_path(self.folder, self.paths[row]) for row in rows.tolist()], dtype=object)

    def decode_source(self, source: Any, *, fits: bool) -> Any:
        """See `GraphReader.decode_source`."""
        return decode_with_tensorflow(tf.io.read_file(source), self.picture_format, fits=fits)

    def decode_alone(self, row: int) -> NDArray[np.uint8]:
        """See `LateReader.decode_alone`."""
        return picture_by_pillow(self.folder / self.paths[row], self.picture_format)


@dataclass(frozen=True)
class MaskFiles:
    """Masks; see `RowDecoder` and, for very many, `LateReader`."""

    folder: Path
    paths: PathList
    mask_format: MaskFormat

    in_graph = None
    """They are not decoded in a graph."""

    @property
    def num_rows(self) -> int:
        """See `RowDecoder.num_rows`."""
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int]:
        """See `RowDecoder.shape`."""
        return self.mask_format.shape

    @cached_property
    def late(self) -> MaskFiles | None:
        """See `RowDecoder.late`."""
        return self if are_many(self.folder, self.paths) else None

    def key(self) -> str:
        """A name that changes with the files and with what they are brought to."""
        return cache_key(self.folder, self.paths, self.mask_format)

    def decode(self, store: Store, progress: Progress) -> Decoded:
        """See `RowDecoder.decode`."""
        return decode_masks(self.folder, self.paths, self.mask_format, store, progress)

    def direct(self, progress: Progress) -> tuple[Pixels, dict[int, str]]:
        """See `RowDecoder.direct`."""
        decoded = self.decode(_forget, progress)
        return MaskFilePixels(self.folder, self.paths, self.mask_format), decoded.unreadable

    def look_at_some(self, progress: Progress) -> dict[int, str]:
        """See `LateReader.look_at_some`."""
        some = some_rows(self.num_rows)
        found = decode_masks(self.folder, self.paths.take(some), self.mask_format, _forget, progress).unreadable
        return {int(some[position]): reason for position, reason in found.items()}

    def decode_alone(self, row: int) -> NDArray[np.uint8]:
        """See `LateReader.decode_alone`."""
        return mask_of(self.folder, self.paths[row], self.mask_format)


def _forget(_positions: NDArray[np.int64], _masks: NDArray[np.uint8]) -> None:
    """Only whether it can be decoded matters."""
