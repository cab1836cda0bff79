"""What is to be predicted of the rows of a table: a class, several, a number, or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trainer.data.sample_index import DataProblem
from trainer.data.tables.table_columns import TableColumn, read_column
from trainer.data.tables.table_file import TableFile
from trainer.errors import ConfigError, DataError, Problem

TableTask = Literal["tabular_classification", "tabular_regression"]

TARGET_KEY = "data.loader.arguments.target_column"
_MOST_CLASSES_OF_NUMBERS = 20
_MOST_LISTED = 10
_TRUE = frozenset({"1", "1.0", "yes", "y", "true", "t"})
_FALSE = frozenset({"0", "0.0", "no", "n", "false", "f"})


@dataclass(frozen=True, slots=True, eq=False)
class TableTarget:
    """The column to predict, or several, of all rows of a file.

    Attributes:
        values: int32 class numbers or float32 numbers, shape (rows,); of several columns float32 (rows, columns).
        is_missing: bool, shape (rows,): where a value is missing, or one of several.
        class_names: Classes by number; names of the columns where several are 0 or 1 each; empty for a regression.
        problems: Values that cannot be used.
        decimals: The decimal sign of each column of numbers, where they had to be found in texts, else empty.
    """

    values: NDArray[np.int32] | NDArray[np.float32]
    is_missing: NDArray[np.bool_]
    class_names: tuple[str, ...]
    problems: tuple[DataProblem, ...] = ()
    decimals: tuple[str, ...] = ()


def read_target(
    file: TableFile,
    names: tuple[str, ...],
    task: TableTask,
    class_names: tuple[str, ...] | None,
    decimals: tuple[str, ...] = (),
) -> TableTarget:
    """Read what is to be predicted.

    Args:
        file: The table.
        names: Columns to predict, each of which the table has.
        task: Whether they are classes or numbers.
        class_names: Classes of the training table; `None` where this is the training table.
        decimals: Decimal signs of the columns in the training table, where they are known.

    Raises:
        DataError: Nothing can be learned from them, or a class is new.
        ConfigError: They do not fit the task.
    """
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError((Problem(TARGET_KEY, f"The column {twice!r} is given twice."),))
    if task == "tabular_classification" and len(names) == 1:
        return _classes(file, names[0], class_names)
    is_training = class_names is None
    if task == "tabular_classification":
        return _together([_truths(file, name, is_training=is_training) for name in names], names)
    signs = decimals or ("",) * len(names)
    targets = [_numbers(file, name, sign, is_training=is_training) for name, sign in zip(names, signs, strict=True)]
    return targets[0] if len(names) == 1 else _together(targets, ())


def _together(targets: list[TableTarget], class_names: tuple[str, ...]) -> TableTarget:
    values = np.stack([target.values for target in targets], axis=1).astype(np.float32)
    is_missing = np.any([target.is_missing for target in targets], axis=0)
    problems = tuple(problem for target in targets for problem in target.problems)
    decimals = tuple(decimal for target in targets for decimal in target.decimals)
    return TableTarget(values, is_missing, class_names, problems, decimals)


def _classes(file: TableFile, name: str, known: tuple[str, ...] | None) -> TableTarget:
    column, _ = read_column(file, name, "category")
    if known is None:
        _refuse_classes(file, column)
    class_names = class_order(column.categories) if known is None else known
    unknown = [text for text in column.categories if text not in set(class_names)]
    if unknown:
        listed = ", ".join(unknown[:_MOST_LISTED])
        raise DataError(f"{file.path}: the column {name} has classes that the training table has not: {listed}.")
    new_codes = np.array([class_names.index(text) for text in column.categories] + [-1], np.int32)
    labels = new_codes[column.codes]
    return TableTarget(labels, labels < 0, class_names)


def _truths(file: TableFile, name: str, *, is_training: bool) -> TableTarget:
    """A column of 0 and 1, or of no and yes."""
    column, _ = read_column(file, name, "category")
    other = next((text for text in column.categories if text.lower() not in _TRUE | _FALSE), None)
    if other is not None:
        message = (
            f"Of several columns to predict as classes, each must hold 0 and 1, or no and yes; {name} holds {other!r}. "
            "Give one column, whose values are the classes, or choose tabular_regression for numbers."
        )
        raise ConfigError((Problem(TARGET_KEY, message),))
    of_text = np.array([*(text.lower() in _TRUE for text in column.categories), np.nan], np.float32)
    values = of_text[column.codes]
    if is_training and len(np.unique(values[column.codes >= 0])) < 2:
        raise DataError(f"{file.path}: the column {name} has the same value in all rows, so nothing can be learned.")
    return TableTarget(values, np.isnan(values), ())


def _numbers(file: TableFile, name: str, decimal: str, *, is_training: bool) -> TableTarget:
    column, problems = read_column(file, name, decimal=decimal)
    if not column.is_ordered:
        shown = ", ".join(repr(text) for text in column.categories[:3])
        message = f"{name} holds text such as {shown}, no numbers. Choose tabular_classification."
        if not column.categories:
            raise DataError(f"{file.path}: the column {name} has no values.")
        raise ConfigError((Problem("project.task", message),))
    if not column.is_numeric:
        first = next(text for row in range(len(column.values)) if (text := column.text(row)))
        message = f"{name} holds dates such as {first}, no numbers. Give a column of numbers."
        raise ConfigError((Problem(TARGET_KEY, message),))
    if is_training and column.num_unique < 2:
        raise DataError(f"{file.path}: the column {name} has the same value in all rows, so nothing can be learned.")
    values = column.values.astype(np.float32)
    return TableTarget(values, np.isnan(values), (), tuple(problems), (column.decimal,))


def class_order(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Classes by their number where all are numbers, else by their text."""
    try:
        return tuple(sorted(texts, key=float))
    except ValueError:
        return tuple(sorted(texts))


def _refuse_classes(file: TableFile, column: TableColumn) -> None:
    """Refuse a target that cannot be told apart: no class, one class, or nearly as many classes as rows."""
    num_classes, num_rows = len(column.categories), int((~column.is_missing).sum())
    where = f"{file.path}: the column {column.name}"
    if num_classes < 2:
        found = f"is {column.categories[0]!r} in all rows" if num_classes else "has no values"
        raise DataError(f"{where} {found}. Expected at least two classes.")
    numbers = _as_numbers(column.categories, file.decimal)
    fraction = next((text for text, number in zip(column.categories, numbers, strict=False) if number % 1), "")
    if num_classes > _MOST_CLASSES_OF_NUMBERS and fraction:
        message = f"{column.name} holds numbers with fractions, such as {fraction}, {num_classes:,} different ones"
        raise ConfigError((Problem("project.task", f"{message}: these are no classes. Choose tabular_regression."),))
    if num_classes > max(_MOST_CLASSES_OF_NUMBERS, num_rows / 2):
        message = f"{column.name} has {num_classes:,} different values in {num_rows:,} rows, so they are no classes."
        if numbers:
            raise ConfigError((Problem("project.task", f"{message} Choose tabular_regression."),))
        raise ConfigError((Problem(TARGET_KEY, f"{message} Choose another column."),))


def _as_numbers(texts: tuple[str, ...], decimal: str) -> list[float]:
    """The numbers that texts stand for; nothing where one of them is none."""
    try:
        return [float(text.replace(",", ".") if decimal == "," else text) for text in texts]
    except ValueError:
        return []
