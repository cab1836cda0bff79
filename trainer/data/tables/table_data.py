"""A table as it is trained on: its usable rows, their features and what is to be predicted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.sample_index import DataProblem
from trainer.data.tables.table_columns import TableColumn, find_columns, read_column, require_columns
from trainer.data.tables.table_file import TableFile, read_table_file
from trainer.data.tables.table_options import TableOptions
from trainer.data.tables.table_target import TARGET_KEY, TableTarget, TableTask, read_target
from trainer.errors import ConfigError, DataError, Problem

_MOST_LISTED = 10


@dataclass(frozen=True, slots=True, eq=False)
class TableData:
    """The usable rows of a table.

    Attributes:
        file: What was read; its rows include those left out here.
        task: Classes or numbers.
        lines: int64, shape (rows,): line of each row in the file.
        columns: All columns but the targets and the groups, with the unused ones.
        target_names: The columns to predict.
        class_names: Classes by number; where there are several columns, their names; empty for a regression.
        targets: int32 class numbers or float32 numbers, shape (rows,); of several columns, float32 numbers or 0 and 1,
            shape (rows, columns).
        target_decimals: The decimal sign of each target whose numbers had to be found in texts, else empty.
        groups: int64, shape (rows,), where a column of the training table says which rows belong together.
        problems: What was found wrong.
    """

    file: TableFile
    task: TableTask
    lines: NDArray[np.int64]
    columns: tuple[TableColumn, ...]
    target_names: tuple[str, ...]
    class_names: tuple[str, ...]
    targets: NDArray[np.int32] | NDArray[np.float32]
    groups: NDArray[np.int64] | None
    problems: tuple[DataProblem, ...]
    target_decimals: tuple[str, ...] = ()

    @property
    def features(self) -> tuple[TableColumn, ...]:
        """The columns that are used."""
        return tuple(column for column in self.columns if column.kind != "unused")

    @property
    def labels(self) -> NDArray[np.int32] | None:
        """int32, shape (rows,): the class of each row, where each has one."""
        return self.targets.astype(np.int32) if self.class_names and self.targets.ndim == 1 else None

    @property
    def names(self) -> list[str]:
        """A name for every row: where it stands."""
        return [f"line {line}" for line in self.lines.tolist()]


def read_tables(config: Config, base_dir: Path, options: TableOptions) -> dict[str, TableData]:
    """The tables of a configuration: `train`, and `validation` and `test` where they are files of their own.

    Raises:
        DataError: A file is no table, has no usable row, or does not fit the training table.
        ConfigError: A setting names a column that there is not, or does not fit the target.
    """
    data = config.data
    if not data.train_dir:
        raise DataError("data.train_dir is empty. Give the CSV file with the rows to train on.")
    tables = {"train": read_table(config, base_dir / Path(data.train_dir).expanduser(), options)}
    for part, place in (("validation", data.val_dir), ("test", data.test_dir)):
        if place:
            path = base_dir / Path(place).expanduser()
            tables[part] = read_table(config, path, options, like=tables["train"])
    return tables


def read_table(config: Config, path: Path, options: TableOptions, like: TableData | None = None) -> TableData:
    """Read one file.

    Args:
        config: Its task, its tolerance for rows that cannot be read, and its group column count.
        path: The file.
        options: The arguments of the loader.
        like: The training table, whose columns and classes this one must have.

    Raises:
        DataError: See `read_tables`.
        ConfigError: See `read_tables`.
    """
    task = table_task(config)
    wants_text = () if like is None else _text_columns(like)
    if task == "tabular_classification":
        wants_text += options.target_column
    file = read_table_file(path, options, wants_text)
    _refuse_ragged(file, config.data.max_unreadable_fraction)
    if not options.target_column:
        listed = ", ".join(file.columns[:_MOST_LISTED])
        raise ConfigError((Problem(TARGET_KEY, f"Give the column to predict. {path.name} has: {listed}."),))
    require_columns(options.target_column, file, TARGET_KEY)
    decimals = () if like is None else tuple(_known_sign(file, like, sign) for sign in like.target_decimals)
    target = read_target(file, options.target_column, task, None if like is None else like.class_names, decimals)
    # Only the training table is divided, so only its groups are asked for.
    group_column = _group_column(config, file) if like is None else ""
    if like is None:
        groups_only = {group_column} - set(options.feature_columns)
        columns, problems = find_columns(file, options, frozenset({*options.target_column, *groups_only}))
    else:
        columns, problems = _columns_like(file, like)
    if not any(column.kind != "unused" for column in columns):
        reasons = "; ".join(f"{column.name} {column.reason}" for column in columns)
        raise DataError(f"{path} has no column to learn from: {reasons or 'there is only the target'}.")
    groups = _groups(file, group_column)
    kept, dropped = _kept_rows(file, target, columns, options)
    return TableData(
        file=file,
        task=task,
        lines=file.lines[kept],
        columns=tuple(column.take(kept) for column in columns),
        target_names=options.target_column,
        class_names=target.class_names,
        targets=target.values[kept],
        groups=None if groups is None else groups[kept],
        problems=(*file.problems, *target.problems, *problems, *dropped),
        target_decimals=target.decimals,
    )


def _text_columns(like: TableData) -> tuple[str, ...]:
    """The columns of another file that are to be read as text, as they were in the training table."""
    targets = zip(like.target_names, like.target_decimals, strict=False)
    return (
        *(column.name for column in like.columns if not column.is_numeric or column.decimal),
        *(name for name, decimal in targets if decimal),
    )


def _known_sign(file: TableFile, like: TableData, decimal: str) -> str:
    """The decimal sign of a column of the training table, for a file like it; empty where the file tells its own."""
    return decimal or (file.decimal if file.decimal == like.file.decimal else "")


def table_task(config: Config) -> TableTask:
    """What is learned from the table.

    Raises:
        ConfigError: The project's task is none for tables.
    """
    task = config.project.task
    if task == "tabular_classification" or task == "tabular_regression":
        return task
    message = (
        f"A CSV table suits tabular_classification, where its target is a class, and tabular_regression, where it is a "
        f"number; received {task}."
    )
    raise ConfigError((Problem("project.task", message),))


def _refuse_ragged(file: TableFile, tolerance: float) -> None:
    total = file.num_ragged + len(file.lines)
    if file.num_ragged > tolerance * total:
        first = next(problem for problem in file.problems if problem.severity == "error")
        raise DataError(
            f"{file.path}: {file.num_ragged:,} of {total:,} rows have another number of fields than the header, more "
            f"than data.max_unreadable_fraction ({tolerance:.0%}) tolerates. {first.place}: {first.message}"
        )


def _group_column(config: Config, file: TableFile) -> str:
    split = config.data.split
    if split.method != "group":
        return ""
    if not split.group_by:
        message = "Give the column that says which rows belong together, such as one of a patient."
        raise ConfigError((Problem("data.split.group_by", message),))
    require_columns((split.group_by,), file, "data.split.group_by")
    return split.group_by


def _groups(file: TableFile, column: str) -> NDArray[np.int64] | None:
    """Rows with the same value belong together; one without a value belongs to no other."""
    if not column:
        return None
    import pandas as pd

    numbers = pd.factorize(file.frame[column])[0].astype(np.int64)
    alone = numbers < 0
    numbers[alone] = numbers.max(initial=-1) + 1 + np.arange(alone.sum())
    return numbers


def _columns_like(file: TableFile, like: TableData) -> tuple[tuple[TableColumn, ...], list[DataProblem]]:
    """The columns that the training table uses, read in the same way."""
    lacking = [column.name for column in like.features if column.name not in file.columns]
    if lacking:
        raise DataError(
            f"{file.path} lacks the columns {', '.join(lacking)}, which the training table {like.file.path.name} has. "
            f"It has: {', '.join(file.columns[:_MOST_LISTED])}."
        )
    columns: list[TableColumn] = []
    problems: list[DataProblem] = []
    for trained in like.features:
        decimal = _known_sign(file, like, trained.decimal)
        column, found = read_column(file, trained.name, trained.holds, trained.date_order or "auto", decimal)
        columns.append(column if column.is_ordered else column.in_order_of(trained.categories))
        problems += found
    return tuple(columns), problems


def _kept_rows(
    file: TableFile, target: TableTarget, columns: tuple[TableColumn, ...], options: TableOptions
) -> tuple[NDArray[np.bool_], list[DataProblem]]:
    """Rows with a target and, where asked for, without missing features; and what is left out."""
    problems = _left_out(file, target.is_missing, f"{' or '.join(options.target_column)} is missing")
    kept = ~target.is_missing
    for column in columns:
        kind = options.missing_numbers if column.is_ordered else options.missing_categories
        if column.kind != "unused" and kind == "drop_row":
            problems += _left_out(file, kept & column.is_missing, f"{column.name} is missing")
            kept &= ~column.is_missing
    if not kept.any():
        raise DataError(f"{file.path} has no row that can be used: {' '.join(p.message for p in problems)}")
    return kept, problems


def _left_out(file: TableFile, rows: NDArray[np.bool_], reason: str) -> list[DataProblem]:
    lines = file.lines[rows].tolist()
    if not lines:
        return []
    places = ", ".join(str(line) for line in lines[:_MOST_LISTED]) + (" …" if len(lines) > _MOST_LISTED else "")
    several = "" if len(lines) == 1 else "s"
    message = f"{len(lines):,} row{several} left out, as {reason}."
    return [DataProblem("missing_value", message, str(file.path), f"line{several} {places}", "warning")]
