"""What the headers of a few pictures say about all of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.data.path_list import PathList

NUM_LOOKED_AT = 64
_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"})
_TRANSPARENT_MODES = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Sizes and colours of the pictures that were looked at.

    Attributes:
        heights: Heights in pixels of those that could be read.
        widths: Widths in pixels, in the same order.
        num_grey: How many have no colour.
        num_transparent: How many have an alpha channel.
        unreadable: Those whose header could not be read.
    """

    heights: tuple[int, ...]
    widths: tuple[int, ...]
    num_grey: int
    num_transparent: int
    unreadable: tuple[str, ...]

    @property
    def num_read(self) -> int:
        """How many could be read."""
        return len(self.heights)

    @property
    def common_size(self) -> tuple[int, int] | None:
        """Height and width that all share, if they do."""
        sizes = set(zip(self.heights, self.widths, strict=True))
        return sizes.pop() if len(sizes) == 1 else None


def look_at_pictures(folder: Path, paths: PathList, most: int = NUM_LOOKED_AT) -> PictureFacts:
    """Read the headers of up to `most` pictures, spread evenly over `paths`, which are relative to `folder`."""
    positions = np.unique(np.linspace(0, len(paths) - 1, min(most, len(paths))).round().astype(int))
    heights: list[int] = []
    widths: list[int] = []
    modes: list[str] = []
    unreadable: list[str] = []
    for path in (paths[int(position)] for position in positions):
        try:
            width, height, mode = _header(folder / path)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            unreadable.append(f"{path}: {error}")
            continue
        heights.append(height)
        widths.append(width)
        modes.append(mode)
    return PictureFacts(
        heights=tuple(heights),
        widths=tuple(widths),
        num_grey=sum(mode in _GREY_MODES for mode in modes),
        num_transparent=sum(mode in _TRANSPARENT_MODES for mode in modes),
        unreadable=tuple(unreadable),
    )


def _header(path: Path) -> tuple[int, int, str]:
    with warnings.catch_warnings():
        # A huge picture is worth a warning when it is decoded, not when its header is read.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path) as picture:
            return picture.width, picture.height, picture.mode
