"""From the columns of a table to the numbers a network gets; what is learned for that comes from training rows only.

What was learned is written to the run folder as `table.json`, so that other rows can be changed in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from trainer.data.tables.table_columns import TableColumn
from trainer.data.tables.table_data import TableData
from trainer.data.tables.table_date_encoding import MISSING, DateEncoding, days_since
from trainer.data.tables.table_dates import FoundOrder, date_text
from trainer.data.tables.table_options import MissingNumbers, TableNormalization, TableOptions
from trainer.data.tables.table_target import TableTask

RARE = "(other)"
"""Name of the output for a rare or unknown category."""
_VERSION = 1


class NumberEncoding(BaseModel):
    """How a column of numbers is encoded: one output, and one more that says where a value was missing.

    `fill` stands for missing values; the network gets `(value - center) / scale`. `decimal` is the decimal sign where
    numbers had to be found in texts, else empty.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["number"] = "number"
    name: str
    fill: float
    center: float
    scale: float
    indicator: bool = False
    decimal: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return (self.name, f"{self.name} = {MISSING}") if self.indicator else (self.name,)

    def encode(self, column: TableColumn, out: NDArray[np.float32]) -> None:
        """Write the outputs, not scaled, into float32 of shape (rows, outputs)."""
        missing = column.is_missing
        out[:, 0] = np.where(missing, self.fill, column.values)
        if self.indicator:
            out[:, 1] = missing


class CategoryEncoding(BaseModel):
    """How a column of texts is encoded: one output of 0 or 1 for each category.

    Rare categories share one output, as do those that training rows do not have; without one, the latter are 0 in all.
    `fill` stands for missing values; where it is `None` they have an output of their own, if training rows miss any.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["category"] = "category"
    name: str
    categories: tuple[str, ...]
    has_rare: bool
    has_missing: bool
    fill: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        others = (*((RARE,) if self.has_rare else ()), *((MISSING,) if self.has_missing else ()))
        return tuple(f"{self.name} = {category}" for category in (*self.categories, *others))

    def encode(self, column: TableColumn, out: NDArray[np.float32]) -> None:
        """Write the outputs into float32 of shape (rows, outputs)."""
        places = {category: place for place, category in enumerate(self.categories)}
        rare = len(places) if self.has_rare else -1
        missing = len(places) + self.has_rare if self.has_missing else places.get(self.fill or "", rare)
        of_code = np.array([*(places.get(category, rare) for category in column.categories), missing])
        found = of_code[column.codes]
        out[:] = 0
        rows = np.flatnonzero(found >= 0)
        out[rows, found[rows]] = 1


AnyEncoding = NumberEncoding | CategoryEncoding | DateEncoding
ColumnEncoding = Annotated[AnyEncoding, Field(discriminator="kind")]


class TableEncoding(BaseModel):
    """How rows become numbers, and numbers a prediction.

    The model's outputs are one per class, or, without `class_names`, one per target. `target_centers` and
    `target_scales` bring each target of a regression to mean 0 and deviation 1 inside the network; `target_decimals`
    are their decimal signs, empty where their numbers were plain.
    """

    model_config = ConfigDict(frozen=True)

    version: int = _VERSION
    task: TableTask
    targets: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    target_centers: tuple[float, ...] = ()
    target_scales: tuple[float, ...] = ()
    target_decimals: tuple[str, ...] = ()
    normalization: TableNormalization
    columns: tuple[ColumnEncoding, ...]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the network's inputs, in their order."""
        return tuple(name for column in self.columns for name in column.outputs)

    @property
    def centers(self) -> list[float]:
        """What is subtracted from each of them."""
        return self._of_outputs("center", 0.0)

    @property
    def scales(self) -> list[float]:
        """What each is divided by after that."""
        return self._of_outputs("scale", 1.0)

    def _of_outputs(self, field: str, other: float) -> list[float]:
        found: list[float] = []
        for column in self.columns:
            found += [getattr(column, field, other), *[other] * (len(column.outputs) - 1)]
        return found

    def encode(self, columns: Mapping[str, TableColumn], out: NDArray[np.float32]) -> None:
        """Write rows as numbers, not scaled.

        Args:
            columns: By name, each read as what its encoding is for.
            out: float32, shape (rows, outputs).
        """
        start = 0
        for encoding in self.columns:
            end = start + len(encoding.outputs)
            encoding.encode(columns[encoding.name], out[:, start:end])
            start = end


