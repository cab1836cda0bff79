"""What is in the columns of a table, in figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.data.sample_index import SampleIndex
from trainer.data.tables.table_columns import TableColumn
from trainer.data.tables.table_data import TableData
from trainer.data.tables.table_dates import DAY_S
from trainer.data.tables.table_index import TableIndex

_MOST_FREQUENT = 5


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Figures of one column.

    Attributes:
        name: Of the column.
        role: What it is for.
        kind: `number`, `category` or `date`.
        note: Why it is not used, else empty.
        num_missing: Rows without a value.
        num_unique: Different values.
        minimum: Smallest number, or first date as text; `None` for categories, as are the next three.
        mean: Their mean.
        maximum: The largest.
        deviation: Standard deviation, of dates in days.
        most_frequent: The most frequent texts and how often they occur; empty for numbers and dates.
    """

    name: str
    role: str
    kind: str
    note: str
    num_missing: int
    num_unique: int
    minimum: float | str | None = None
    mean: float | str | None = None
    maximum: float | str | None = None
    deviation: float | str | None = None
    most_frequent: tuple[tuple[str, int], ...] = ()


def table_statistics(index: SampleIndex) -> tuple[ColumnStatistics, ...]:
    """Statistics of all columns of a table, the targets first; nothing for samples that are no table."""
    if not isinstance(index, TableIndex) or index.table is None:
        return ()
    targets = (_statistics(column, "target") for column in _target_columns(index.table))
    return (*targets, *(_statistics(column, _role(column)) for column in index.table.columns))


def _role(column: TableColumn) -> str:
    return "left out" if column.kind == "unused" else "feature"


def _target_columns(table: TableData) -> list[TableColumn]:
    if table.labels is not None:
        name = table.target_names[0]
        return [TableColumn(name, "category", codes=table.labels, categories=table.class_names)]
    columns = table.targets.reshape(len(table.targets), -1).astype(np.float64).T
    return [
        TableColumn(name, "number", values=values) for name, values in zip(table.target_names, columns, strict=True)
    ]


def _statistics(column: TableColumn, role: str) -> ColumnStatistics:
    is_missing = column.is_missing
    common = (column.name, role, column.holds, column.reason)
    counted = (*common, int(is_missing.sum()), column.num_unique)
    if not column.is_ordered:
        counts = np.bincount(column.codes[~is_missing], minlength=len(column.categories))
        order = np.argsort(-counts, kind="stable")[:_MOST_FREQUENT].tolist()
        frequent = tuple((column.categories[code], int(counts[code])) for code in order if counts[code])
        return ColumnStatistics(*counted, most_frequent=frequent)
    present = column.values[~is_missing]
    if not len(present):
        return ColumnStatistics(*counted)
    low, mean, high, deviation = (
        float(figure) for figure in (present.min(), present.mean(), present.max(), present.std())
    )
    if not column.date_order:
        return ColumnStatistics(*counted, low, mean, high, deviation)
    days, text = f"{deviation / DAY_S:.4g} days", column.value_text
    return ColumnStatistics(*counted, text(low), text(mean), text(high), days)
