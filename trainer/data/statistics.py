"""Sizes, colours and brightness of pictures, from the headers of many and the pixels of a few."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.data.part_samples import PartSamples, picture_file
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

MOST_HEADERS = 2000
_MOST_DECODED = 100
_MOST_HEADERS_OF_ARRAYS = 200
_KIND_OF_MODE = {
    **dict.fromkeys(("1", "L", "La", "I", "I;16", "I;16B", "I;16L", "F"), "grey"),
    **dict.fromkeys(("RGBA", "RGBa", "LA", "PA"), "with transparency"),
    "P": "palette",
}

IsCancelled = Callable[[], bool]


def never() -> bool:
    """Goes on to the end."""
    return False


@dataclass(frozen=True, slots=True, eq=False)
class PictureStatistics:
    """What the pictures that were looked at are like.

    Attributes:
        widths: int32, in pixels, of every picture that could be read.
        heights: int32, in pixels, in the same order.
        kinds: How many are in `colour`, `grey`, `palette` or `with transparency`.
        mean: float64, shape (3,): mean of red, green and blue in 0–255; empty where nothing could be decoded.
        deviation: float64, shape (3,): standard deviation over all pixels.
        num_looked_at: How many headers were asked for.
        num_samples: How many pictures there are.
    """

    widths: NDArray[np.int32]
    heights: NDArray[np.int32]
    kinds: dict[str, int]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    num_looked_at: int
    num_samples: int

    @property
    def sizes_text(self) -> str:
        """`48 × 48 px`, or `from 120 × 80 to 640 × 480 px`, width first."""
        if not len(self.widths):
            return "unknown"
        low, high = (int(self.widths.min()), int(self.heights.min())), (int(self.widths.max()), int(self.heights.max()))
        if low == high:
            return f"{low[0]:,} × {low[1]:,} px"
        return f"{low[0]:,} × {low[1]:,} to {high[0]:,} × {high[1]:,} px"

    @property
    def kinds_text(self) -> str:
        """`colour`, or `colour 90 %, grey 10 %`."""
        total = sum(self.kinds.values())
        ordered = sorted(self.kinds.items(), key=lambda item: -item[1])
        if len(ordered) == 1:
            return ordered[0][0]
        return ", ".join(f"{kind} {_percent(count / total)}" for kind, count in ordered)


def picture_statistics(
    parts: Sequence[PartSamples], most: int = MOST_HEADERS, is_cancelled: IsCancelled = never
) -> PictureStatistics | None:
    """Look at pictures spread evenly over all parts.

    Args:
        parts: What `divided_parts` gives.
        most: Headers to read at most.
        is_cancelled: Asked between pictures.

    Returns:
        The statistics; `None` for tables and where it was cancelled.
    """
    samples = _spread(parts, most)
    if not samples or samples[0][0].raw is None:
        return None
    if picture_file(*samples[0]) is None:
        samples = samples[:: max(1, len(samples) // _MOST_HEADERS_OF_ARRAYS)]
    shapes: list[tuple[int, int]] = []
    kinds: Counter[str] = Counter()
    for index, number in samples:
        if is_cancelled():
            return None
        found = _shape_and_kind(index, number)
        if found is not None:
            shapes.append(found[0])
            kinds[found[1]] += 1
    mean, deviation = _brightness(samples[:: max(1, len(samples) // _MOST_DECODED)], is_cancelled)
    widths, heights = np.array(shapes, np.int32).reshape(-1, 2).T
    total = sum(part.num_samples for part in parts)
    return PictureStatistics(widths, heights, dict(kinds), mean, deviation, len(samples), total)


def mask_shares(parts: Sequence[PartSamples], is_cancelled: IsCancelled = never) -> NDArray[np.float64]:
    """Share of each class in the pixels of up to a hundred training masks that count.

    Returns:
        float64, shape (classes,), summing to 1; empty where there are no masks or none can be read.
    """
    index = parts[0].index
    if index.mask_names is None or index.raw is None:
        return np.zeros(0)
    num_classes = len(index.class_names)
    counts = np.zeros(num_classes, np.int64)
    for row in parts[0].rows[:: max(1, parts[0].num_samples // _MOST_DECODED)].tolist():
        if is_cancelled():
            break
        try:
            counts += np.bincount(index.raw.mask(row).ravel(), minlength=256)[:num_classes]
        except (DataError, OSError):
            continue
    return counts / counts.sum() if counts.any() else np.zeros(0)


def _spread(parts: Sequence[PartSamples], most: int) -> list[tuple[SampleIndex, int]]:
    total = sum(part.num_samples for part in parts)
    step = max(1.0, total / most)
    chosen: list[tuple[SampleIndex, int]] = []
    for part in parts:
        positions = np.arange(0, part.num_samples, step).astype(np.int64)
        chosen += [(part.index, int(row)) for row in part.rows[positions]]
    return chosen


def _shape_and_kind(index: SampleIndex, number: int) -> tuple[tuple[int, int], str] | None:
    """(width, height) and what the colours are; `None` for a picture that cannot be read."""
    path = picture_file(index, number)
    if path is not None:
        header = read_header(path)
        return None if header is None else ((header[0], header[1]), _KIND_OF_MODE.get(header[2], "colour"))
    assert index.raw is not None
    try:
        picture = index.raw.picture(number)
    except (DataError, OSError):
        return None
    is_grey = picture.shape[-1] < 3 or not (picture[..., :1] != picture[..., :3]).any()
    return (picture.shape[1], picture.shape[0]), "grey" if is_grey else "colour"


def read_header(path: Path) -> tuple[int, int, str] | None:
    """Width, height and Pillow's mode of a picture file; `None` where it has no header that can be read."""
    try:
        with warnings.catch_warnings():
            # A huge picture is worth a warning when it is decoded, not when its header is read.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                return picture.width, picture.height, picture.mode
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _brightness(
    samples: Sequence[tuple[SampleIndex, int]], is_cancelled: IsCancelled
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel, every picture counting the same."""
    means, squares = [], []
    for index, number in samples:
        if is_cancelled():
            break
        assert index.raw is not None
        try:
            pixels = index.raw.picture(number)[..., :3].reshape(-1, 3)
        except (DataError, OSError):
            continue
        step = max(1, len(pixels) // 10_000)
        pixels = pixels[::step].astype(np.float64)
        means.append(pixels.mean(axis=0))
        squares.append((pixels**2).mean(axis=0))
    if not means:
        return np.zeros(0), np.zeros(0)
    mean = np.mean(means, axis=0)
    return mean, np.sqrt(np.maximum(np.mean(squares, axis=0) - mean**2, 0.0))


def _percent(fraction: float) -> str:
    return f"{max(1, round(100 * fraction))} %"
