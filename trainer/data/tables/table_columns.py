"""What the columns of a table are: numbers, categories, dates, or of no use; found from their values."""

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
from trainer.data.tables.table_dates import DAY_S, Dates, FoundOrder, date_text, look_like_dates, read_dates
from trainer.data.tables.table_file import TableFile
from trainer.data.tables.table_numbers import Numbers, read_numbers
from trainer.data.tables.table_options import DateOrder, TableOptions
from trainer.errors import ConfigError, Problem

if TYPE_CHECKING:
    import pandas as pd

HeldKind = Literal["number", "category", "date"]
ColumnKind = HeldKind | Literal["unused"]
_KINDS_OF_OPTIONS: dict[str, HeldKind] = {
    "category_columns": "category",
    "date_columns": "date",
    "numeric_columns": "number",
}

_LEAST_SHARE = 0.9
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
        values: float64, shape (rows,), NaN where missing; of numbers, and of dates in seconds since 1970-01-01.
        codes: int32, shape (rows,): place in `categories`, -1 where missing; of categories only.
        categories: Texts that occur, the most frequent first.
        date_order: What comes first in dates; empty for all that are none.
        decimal: `.` or `,` where numbers had to be found in texts; empty for all others.
        has_time: Whether dates have a time that is not always midnight.
        doubt: What cannot be told of it, as the end of a sentence that begins with its name; else empty.
    """

    name: str
    kind: ColumnKind
    reason: str = ""
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    codes: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    categories: tuple[str, ...] = ()
    date_order: FoundOrder | Literal[""] = ""
    decimal: str = ""
    has_time: bool = False
    doubt: str = ""

    @property
    def holds(self) -> HeldKind:
        """What its values are, whether it is used or not."""
        if self.date_order:
            return "date"
        return "number" if len(self.values) else "category"

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.holds == "number"

    @property
    def is_ordered(self) -> bool:
        """Whether it holds numbers or dates: what is in `values`."""
        return self.holds != "category"

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """bool, shape (rows,): where there is no value."""
        return np.isnan(self.values) if self.is_ordered else self.codes < 0

    @property
    def num_unique(self) -> int:
        """How many different values occur."""
        if self.is_ordered:
            return len(np.unique(self.values[~np.isnan(self.values)]))
        return len(np.unique(self.codes[self.codes >= 0]))

    def text(self, row: int) -> str | None:
        """One value as text, `None` where missing."""
        if self.is_ordered:
            value = float(self.values[row])
            return None if np.isnan(value) else self.value_text(value)
        code = int(self.codes[row])
        return None if code < 0 else self.categories[code]

    def value_text(self, value: float) -> str:
        """A number as text, or a day, with its time where the column has times."""
        return date_text(value, with_time=self.has_time) if self.date_order else f"{value:.10g}"

    def in_order_of(self, categories: tuple[str, ...]) -> TableColumn:
        """The same texts with the codes of another column, and further codes for those that it does not have."""
        known = set(categories)
        merged = (*categories, *(text for text in self.categories if text not in known))
        places = {text: place for place, text in enumerate(merged)}
        codes = np.array([*(places[text] for text in self.categories), -1], np.int32)[self.codes]
        return dataclasses.replace(self, codes=codes, categories=merged)

    def take(self, rows: NDArray[np.bool_]) -> TableColumn:
        """The column of some rows only."""
        if self.is_ordered:
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
    for key in ("feature_columns", "ignored_columns", *_KINDS_OF_OPTIONS):
        require_columns(getattr(options, key), file, f"data.loader.arguments.{key}")
    chosen = options.feature_columns
    problems: list[DataProblem] = []
    columns: list[TableColumn] = []
    for name in file.columns:
        if name in not_features:
            continue
        kind = next((kind for key, kind in _KINDS_OF_OPTIONS.items() if name in getattr(options, key)), None)
        column, found = read_column(file, name, kind, options.date_order)
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


def read_column(
    file: TableFile,
    name: str,
    kind: HeldKind | None = None,
    date_order: DateOrder | FoundOrder = "auto",
    decimal: str = "",
) -> tuple[TableColumn, list[DataProblem]]:
    """The values of a column, and which of them cannot be used.

    Args:
        file: The table.
        name: Of the column.
        kind: What to read it as; by default what at least nine tenths of its values look like.
        date_order: What comes first in dates.
        decimal: The sign of the same column in the training table, where it is known.

    Raises:
        ConfigError: Dates are asked for, and nothing tells whether their day or their month comes first.
    """
    series = file.frame[name]
    if series.dtype.kind in "iuf" and kind not in ("category", "date"):
        numbers = series.to_numpy(np.float64)
        return _number_column(file, name, numbers, ~np.isnan(numbers))
    column = _category_column(name, series)
    if kind == "category":
        return column, []
    least = _LEAST_SHARE * max((column.codes >= 0).sum(), 1)
    if kind != "date":
        found = read_numbers(column.categories, file.decimal, decimal, allows_pairs=kind == "number")
        numbers = np.append(found.values, np.nan)[column.codes]
        if kind == "number" or np.isfinite(numbers).sum() >= least:
            number, problems = _number_column(file, name, numbers, column.codes >= 0)
            return dataclasses.replace(number, decimal=found.decimal), problems + _thousands(file, column, found)
    if kind == "date" or look_like_dates(column.categories):
        dates = read_dates(column.categories, date_order, allows_figures=kind == "date")
        if kind == "date" or np.isfinite(np.append(dates.seconds, np.nan)[column.codes]).sum() >= least:
            return _date_column(file, column, dates, is_asked=kind == "date")
    return column, []


def _number_column(
    file: TableFile, name: str, numbers: NDArray[np.float64], is_present: NDArray[np.bool_]
) -> tuple[TableColumn, list[DataProblem]]:
    # What float32 cannot hold is as bad as text.
    is_bad = is_present & ~(np.abs(numbers) <= np.finfo(np.float32).max)
    values = np.where(is_bad, np.nan, numbers)
    return TableColumn(name, "number", values=values), _unread(file, name, np.flatnonzero(is_bad), "finite number")


def _thousands(file: TableFile, column: TableColumn, found: Numbers) -> list[DataProblem]:
    """A warning where nothing but the signs in the file tells whether `1.234` is a little or a thousand and more."""
    if found.doubtful is None:
        return []
    text, value = column.categories[found.doubtful], found.values[found.doubtful]
    is_decimal = found.decimal in text
    wrong = "it stands for thousands" if is_decimal else "its last three digits are decimals"
    better = text.replace(found.decimal, "") if is_decimal else text.translate(str.maketrans(",.", ".,"))
    message = (
        f"{text!r} in the column {column.name} is read as {value:.10g}, and all others like it alike, though nothing "
        f"in the column shows it. If {wrong}, write {better!r}."
    )
    row = int((column.codes == found.doubtful).argmax())
    return [DataProblem("row", message, str(file.path), f"line {file.lines[row]}", "warning")]


def _date_column(
    file: TableFile, column: TableColumn, dates: Dates, *, is_asked: bool
) -> tuple[TableColumn, list[DataProblem]]:
    if dates.doubt and is_asked:
        message = f"The column {column.name} {dates.doubt}."
        raise ConfigError((Problem("data.loader.arguments.date_order", message),))
    if dates.doubt:
        return dataclasses.replace(column, doubt=dates.doubt), []
    values = np.append(dates.seconds, np.nan)[column.codes]
    has_time = bool((values[~np.isnan(values)] % DAY_S).any())
    found = TableColumn(column.name, "date", values=values, date_order=dates.order, has_time=has_time)
    is_bad = (column.codes >= 0) & np.isnan(values)
    return found, _unread(file, column.name, np.flatnonzero(is_bad), "date that can be read")


def _unread(file: TableFile, name: str, rows: NDArray[np.int64], expected: str) -> list[DataProblem]:
    values = file.frame[name].iloc[rows[:_MOST_NAMED]]
    problems = [
        DataProblem(
            "missing_value",
            f"{str(value)!r} in the column {name} is no {expected} and counts as missing.",
            str(file.path),
            f"line {line}",
            "warning",
        )
        for line, value in zip(file.lines[rows].tolist(), values.tolist(), strict=False)
    ]
    if len(rows) > len(problems):
        message = f"{len(rows) - len(problems):,} further values in the column {name} are none either."
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
    if column.doubt:
        return _unused(column, column.doubt)
    # Whether a text is there or not may tell something; a missing number is filled in with the only one there is.
    if _has_one_value(column) and (column.is_ordered or num_present == len(is_present)):
        value = column.text(int(is_present.argmax()))
        return _unused(column, f"is {value!r} in all rows, which tells nothing")
    if column.is_numeric:
        return _unused(column, "only numbers the rows") if _numbers_the_rows(column) else column
    if column.is_ordered:
        return column
    num_unique = len(column.categories)
    if num_unique > _LEAST_NAME_LIKE and num_unique > _NAME_LIKE_SHARE * num_present:
        return _unused(column, f"has {num_unique:,} different texts in {num_present:,} rows, like a name")
    return column


def _has_one_value(column: TableColumn) -> bool:
    if not column.is_ordered:
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
