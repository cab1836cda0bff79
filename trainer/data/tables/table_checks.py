"""Looks for columns of a table that tell nothing or too much."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.sample_index import DataProblem
from trainer.data.tables.table_columns import TableColumn
from trainer.data.tables.table_data import TableData

Targets = NDArray[np.number[Any]]
_ORDER_TEXTS = {"day_first": "day", "month_first": "month"}
_LEAST_ROWS = 20
_LEAST_PER_VALUE = 5
_FEW_ROWS = 1000
_SAME_CORRELATION = 0.9999


def check_table(table: TableData) -> tuple[DataProblem, ...]:
    """Columns of a training table that tell nothing, and those that give the target away."""
    return (*_constant_columns(table), *_leaking_columns(table))


def unused_columns(table: TableData) -> tuple[str, ...]:
    """A sentence for each column that is not used."""
    return tuple(
        f"The column {column.name} is left out: it {column.reason}." for column in table.columns if column.reason
    )


def date_columns(table: TableData) -> tuple[str, ...]:
    """A sentence for each column of dates that is used: from when to when, and in which order they are written."""
    found: list[str] = []
    for column in table.features:
        if column.date_order and not column.is_missing.all():
            first, last = (column.value_text(float(edge(column.values))) for edge in (np.nanmin, np.nanmax))
            order = "" if column.date_order == "year_first" else f" with the {_ORDER_TEXTS[column.date_order]} first"
            found.append(f"The column {column.name} holds dates{order}, {first} to {last}.")
    return tuple(found)


def filled_columns(table: TableData) -> tuple[str, ...]:
    """What is missing, such as `horsepower (6)`, for each column that is used and has missing values."""
    counts = ((column.name, int(column.is_missing.sum())) for column in table.features)
    return tuple(f"{name} ({count:,})" for name, count in counts if count)


def _constant_columns(table: TableData) -> list[DataProblem]:
    path = str(table.file.path)
    return [
        DataProblem(
            "constant_column",
            f"The column {column.name} {column.reason}; it is left out.",
            path,
            f"column {column.name}",
            "warning",
        )
        for column in table.columns
        if column.kind == "unused" and column.num_unique < 2 and "asked" not in column.reason
    ]


def _leaking_columns(table: TableData) -> list[DataProblem]:
    targets = table.targets.reshape(len(table.targets), -1).T
    return [
        DataProblem(
            "leaking_column",
            f"The column {column.name} alone tells {name} in every row. If it will not be known when "
            "predicting, put it among the ignored columns.",
            str(table.file.path),
            f"column {column.name}",
            "warning",
        )
        for column in table.features
        for name, values in zip(table.target_names, targets, strict=True)
        if _tells_target(column, values, are_classes=bool(table.class_names))
    ]


def _tells_target(column: TableColumn, targets: Targets, *, are_classes: bool) -> bool:
    present = ~column.is_missing
    if present.sum() < _LEAST_ROWS:
        return False
    targets = targets[present]
    if not column.is_ordered:
        return _groups_agree(column.codes[present], targets)
    values = column.values[present]
    if are_classes:
        # Sorting all rows is only worth it where a part of them is divided.
        some = slice(None, None, max(1, len(values) // _FEW_ROWS))
        return _is_divided(values[some], targets[some]) and _is_divided_well(values, targets)
    if values.std() == 0 or targets.std() == 0:
        return False
    return bool(abs(np.corrcoef(values, targets)[0, 1]) > _SAME_CORRELATION)


def _groups_agree(codes: NDArray[np.int32], targets: Targets) -> bool:
    """Whether rows of the same category always have the same target, with enough rows per category to mean it."""
    import pandas as pd

    num_codes = len(np.unique(codes))
    if num_codes < 2 or num_codes * _LEAST_PER_VALUE > len(codes) or len(np.unique(targets)) < 2:
        return False
    return bool((pd.Series(targets).groupby(codes).nunique() == 1).all())


def _is_divided_well(values: NDArray[np.float64], labels: Targets) -> bool:
    """The same with enough rows of each class to mean it."""
    _, counts = np.unique(labels, return_counts=True)
    return bool(len(counts) > 1 and counts.min() >= _LEAST_PER_VALUE) and _is_divided(values, labels)


def _is_divided(values: NDArray[np.float64], labels: Targets) -> bool:
    """Whether a threshold between each class and the next divides them without a mistake."""
    order = np.argsort(values, kind="stable")
    values, labels = values[order], labels[order]
    is_change = labels[1:] != labels[:-1]
    return bool(is_change.sum() == len(np.unique(labels)) - 1 and (values[1:] > values[:-1])[is_change].all())
