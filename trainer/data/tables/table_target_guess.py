"""Which column of a table is likely to be predicted, as far as that was not chosen already."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from trainer.data.tables.table_columns import TableColumn, find_columns, require_columns
from trainer.data.tables.table_file import TableFile
from trainer.data.tables.table_options import TableOptions
from trainer.data.tables.table_target import TARGET_KEY, TableTask
from trainer.errors import DataError

AS_CHOSEN = "as chosen"
"""The reason for a target that was no guess."""
_TARGET_NAMES = ("target", "label", "class", "y", "outcome", "output", "response", "category", "species", "diagnosis")
_TRUTHS = ({"0", "1"}, {"no", "yes"}, {"n", "y"}, {"false", "true"}, {"f", "t"})
_MOST_CLASSES_OF_NUMBERS = 10
_LEAST_PER_CLASS = 10


@dataclass(frozen=True, slots=True)
class ChosenOfTable:
    """What of a proposal for a table is chosen already.

    Attributes:
        options: The loader's arguments.
        task: `None` where it is left open.
    """

    options: TableOptions
    task: TableTask | None


def chosen_of_table(settings: Mapping[str, Any]) -> ChosenOfTable:
    """What of nested settings matters for a table; values of a wrong type are left to the check of the settings."""
    loader = _mapping(_mapping(settings.get("data")).get("loader"))
    task = _mapping(settings.get("project")).get("task")
    arguments = {name: value for name, value in _mapping(loader.get("arguments")).items() if _fits(name, value)}
    is_known = task in get_args(TableTask)
    return ChosenOfTable(TableOptions.among(arguments), task if is_known else None)


def guess_target(file: TableFile, options: TableOptions) -> tuple[tuple[str, ...], str, TableTask]:
    """The columns that are most likely to be predicted, why, and the task that fits them.

    Args:
        file: The table.
        options: How it is read; target columns in it are taken as they are.

    Raises:
        DataError: No column can be predicted.
        ConfigError: A column is named that there is not.
    """
    columns, _ = find_columns(file, options, frozenset())
    if options.target_column:
        require_columns(options.target_column, file, TARGET_KEY)
        chosen = [column for column in columns if column.name in options.target_column]
        hold_classes = _holds_classes(chosen[0]) if len(chosen) == 1 else all(map(_holds_truths, chosen))
        return options.target_column, AS_CHOSEN, _task(hold_classes)
    usable = {column.name: column for column in columns if column.kind in ("number", "category")}
    if not usable:
        raise DataError(f"{file.path} has no column that could be predicted.")
    name, why = _guessed(file, tuple(usable))
    return (name,), why, _task(_holds_classes(usable[name]))


def stem_of(path: Path) -> str:
    """The name of a table without its endings.

    >>> stem_of(Path("flowers.csv.gz"))
    'flowers'
    """
    return path.stem.rpartition(".")[0] if path.name.lower().endswith(".gz") else path.stem


def _guessed(file: TableFile, usable: tuple[str, ...]) -> tuple[str, str]:
    by_name = {name.lower(): name for name in usable}
    for usual in _TARGET_NAMES:
        if usual in by_name:
            return by_name[usual], "for its name"
    if stem_of(file.path).lower() in by_name:
        return by_name[stem_of(file.path).lower()], "as the file is called like it"
    if file.columns[-1] in usable:
        return file.columns[-1], "as it is the last column"
    return usable[0], "as it is the first column that can be one"


def _task(hold_classes: bool) -> TableTask:
    return "tabular_classification" if hold_classes else "tabular_regression"


def _holds_classes(column: TableColumn) -> bool:
    """Texts, or a few whole numbers that occur often."""
    if not column.is_numeric:
        return True
    values = column.values[~column.is_missing]
    if (values % 1).any() or column.num_unique > _MOST_CLASSES_OF_NUMBERS:
        return False
    return column.num_unique * _LEAST_PER_CLASS <= len(values)


def _holds_truths(column: TableColumn) -> bool:
    """0 and 1, or no and yes."""
    if column.is_numeric:
        return set(column.values[~column.is_missing].tolist()) <= {0.0, 1.0}
    return {text.lower() for text in column.categories} in _TRUTHS


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _fits(name: str, value: Any) -> bool:
    defaults = {field.name: field.default for field in dataclasses.fields(TableOptions)}
    if name not in defaults:
        return False
    if name.endswith(("_column", "_columns")):
        return value is None or isinstance(value, str | list | tuple)
    hint = get_type_hints(TableOptions)[name]
    return value in get_args(hint) if get_origin(hint) is Literal else type(value) is type(defaults[name])
