"""Looks at a CSV file and proposes a configuration for it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trainer.config.config import Config
from trainer.data.inspect import Proposal
from trainer.data.tables.table_checks import check_table, date_columns, filled_columns, unused_columns
from trainer.data.tables.table_columns import HeldKind
from trainer.data.tables.table_data import TableData, read_table
from trainer.data.tables.table_file import read_table_file
from trainer.data.tables.table_formats import OTHER_TABLE_SUFFIXES, refuse_other_format
from trainer.data.tables.table_options import DELIMITERS, TableOptions
from trainer.data.tables.table_target import TableTask
from trainer.data.tables.table_target_guess import AS_CHOSEN, ChosenOfTable, chosen_of_table, guess_target, stem_of
from trainer.errors import ConfigError, DataError

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".csv.gz", ".tsv.gz")
"""Endings of files that are tried as tables."""
_PARTS = {
    "train": ("train", "training"),
    "val_dir": ("val", "valid", "validation", "dev"),
    "test_dir": ("test", "testing"),
}
_KIND_TEXTS: dict[HeldKind, str] = {"number": "numbers", "category": "categories", "date": "dates"}
_FEW_ROWS = 20
_FEW_PER_CLASS = 5
_VALIDATION_FRACTION = 0.2
_MOST_LISTED = 8


def propose_table(path: Path, chosen: Mapping[str, Any] | None = None) -> Proposal:
    """Look at a CSV file, or a folder with train.csv and perhaps val.csv and test.csv, and propose settings.

    The target is guessed: a column with a usual name or with that of the file, else the last or the first column that
    can be one.

    Args:
        path: The file or folder.
        chosen: Settings that are chosen already, nested as in a configuration: the task and the loader's arguments
            among them count more than what is guessed, unless nothing can be read by them.

    Raises:
        DataError: There is no table, or none that a network can learn from.
    """
    choice, nothing = chosen_of_table(chosen or {}), chosen_of_table({})
    try:
        return _proposal(Path(path), choice)
    except DataError:
        if choice == nothing:
            raise
        # What is chosen does not fit: the check of the written configuration says it by the setting.
        with contextlib.suppress(DataError):
            return _proposal(Path(path), nothing)
        raise


def _proposal(path: Path, choice: ChosenOfTable) -> Proposal:
    files = _files(path)
    train = files.pop("train")
    try:
        file = read_table_file(train, choice.options)
        target, why, guess = guess_target(file, choice.options)
    except ConfigError as error:
        raise DataError(f"{train}: {error.problems[0].message}") from error
    task = choice.task or guess
    table = _as_configured(train, dataclasses.replace(choice.options, target_column=target), task)
    sentences = [_summary(table), *_target_sentences(table, why), *date_columns(table), *unused_columns(table)]
    if filled := filled_columns(table):
        sentences.append(f"Missing values, which will be filled in: {', '.join(filled[:_MOST_LISTED])}.")
    problems = _problem_sentences(table)
    sentences = [*problems, *sentences] if _has_too_many_misfits(table) else [*sentences, *problems]
    data: dict[str, Any] = {"train_dir": str(train), **_other_files(files, table, choice.options, sentences)}
    column = target[0] if len(target) == 1 else list(target)
    loader = {"name": "CSVDataLoader", "arguments": {"target_column": column}}
    values = {
        "project": {"name": _name(train), "task": task},
        "data": {**data, "loader": loader, "batch_size": _batch_size(len(table.lines))},
        "model": {"architecture": {"name": "MLP"}},
        "training": _training(len(table.lines)),
    }
    return Proposal(values=values, sentences=tuple(sentences))


def is_table(path: Path) -> bool:
    """Whether a file looks like a table by its name, or a folder holds nothing but tables or workbooks."""
    if path.is_file():
        return _is_table_name(path)
    if not path.is_dir():
        return False
    try:
        names = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    except OSError:
        return False
    are_tables = [_is_table_name(entry) or entry.suffix.lower() in OTHER_TABLE_SUFFIXES for entry in names]
    is_rest_text = all(is_one or entry.suffix == ".md" for entry, is_one in zip(names, are_tables, strict=True))
    return is_rest_text and any(are_tables) and all(entry.is_file() for entry in names)


def _is_table_name(path: Path) -> bool:
    return path.name.lower().endswith(TABLE_SUFFIXES)


def _files(path: Path) -> dict[str, Path]:
    path = path.expanduser()
    path = path.resolve() if ".." in path.parts else path.absolute()
    if not path.is_dir():
        return {"train": path}
    tables = sorted(filter(_is_table_name, path.iterdir()))
    found = {
        part: file for part, names in _PARTS.items() for file in reversed(tables) if stem_of(file).lower() in names
    }
    if "train" in found:
        return found
    if len(tables) == 1:
        return {"train": tables[0]}
    if others := [file for file in path.iterdir() if file.suffix.lower() in OTHER_TABLE_SUFFIXES and not tables]:
        refuse_other_format(min(others))
    listed = ", ".join(file.name for file in tables[:_MOST_LISTED])
    raise DataError(f"{path} has no train.csv{f', but {listed}. Choose one of them' if tables else ''}.")


def _name(train: Path) -> str:
    return train.parent.name if stem_of(train).lower() in _PARTS["train"] and train.parent.name else stem_of(train)


def _as_configured(path: Path, options: TableOptions, task: TableTask) -> TableData:
    config = _config_of(task)
    try:
        return read_table(config, path, options)
    except ConfigError as error:
        raise DataError(f"{path}: {error.problems[0].message}") from error


def _config_of(task: TableTask) -> Config:
    """Rows that do not fit are said, however many there are; a person decides how many are tolerated."""
    return Config.model_validate({"project": {"task": task}, "data": {"max_unreadable_fraction": 1.0}})


def _problem_sentences(table: TableData) -> list[str]:
    sentences = [
        f"{problem.place}: {problem.message}" if problem.place.startswith("line") else problem.message
        for problem in (*table.problems, *check_table(table))
        if problem.kind != "constant_column"  # told with the columns that are left out
    ]
    if (further := len(sentences) - _MOST_LISTED) > 0:
        where = "" if _has_too_many_misfits(table) else "; gardener check lists them"
        sentences[_MOST_LISTED:] = [f"{further:,} more of this kind{where}."]
    if _has_too_many_misfits(table):
        num_rows = table.file.num_ragged + len(table.file.lines)
        refused = (
            f"{table.file.num_ragged:,} of {num_rows:,} rows do not fit the header: training is refused unless "
            "they are corrected or data.max_unreadable_fraction is raised."
        )
        sentences.insert(0, refused)
    return sentences


def _has_too_many_misfits(table: TableData) -> bool:
    num_rows = table.file.num_ragged + len(table.file.lines)
    return table.file.num_ragged > Config().data.max_unreadable_fraction * num_rows


def _summary(table: TableData) -> str:
    counts = Counter(column.holds for column in table.features)
    delimiter = next(name for name, character in DELIMITERS.items() if character == table.file.delimiter)
    kinds = ", ".join(f"{counts[kind]} with {text}" for kind, text in _KIND_TEXTS.items() if counts[kind])
    columns = f"{len(table.features)} column{'' if len(table.features) == 1 else 's'}"
    return f"{_rows(len(table.lines))} with {columns} to learn from ({kinds}), divided by {delimiter}."


def _target_sentences(table: TableData, why: str) -> list[str]:
    names = ", ".join(table.target_names)
    change = "" if why == AS_CHOSEN else " Choose another as the loader's target column if that is wrong."
    few = [] if len(table.lines) >= _FEW_ROWS else [f"{_rows(len(table.lines))}: the figures will say little."]
    if not table.class_names:
        ranges = ", ".join(f"{low:g} to {high:g}" for low, high in _ranges(table))
        what = "number" if len(table.target_names) == 1 else "numbers"
        return [f"The {what} in {names} ({ranges}) will be predicted, {why}.{change}", *few]
    if len(table.target_names) > 1:
        counts = table.targets.sum(axis=0).astype(np.int64)
        listed = [f"{name} ({count:,})" for name, count in zip(table.target_names, counts.tolist(), strict=True)]
        return [f"Several classes per row will be predicted, {why}: {', '.join(listed)}.{change}", *few]
    counts = np.bincount(table.targets.astype(np.int64), minlength=len(table.class_names))
    listed = [f"{each} ({count:,})" for each, count in zip(table.class_names, counts.tolist(), strict=True)]
    shown = ", ".join(listed[:_MOST_LISTED]) + (" …" if len(listed) > _MOST_LISTED else "")
    sentences = [f"The class in {names} will be predicted, {why}: {shown}.{change}", *few]
    if counts.min() < _FEW_PER_CLASS:
        rarest = table.class_names[int(counts.argmin())]
        sentences.append(f"The class {rarest} has only {_rows(counts.min())}: the network may not learn it well.")
    return sentences


def _ranges(table: TableData) -> list[tuple[float, float]]:
    columns = table.targets.reshape(len(table.lines), -1)
    return list(zip(columns.min(axis=0).tolist(), columns.max(axis=0).tolist(), strict=True))


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _other_files(
    files: Mapping[str, Path], table: TableData, options: TableOptions, sentences: list[str]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    options = dataclasses.replace(options, target_column=table.target_names)
    config = _config_of(table.task)
    for key, path in files.items():
        try:
            found = read_table(config, path, options, like=table)
        except (ConfigError, DataError) as error:
            sentences.append(f"{path.name} is not used: {error}")
            continue
        values[key] = str(path)
        purpose = "validates on them" if key == "val_dir" else "is tested on them once, at the end"
        sentences.append(f"{path.name} beside it has {_rows(len(found.lines))}: the network {purpose}.")
    if "val_dir" not in values:
        values["validation_fraction"] = _VALIDATION_FRACTION
        sentences.append(f"{_VALIDATION_FRACTION:.0%} of the rows are held out for validation.")
    return values


def _batch_size(num_rows: int) -> int:
    if num_rows < 2000:
        return 32
    return 128 if num_rows < 100_000 else 1024


def _training(num_rows: int) -> dict[str, Any]:
    """Small tables need many epochs for the few thousand steps a network takes to settle; large ones few."""
    epochs = 150 if num_rows < 2000 else 60 if num_rows < 20_000 else 20
    return {
        "epochs": epochs,
        "initial_learning_rate": 0.003,
        "early_stopping": {"enabled": True, "patience": max(5, epochs // 5)},
    }
