"""Writes down which picture was in which part of the data."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split import Split
from trainer.engine.data.targets import NumberTargets
from trainer.runs.atomic import write_atomically


def write_split(path: Path, prepared: PreparedData) -> None:
    """Write a CSV table with the columns file (full path), class and split (train, validation, test).

    The class is empty where a sample has none of its own, such as with masks and boxes; several are joined by `|`.

    Nothing is written for data from a user's loader, which says nothing about files.

    Raises:
        OSError: It cannot be written; an older file is left as it was.
    """
    splits = {name: part for name, part in prepared.splits.items() if isinstance(part, Split)}
    if not splits:
        return
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("file", "class", "split"))
    for name, split in splits.items():
        classes = _classes(split)
        for number, sample in enumerate(split.names):
            table.writerow((split.place / sample, classes[number] if classes else "", name))
    write_atomically(path, text.getvalue().encode("utf-8", errors="surrogateescape"))


def _classes(split: Split) -> list[str]:
    names, targets = split.class_names, split.targets
    if split.labels is not None:
        return [names[label] for label in split.labels.tolist()]
    if not isinstance(targets, NumberTargets):
        return []
    if not names:
        return [" ".join(f"{value:g}" for value in np.atleast_1d(row)) for row in targets.values]
    return ["|".join(names[number] for number in np.flatnonzero(row)) for row in targets.values]
