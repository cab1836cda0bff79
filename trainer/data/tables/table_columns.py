"""What the columns of a table are: numbers, categories, or of no use; found from their values."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from trainer.config.suggest import did_you_mean
from trainer.data.sample_index import DataProblem
from trainer.data.tables.table_file import TableFile
from trainer.data.tables.table_options import TableOptions
from trainer.errors import ConfigError, Problem

if TYPE_CHECKING:
    import pandas as pd

ColumnKind = Literal["number", "category", "unused"]

_LEAST_NUMBER_SHARE = 0.9
_NAME_LIKE_SHARE = 0.5
_LEAST_NAME_LIKE = 20
_MOST_NAMED = 20
_ID_NAME = re.compile(
    r"(^|[_\s.-])(id|ids|idx|index|uuid|guid|key|rownames?|row|nr|no|column 1)$|[a-z](Id|ID)$|^(ID|Id)$"
)


@dataclass(frozen=True, slots=True, eq=False)
class TableColumn:
    """A column of a table, with its values.

    Attributes:
        name: As in the header.
        kind: What it is used as.
        reason: Why it is not used, as the end of a sentence that begins with its name; else empty.
        values: float64, shape (rows,), NaN where missing; of numbers only.
        codes: int32, shape (rows,): place in `categories`, -1 where missing; of all that are no numbers.
        categories: Texts that occur, the most frequent first.
    """

    name: str
    kind: ColumnKind
    reason: str = ""
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    codes: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    categories: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers."""
        return bool(len(self.values))

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """bool, shape (rows,): where there is no value."""
        return np.isnan(self.values) if self.is_numeric else self.codes < 0

    @property
    def num_unique(self) -> int:
        """How many different values occur."""
        if self.is_numeric:
            return len(np.unique(self.values[~np.isnan(self.values)]))
        return len(np.unique(self.codes[self.codes >= 0]))

    def text(self, row: int) -> str | None:
        """One value as text, `None` where missing."""
        if self.is_numeric:
            value = self.values[row]
            return None if np.isnan(value) else f"{value:.10g}"
        code = int(self.codes[row])
        return None if code < 0 else self.categories[code]

    def in_order_of(self, categories: tuple[str, ...]) -> TableColumn:
        """The same texts with the codes of another column, and further codes for those that it does not have."""
        known = set(categories)
        merged = (*categories, *(text for text in self.categories if text not in known))
        places = {text: place for place, text in enumerate(merged)}
        codes = np.array([*(places[text] for text in self.categories), -1], np.int32)[self.codes]
        return dataclasses.replace(self, codes=codes, categories=merged)

    def take(self, rows: NDArray[np.bool_]) -> TableColumn:
        """The column of some rows only."""
        if self.is_numeric:
            return dataclasses.replace(self, values=self.values[rows])
        return dataclasses.replace(self, codes=self.codes[rows])


def require_columns(names: tuple[str, ...], file: TableFile, key: str) -> None:
    """Refuse names that the file does not have.

    Raises:
        ConfigError: With the nearest name that there is.
    """
    for name in names:
        if name not in file.columns:
            raise ConfigError((Problem(key, _unknown_column(name, file.columns, file.path)),))


def _unknown_column(name: str, known: tuple[str, ...], path: Path) -> str:
    listed = ", ".join(known[:_MOST_NAMED]) + (" …" if len(known) > _MOST_NAMED else "")
    return f"{path.name} has no column {name!r}.{did_you_mean(name, known)} It has: {listed}."


def find_columns(
    file: TableFile, options: TableOptions, not_features: frozenset[str]
) -> tuple[tuple[TableColumn, ...], list[DataProblem]]:
    """All columns that may be features, with what they are used as.

    Args:
        file: The table.
        options: The person's choice of features and kinds, which counts more than what the values look like.
        not_features: The target, and what says which rows belong together.

    Raises:
        ConfigError: A column is named that the table does not have.
    """
    for key in ("feature_columns", "ignored_columns", "numeric_columns", "category_columns"):
        require_columns(getattr(options, key), file, f"data.loader.arguments.{key}")
    chosen = options.feature_columns
    problems: list[DataProblem] = []
    columns: list[TableColumn] = []
    for name in file.columns:
        if name in not_features:
            continue
        kind: ColumnKind | None = None
        if name in options.ignored_columns:
            kind = "unused"
        elif name in options.category_columns:
            kind = "category"
        elif name in options.numeric_columns:
            kind = "number"
        column, found = read_column(file, name, kind)
        if chosen and name not in chosen:
            column = _unused(column, "is not among the chosen features")
        elif name in options.ignored_columns:
            column = _unused(column, "is ignored as asked for")
        else:
            column = _judged(column, is_chosen=kind is not None or name in chosen)
        columns.append(column)
        if column.kind != "unused":
            problems += found
    return tuple(columns), problems


