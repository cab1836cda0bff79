"""Single pictures and masks as they are stored, read with Pillow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.pictures.mask_coding import MaskCoding, MaskValueError, read_mask
from trainer.data.pictures.pillow_picture import UnreadablePictureError, read_picture
from trainer.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class PillowSamples:
    """Reads pictures from their files; see `RawSamples`.

    Attributes:
        place: The folder that names are relative to.
        names: The pictures.
        mask_names: Their masks, for segmentation.
        coding: What the values of the masks stand for.
    """

    place: Path
    names: Sequence[str]
    mask_names: Sequence[str] | None = None
    coding: MaskCoding | None = None

    def picture(self, number: int) -> NDArray[np.uint8]:
        """See `RawSamples.picture`."""
        path = self.place / self.names[number]
        try:
            return read_picture(path)
        except UnreadablePictureError as error:
            raise DataError(f"{path} cannot be read: {error}.") from error

    def mask(self, number: int) -> NDArray[np.uint8]:
        """See `RawSamples.mask`."""
        if self.mask_names is None or self.coding is None or not self.mask_names[number]:
            raise DataError(f"{self.place / self.names[number]} has no mask.")
        path = self.place / self.mask_names[number]
        try:
            return read_mask(path, self.coding)
        except UnreadablePictureError as error:
            raise DataError(f"{path} cannot be read: {error}.") from error
        except MaskValueError as error:
            raise DataError(f"{path} {error}.") from error
