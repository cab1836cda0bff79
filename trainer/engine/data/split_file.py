"""Writes down which picture was in which part of the data."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split import Split
from trainer.engine.data.targets import NumberTargets
from trainer.errors import DataError
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


def require_same_division(path: Path, prepared: PreparedData) -> None:
    """Refuse to go on where samples that were trained on would now be validated or tested on.

    A sample that was added or removed since the run began divides all others anew.

    Args:
        path: The table that the run's earlier session wrote; nothing is asked of a run without one.
        prepared: The data as it is now.

    Raises:
        DataError: The division is another one.
    """
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = [(row["file"], row["split"]) for row in csv.DictReader(file)]
    for name in ("validation", "test"):
        split = prepared.splits.get(name)
        # Those that were in both before, as where a folder validates on itself, are as they were.
        only_trained = {file for file, part in rows if part == "train"} - {file for file, part in rows if part == name}
        if isinstance(split, Split) and (count := sum(str(split.place / each) in only_trained for each in split.names)):
            raise DataError(
                f"{count:,} samples that this run was trained on would now be {name} samples: the data has changed "
                "since it began. Put back what was removed and take away what was added, or start a new run."
            )
