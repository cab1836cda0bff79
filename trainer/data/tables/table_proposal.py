"""Looks at a CSV file and proposes a configuration for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from trainer.config.config import Config
from trainer.data.inspect import Proposal
from trainer.data.tables.table_checks import check_table, filled_columns, unused_columns
from trainer.data.tables.table_columns import TableColumn, find_columns
from trainer.data.tables.table_data import TableData, TableTask, read_table
from trainer.data.tables.table_file import TableFile, read_table_file
from trainer.data.tables.table_options import DELIMITERS, TableOptions
from trainer.errors import ConfigError, DataError

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
"""Endings of files that are tried as tables."""
_TARGET_NAMES = ("target", "label", "class", "y", "outcome", "output", "response", "category", "species", "diagnosis")
_PARTS = {
    "train": ("train", "training"),
    "val_dir": ("val", "valid", "validation", "dev"),
    "test_dir": ("test", "testing"),
}
_MOST_CLASSES_OF_NUMBERS = 10
_LEAST_PER_CLASS = 10
_FEW_PER_CLASS = 5
_VALIDATION_FRACTION = 0.2
_MOST_LISTED = 8


def propose_table(path: Path) -> Proposal:
    """Look at a CSV file, or a folder with train.csv and perhaps val.csv and test.csv, and propose settings.

    The target is guessed: a column with a usual name or with that of the file, else the last or the first column that
    can be one.

    Raises:
        DataError: There is no table, or none that a network can learn from.
    """
    files = _files(Path(path))
    train = files.pop("train")
    file = read_table_file(train, TableOptions())
    target, why = _guess_target(file)
    task: TableTask = "tabular_classification" if _holds_classes(target) else "tabular_regression"
    table = _as_configured(train, target.name, task)
    sentences = [_summary(table), *_target_sentences(table, why), *unused_columns(table)]
    if filled := filled_columns(table):
        sentences.append(f"Missing values, which will be filled in: {', '.join(filled[:_MOST_LISTED])}.")
    sentences += _problem_sentences(table)
    data: dict[str, Any] = {"train_dir": str(train), **_other_files(files, table, sentences)}
    loader = {"name": "CSVDataLoader", "arguments": {"target_column": target.name}}
    values = {
        "project": {"name": _name(train), "task": task},
        "data": {**data, "loader": loader, "batch_size": _batch_size(len(table.lines))},
        "model": {"architecture": {"name": "MLP"}},
        "training": _training(len(table.lines)),
    }
    return Proposal(values=values, sentences=tuple(sentences))


def is_table(path: Path) -> bool:
    """Whether a file, or a folder that holds nothing else, looks like a table by its name."""
    if path.is_file():
        return path.suffix.lower() in TABLE_SUFFIXES
    if not path.is_dir():
        return False
    names = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    is_only_text = all(entry.is_file() and entry.suffix.lower() in (*TABLE_SUFFIXES, ".md") for entry in names)
    return is_only_text and any(entry.suffix.lower() in TABLE_SUFFIXES for entry in names)


def _files(path: Path) -> dict[str, Path]:
    path = path.expanduser()
    path = path.resolve() if ".." in path.parts else path.absolute()
    if not path.is_dir():
        return {"train": path}
    tables = sorted(file for file in path.iterdir() if file.suffix.lower() in TABLE_SUFFIXES)
    found = {part: file for part, names in _PARTS.items() for file in reversed(tables) if file.stem.lower() in names}
    if "train" in found:
        return found
    if len(tables) == 1:
        return {"train": tables[0]}
    listed = ", ".join(file.name for file in tables[:_MOST_LISTED])
    raise DataError(f"{path} has no train.csv{f', but {listed}. Choose one of them' if tables else ''}.")


def _name(train: Path) -> str:
    return train.parent.name if train.stem.lower() in _PARTS["train"] and train.parent.name else train.stem


def _guess_target(file: TableFile) -> tuple[TableColumn, str]:
    """The column that is most likely to be predicted, and why."""
    columns, _ = find_columns(file, TableOptions(), frozenset())
    usable = {column.name: column for column in columns if column.kind != "unused"}
    if not usable:
        raise DataError(f"{file.path} has no column that could be predicted.")
    by_name = {name.lower(): name for name in usable}
    for usual in _TARGET_NAMES:
        if usual in by_name:
            return usable[by_name[usual]], "for its name"
    if file.path.stem.lower() in by_name:
        return usable[by_name[file.path.stem.lower()]], "as the file is called like it"
    if file.columns[-1] in usable:
        return usable[file.columns[-1]], "as it is the last column"
    first = next(iter(usable))
    return usable[first], "as it is the first column that can be one"


def _holds_classes(column: TableColumn) -> bool:
    """Texts, or a few whole numbers that occur often."""
    if not column.is_numeric:
        return True
    values = column.values[~column.is_missing]
    if (values % 1).any() or column.num_unique > _MOST_CLASSES_OF_NUMBERS:
        return False
    return column.num_unique * _LEAST_PER_CLASS <= len(values)


def _as_configured(path: Path, target: str, task: TableTask) -> TableData:
    options = TableOptions(target_column=target)
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
        sentences[_MOST_LISTED:] = [f"{further:,} more of this kind; gardener check lists them."]
    tolerated = Config().data.max_unreadable_fraction
    num_rows = table.file.num_ragged + len(table.file.lines)
    if table.file.num_ragged > tolerated * num_rows:
        sentences.append(
            f"{table.file.num_ragged:,} of {num_rows:,} rows do not fit the header: training is refused unless "
            "data.max_unreadable_fraction is raised."
        )
    return sentences


def _summary(table: TableData) -> str:
    num_numbers = sum(column.is_numeric for column in table.features)
    num_categories = len(table.features) - num_numbers
    delimiter = next(name for name, character in DELIMITERS.items() if character == table.file.delimiter)
    kinds = " and ".join(
        text
        for count, text in (
            (num_numbers, f"{num_numbers} with numbers"),
            (num_categories, f"{num_categories} with categories"),
        )
        if count
    )
    return (
        f"{len(table.lines):,} rows with {len(table.features)} columns to learn from ({kinds}), divided by {delimiter}."
    )


def _target_sentences(table: TableData, why: str) -> list[str]:
    change = "Choose another as the loader's target column if that is wrong."
    if not table.class_names:
        low, high = float(table.targets.min()), float(table.targets.max())
        return [f"The number in {table.target_name} ({low:g} to {high:g}) will be predicted, {why}. {change}"]
    counts = np.bincount(table.targets.astype(np.int64), minlength=len(table.class_names))
    listed = [f"{name} ({count:,})" for name, count in zip(table.class_names, counts.tolist(), strict=True)]
    shown = ", ".join(listed[:_MOST_LISTED]) + (" …" if len(listed) > _MOST_LISTED else "")
    sentences = [f"The class in {table.target_name} will be predicted, {why}: {shown}. {change}"]
    if counts.min() < _FEW_PER_CLASS:
        name = table.class_names[int(counts.argmin())]
        sentences.append(f"The class {name} has only {_rows(counts.min())}: the network may not learn it well.")
    return sentences


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _other_files(files: Mapping[str, Path], table: TableData, sentences: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    options = TableOptions(target_column=table.target_name)
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