def fit_encoding(table: TableData, rows: NDArray[np.int64], options: TableOptions) -> TableEncoding:
    """Learn medians, categories, means and the like from some rows of a table.

    Args:
        table: The training table.
        rows: int64: those that are trained on, without the ones held out.
        options: What is wanted.
    """
    centers: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    if table.task == "tabular_regression" and options.scale_target:
        targets = table.targets.reshape(len(table.targets), -1)[rows].astype(np.float64)
        centers = tuple(targets.mean(axis=0).tolist())
        scales = tuple(scale or 1.0 for scale in targets.std(axis=0).tolist())
    return TableEncoding(
        task=table.task,
        targets=table.target_names,
        class_names=table.class_names,
        target_centers=centers,
        target_scales=scales,
        target_decimals=table.target_decimals,
        normalization=options.normalization,
        columns=tuple(_encoding(column, rows, options) for column in table.features),
    )


def _encoding(column: TableColumn, rows: NDArray[np.int64], options: TableOptions) -> AnyEncoding:
    if column.is_numeric:
        number = _number(column.name, column.values[rows], options)
        return number.model_copy(update={"decimal": column.decimal})
    if column.date_order:
        return _date(column, column.date_order, column.values[rows], options)
    return _category(column, column.codes[rows], options)


def _number(name: str, values: NDArray[np.float64], options: TableOptions) -> NumberEncoding:
    is_missing = np.isnan(values)
    present = values[~is_missing]
    fill = _fill(present, options.missing_numbers)
    filled = np.where(is_missing, fill, values)
    center, scale = _normalization(filled, options.normalization)
    indicator = options.missing_indicator and bool(is_missing.any())
    return NumberEncoding(name=name, fill=fill, center=center, scale=scale or 1.0, indicator=indicator)


def _date(column: TableColumn, order: FoundOrder, seconds: NDArray[np.float64], options: TableOptions) -> DateEncoding:
    present = seconds[~np.isnan(seconds)]
    first = date_text(float(present.min()) if len(present) else 0.0, with_time=False)
    days = _number(column.name, days_since(first, seconds), options)
    learned = days.model_dump(exclude={"kind", "decimal"})
    return DateEncoding(**learned, order=order, first=first, has_time=column.has_time)


def _fill(present: NDArray[np.float64], how: MissingNumbers) -> float:
    if not len(present) or how == "zero":
        return 0.0
    if how == "mean":
        return float(present.mean())
    if how == "most_frequent":
        values, counts = np.unique(present, return_counts=True)
        return float(values[counts.argmax()])
    return float(np.median(present))


def _normalization(values: NDArray[np.float64], how: TableNormalization) -> tuple[float, float]:
    """What is subtracted, and what is divided by after that; 0 where all values are the same."""
    if how == "none":
        return 0.0, 1.0
    if how == "min_max":
        return float(values.min()), float(values.max() - values.min())
    if how == "robust":
        low, middle, high = np.percentile(values, (25, 50, 75)).tolist()
        return middle, high - low
    return float(values.mean()), float(values.std())


def _category(column: TableColumn, codes: NDArray[np.int32], options: TableOptions) -> CategoryEncoding:
    counts = np.bincount(codes[codes >= 0], minlength=len(column.categories))
    order = np.argsort(-counts, kind="stable").tolist()
    kept = [code for code in order[: options.max_categories] if counts[code] >= max(options.min_category_rows, 1)]
    num_missing = int((codes < 0).sum())
    own = options.missing_categories == "own_category"
    return CategoryEncoding(
        name=column.name,
        categories=tuple(sorted(column.categories[code] for code in kept)),
        has_rare=len(kept) < int((counts > 0).sum()),
        has_missing=own and num_missing > 0,
        fill=None if own or not counts.any() else column.categories[order[0]],
    )
