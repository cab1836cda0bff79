"""Classes that no pixel of the masks belongs to, which only shows when masks are read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainer.data.part_samples import PartSamples
from trainer.data.sample_index import DataProblem
from trainer.data.statistics import IsCancelled, never
from trainer.errors import DataError

MOST_MASKS_AT_START = 100
"""Masks that are read at most where a training waits for the answer."""


def absent_classes(part: PartSamples, most: int = 0, is_cancelled: IsCancelled = never) -> tuple[list[int], int]:
    """Read masks of a part until every class was seen, which is soon the case in most data.

    Args:
        part: What `divided_parts` gives.
        most: Masks to read at most, spread evenly; 0 for all.
        is_cancelled: Asked between masks.

    Returns:
        Numbers of the classes that were not seen, and how many masks were read; no class where there are no masks,
        none of them can be read, or it was cancelled.
    """
    index = part.index
    if index.mask_names is None or index.raw is None:
        return [], 0
    is_seen, num_read = np.zeros(len(index.class_names), bool), 0
    step = max(1.0, part.num_samples / most) if most else 1.0
    for position in np.arange(0, part.num_samples, step).astype(int).tolist():
        if is_cancelled():
            return [], num_read
        try:
            mask = index.raw.mask(int(part.rows[position]))
        except (DataError, OSError, ValueError):  # told where samples are read
            continue
        num_read += 1
        is_seen |= np.bincount(mask.ravel(), minlength=256)[: len(is_seen)] > 0
        if is_seen.all():
            break
    return (np.flatnonzero(~is_seen).tolist(), num_read) if num_read else ([], 0)


def mask_class_problems(
    parts: Sequence[PartSamples], most: int = 0, is_cancelled: IsCancelled = never
) -> list[DataProblem]:
    """A warning for each class that no pixel to train or to validate on belongs to.

    Args:
        parts: What `divided_parts` gives.
        most: Masks to read at most of each part; 0 for all. Of parts besides `train` that have more nothing is said.
        is_cancelled: Asked between masks.
    """
    found = []
    for part in parts:
        numbers, num_read = absent_classes(part, most, is_cancelled)
        is_some = num_read < part.num_samples
        if is_some and part.name != "train":
            continue
        looked_at = f" in the {num_read:,} of {part.num_samples:,} masks looked at" if is_some else ""
        for number in numbers:
            name = part.index.class_names[number]
            if part.name == "train":
                message = (
                    f"The class {name} has no pixel to train on{looked_at}: the network cannot learn it. Look at "
                    "what the values of the masks stand for; 255 may be taken for pixels that are not counted."
                )
            else:
                message = f"The class {name} has no pixel in the {part.name} data: its figures say nothing about it."
            found.append(DataProblem("empty_class", message, str(part.index.place), f"class {name}", "warning"))
    return found
