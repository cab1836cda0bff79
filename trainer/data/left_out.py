"""Samples that cannot be used: how many of them a training tolerates, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WHAT_TO_DO = "Replace or remove them, or raise the setting Tolerated unreadable share."
"""How the end of `too_many_text` goes on."""
_MOST_NAMED = 5


def are_too_many(count: int, total: int, most_fraction: float) -> bool:
    """Whether a part of which `count` samples cannot be used is refused: for its share, or as nothing is left."""
    return count > most_fraction * total or 0 < count == total


def too_many_text(count: int, total: int, part: str, place: Path, most_fraction: float, what: str) -> str:
    """Why a part is refused, without its end: the samples themselves, or what to do.

    Args:
        count: Samples that cannot be used.
        total: Samples of the part.
        part: Its name.
        place: Its folder or file.
        most_fraction: What is tolerated.
        what: What the samples are called.
    """
    return (
        f"{count:,} of {total:,} {what} in the {part} data {place} cannot be read ({count / total:.1%}; "
        f"data.max_unreadable_fraction allows {most_fraction:.1%})"
    )


def lost_classes_text(
    labels: NDArray[np.int32] | None,
    rows: NDArray[np.int64],
    class_names: Sequence[str],
    place: Path,
    what: str,
) -> str:
    """Why samples are refused among which some class is not; empty where each occurs, or none is known.

    Args:
        labels: Class of every sample, usable or not.
        rows: The samples that can be used.
        class_names: Classes by number.
        place: The folder or file.
        what: What the samples are called.
    """
    if labels is None:
        return ""
    counts = np.bincount(labels[rows], minlength=len(class_names))
    lost = [name for name, count in zip(class_names, counts, strict=True) if not count]
    if not lost:
        return ""
    listed = ", ".join(lost[:_MOST_NAMED])
    return f"None of the {what} of {listed} in {place} can be read. Replace them, or remove the class."
