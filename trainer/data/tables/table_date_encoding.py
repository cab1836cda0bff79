"""From a column of dates to the numbers a network gets."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from trainer.data.tables.table_columns import TableColumn
from trainer.data.tables.table_dates import DAY_S, FoundOrder

MISSING = "(missing)"
"""Name of the output for a missing value."""
_DAYS_PER_WEEK = 7
_THURSDAY = 3
"""What 1970-01-01 was, counted from Monday."""


class DateEncoding(BaseModel):
    """How a column of dates is encoded: the days since the first one, and where each is in its year, week and day.

    A place in a circle is two outputs, its sine and its cosine, so that December is beside January. `first` is the
    earliest date of the training rows, at midnight; `order` says what comes first in dates that are written in figures.
    `fill` stands for missing dates, in days since the first; the network gets `(days - center) / scale`.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["date"] = "date"
    name: str
    order: FoundOrder
    first: str
    has_time: bool
    fill: float
    center: float
    scale: float
    indicator: bool = False

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs."""
        circles = ("year", "week", "day") if self.has_time else ("year", "week")
        of_circles = (f"{self.name} = {wave} of the {circle}" for circle in circles for wave in ("sine", "cosine"))
        return (f"{self.name} = days", *of_circles, *((f"{self.name} = {MISSING}",) if self.indicator else ()))

    def encode(self, column: TableColumn, out: NDArray[np.float32]) -> None:
        """Write the outputs, days not scaled, into float32 of shape (rows, outputs)."""
        missing = column.is_missing
        days = np.where(missing, self.fill, days_since(self.first, column.values))
        out[:, 0] = days
        turns = _turns(days + _days_of(self.first), with_time=self.has_time)
        for number, turn in enumerate(turns):
            out[:, 1 + 2 * number] = np.sin(2 * np.pi * turn)
            out[:, 2 + 2 * number] = np.cos(2 * np.pi * turn)
        if self.indicator:
            out[:, -1] = missing


def days_since(first: str, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Days since the midnight with which a day such as `2024-05-31` begins; NaN where `seconds` is."""
    days: NDArray[np.float64] = seconds / DAY_S - _days_of(first)
    return days


def _days_of(day: str) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def _turns(days: NDArray[np.float64], *, with_time: bool) -> list[NDArray[np.float64]]:
    """How far each is around its year, its week and its day, 0 to 1, from days since 1970-01-01."""
    whole = np.floor(days)
    dates = whole.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    first, last = (edge.astype("datetime64[D]").astype(np.float64) for edge in (years, years + 1))
    of_year = (whole - first) / (last - first)
    of_week = (whole + _THURSDAY) % _DAYS_PER_WEEK / _DAYS_PER_WEEK
    return [of_year, of_week, days - whole] if with_time else [of_year, of_week]