def read_column(file: TableFile, name: str, kind: ColumnKind | None = None) -> tuple[TableColumn, list[DataProblem]]:
    """The values of a column, and which of them cannot be used.

    Args:
        file: The table.
        name: Of the column.
        kind: What to read it as; by default what at least nine tenths of its values look like.
    """
    import pandas as pd

    series = file.frame[name]
    if series.dtype.kind in "iuf" and kind != "category":
        numbers = series.to_numpy(np.float64)
        return _number_column(file, name, numbers, ~np.isnan(numbers))
    column = _category_column(name, series)
    if kind == "category":
        return column, []
    texts = pd.Series(column.categories, dtype="str")
    texts = texts.str.replace(",", ".") if file.decimal == "," else texts
    of_texts = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    numbers = np.append(of_texts, np.nan)[column.codes]
    is_present = column.codes >= 0
    if kind is None and np.isfinite(numbers).sum() < _LEAST_NUMBER_SHARE * max(is_present.sum(), 1):
        return column, []
    return _number_column(file, name, numbers, is_present)


def _number_column(
    file: TableFile, name: str, numbers: NDArray[np.float64], is_present: NDArray[np.bool_]
) -> tuple[TableColumn, list[DataProblem]]:
    # What float32 cannot hold is as bad as text.
    is_bad = is_present & ~(np.abs(numbers) <= np.finfo(np.float32).max)
    values = np.where(is_bad, np.nan, numbers)
    return TableColumn(name, "number", values=values), _no_numbers(file, name, np.flatnonzero(is_bad))


def _no_numbers(file: TableFile, name: str, rows: NDArray[np.int64]) -> list[DataProblem]:
    values = file.frame[name].iloc[rows[:_MOST_NAMED]]
    problems = [
        DataProblem(
            "missing_value",
            f"{str(value)!r} in the column {name} is no finite number and counts as missing.",
            str(file.path),
            f"line {line}",
            "warning",
        )
        for line, value in zip(file.lines[rows].tolist(), values.tolist(), strict=False)
    ]
    if len(rows) > len(problems):
        message = f"{len(rows) - len(problems):,} further values in the column {name} are no numbers."
        problems.append(DataProblem("missing_value", message, str(file.path), "", "warning"))
    return problems


def _category_column(name: str, series: pd.Series[str]) -> TableColumn:
    import pandas as pd

    codes, found = pd.factorize(series)
    texts = [str(text).strip() for text in found]
    counts: Counter[str] = Counter()
    for text, count in zip(texts, np.bincount(codes[codes >= 0], minlength=len(texts)).tolist(), strict=True):
        counts[text] += count
    del counts[""]
    # Equal counts by text: the order must not depend on that of the rows.
    categories = tuple(sorted(counts, key=lambda text: (-counts[text], text)))
    places = {text: place for place, text in enumerate(categories)}
    of_text = np.array([*(places.get(text, -1) for text in texts), -1], np.int32)
    return TableColumn(name, "category", codes=of_text[codes], categories=categories)


def _unused(column: TableColumn, reason: str) -> TableColumn:
    return dataclasses.replace(column, kind="unused", reason=reason)


def _judged(column: TableColumn, *, is_chosen: bool) -> TableColumn:
    """The column, unused where it cannot help; one that was chosen by name is left out only where it is empty."""
    is_present = ~column.is_missing
    num_present = int(is_present.sum())
    if not num_present:
        return _unused(column, "has no values")
    if is_chosen:
        return column
    # Whether a text is there or not may tell something; a missing number is filled in with the only one there is.
    if _has_one_value(column) and (column.is_numeric or num_present == len(is_present)):
        value = column.text(int(is_present.argmax()))
        return _unused(column, f"is {value!r} in all rows, which tells nothing")
    if column.is_numeric:
        return _unused(column, "only numbers the rows") if _numbers_the_rows(column) else column
    num_unique = len(column.categories)
    if num_unique > _LEAST_NAME_LIKE and num_unique > _NAME_LIKE_SHARE * num_present:
        return _unused(column, f"has {num_unique:,} different texts in {num_present:,} rows, like a name")
    return column


def _has_one_value(column: TableColumn) -> bool:
    if not column.is_numeric:
        return len(column.categories) == 1
    return bool(np.nanmin(column.values) == np.nanmax(column.values))


def _numbers_the_rows(column: TableColumn) -> bool:
    """Whether every row has a whole number of its own, in order without gaps or in a column named like an id."""
    values = column.values
    if len(values) < _LEAST_NAME_LIKE or np.isnan(values).any() or (values % 1).any():
        return False
    if (np.diff(values) == 1).all():
        return True
    return _ID_NAME.search(column.name) is not None and column.num_unique == len(values)
