"""What is in the columns of a table, in figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.data.sample_index import SampleIndex
from trainer.data.tables.table_columns import TableColumn
from trainer.data.tables.table_data import TableData
from trainer.data.tables.table_index import TableIndex

_MOST_FREQUENT = 5


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Figures of one column.

    Attributes:
        name: Of the column.
        role: What it is for.
        kind: `number` or `category`.
        note: Why it is not used, else empty.
        num_missing: Rows without a value.
        num_unique: Different values.
        minimum: Smallest number; `None` for categories, as are the next three.
        mean: Their mean.
        maximum: The largest.
        deviation: Standard deviation.
        most_frequent: The most frequent texts and how often they occur; empty for numbers.
    """

    name: str
    role: str
    kind: str
    note: str
    num_missing: int
    num_unique: int
    minimum: float | None = None
    mean: float | None = None
    maximum: float | None = None
    deviation: float | None = None
    most_frequent: tuple[tuple[str, int], ...] = ()


def table_statistics(index: SampleIndex) -> tuple[ColumnStatistics, ...]:
    """Statistics of all columns of a table, the target first; nothing for samples that are no table."""
    if not isinstance(index, TableIndex) or index.table is None:
        return ()
    target = _target_column(index.table)
    return (_statistics(target, "target"), *(_statistics(column, _role(column)) for column in index.table.columns))


def _role(column: TableColumn) -> str:
    return "left out" if column.kind == "unused" else "feature"


def _target_column(table: TableData) -> TableColumn:
    if not table.class_names:
        return TableColumn(table.target_name, "number", values=table.targets.astype(np.float64))
    return TableColumn(
        table.target_name, "category", codes=table.targets.astype(np.int32), categories=table.class_names
    )


def _statistics(column: TableColumn, role: str) -> ColumnStatistics:
    is_missing = column.is_missing
    common = (column.name, role, "number" if column.is_numeric else "category", column.reason)
    counted = (*common, int(is_missing.sum()), column.num_unique)
    if not column.is_numeric:
        counts = np.bincount(column.codes[~is_missing], minlength=len(column.categories))
        order = np.argsort(-counts, kind="stable")[:_MOST_FREQUENT].tolist()
        frequent = tuple((column.categories[code], int(counts[code])) for code in order if counts[code])
        return ColumnStatistics(*counted, most_frequent=frequent)
    present = column.values[~is_missing]
    if not len(present):
        return ColumnStatistics(*counted)
    return ColumnStatistics(
        *counted, float(present.min()), float(present.mean()), float(present.max()), float(present.std())
    )
