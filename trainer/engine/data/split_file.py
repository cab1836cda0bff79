"""Writes down which picture was in which part of the data."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from trainer.engine.data.prepare import PreparedData
from trainer.engine.data.split import Split
from trainer.runs.atomic import write_atomically


def write_split(path: Path, prepared: PreparedData) -> None:
    """Write a CSV table with the columns file (full path), class and split (train, validation, test).

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
        for file, label in zip(split.paths, split.labels, strict=True):
            table.writerow((split.folder / file, split.class_names[label], name))
    write_atomically(path, text.getvalue().encode("utf-8", errors="surrogateescape"))
