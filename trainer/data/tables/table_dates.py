"""Finds dates in texts: `2024-05-31`, `31.5.2024`, `5/31/2024`, `31 May 2024`, each with or without a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trainer.data.tables.table_options import DateOrder

FoundOrder = Literal["year_first", "day_first", "month_first"]

DAY_S = 86_400
"""Seconds of a day."""
_FIRST_DAY = date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR = r"(?:1[5-9]\d\d|2[01]\d\d|2200)"
_SPACE = r"\s\u00a0\u202f"
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*\.?"
_HALF = rf"(?:[{_SPACE}]*(?P<half>[ap])\.?m\.?)?"
_CLOCK = rf"(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:[.,]\d+)?))?{_HALF}"
_TIME = rf"(?:(?:T|,?[{_SPACE}]+){_CLOCK}(?:\s*(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?"
_DATES = (
    rf"(?P<year>{_YEAR})(?:(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}})|-(?P<only_month>\d\d))",
    rf"(?P<left>\d{{1,2}})(?P<mark>[-/.])(?P<right>\d{{1,2}})(?P=mark)(?P<late_year>{_YEAR})",
    rf"(?P<named_day>\d{{1,2}})\.?[{_SPACE}-]+(?P<name>{_MONTH})[{_SPACE},-]+(?P<named_year>{_YEAR})",
    rf"(?P<us_name>{_MONTH})[{_SPACE}]+(?P<us_day>\d{{1,2}})(?:st|nd|rd|th)?,?[{_SPACE}]+(?P<us_year>{_YEAR})",
)
_FORM = re.compile(rf"(?:{'|'.join(_DATES)}){_TIME}", re.IGNORECASE | re.ASCII)
_BASIC = re.compile(rf"(?P<year>{_YEAR})(?P<month>\d\d)(?P<day>\d\d){_TIME}", re.IGNORECASE | re.ASCII)
_TRIED_TEXTS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """Dates found in texts.

    Attributes:
        seconds: float64, shape (texts,): since 1970-01-01 by the clock of the text, whatever its time zone; NaN where
            there is no date.
        order: What comes first in those that are written in figures.
        doubt: Why the order cannot be told, as the end of a sentence that begins with the column's name; else empty.
    """

    seconds: NDArray[np.float64]
    order: FoundOrder
    doubt: str = ""


def look_like_dates(texts: Sequence[str]) -> bool:
    """Whether half of the first texts have the form of a date: a quick look before all are read."""
    tried = texts[:_TRIED_TEXTS]
    return bool(tried) and 2 * sum(_FORM.fullmatch(text) is not None for text in tried) >= len(tried)


def read_dates(texts: Sequence[str], order: DateOrder | FoundOrder = "auto", *, allows_figures: bool = False) -> Dates:
    """Read texts as dates.

    `31/5/2024` says by itself that the day comes first, `5/31/2024` that the month does; then so it does in all others.
    Between points, as in `3.5.2024`, the day comes first where no text says otherwise.

    `2000-01` is a month only where all texts like it may be months, and not all are seasons such as 2000-01, 2001-02.

    Args:
        texts: Without spaces around.
        order: What comes first; `auto` finds out.
        allows_figures: Whether `20240531` is a date, too, and `2000-01` one whatever the others are.
    """
    forms = [_FORM.fullmatch(text) or (_BASIC.fullmatch(text) if allows_figures else None) for text in texts]
    if not allows_figures and not _are_months([form for form in forms if form and form["only_month"]]):
        forms = [None if form is None or form["only_month"] else form for form in forms]
    found, doubt = (order, "") if order != "auto" else _found_order([form for form in forms if form is not None])
    seconds = np.array([np.nan if form is None else _seconds(form, found) for form in forms], np.float64)
    return Dates(seconds, found, doubt)


def _are_months(forms: Sequence[re.Match[str]]) -> bool:
    months = [int(form["only_month"]) for form in forms]
    if any(not 1 <= month <= 12 for month in months):
        return False
    return len(set(months)) < 2 or any(
        (int(form["year"]) + 1) % 100 != month for form, month in zip(forms, months, strict=True)
    )


def _found_order(forms: Sequence[re.Match[str]]) -> tuple[FoundOrder, str]:
    undecided = [form for form in forms if form.groupdict().get("mark")]
    if not undecided:
        return "year_first", ""
    is_day_first = next((form for form in undecided if int(form["left"]) > 12), None)
    is_month_first = next((form for form in undecided if int(form["right"]) > 12), None)
    if is_day_first and is_month_first:
        return "day_first", f"has dates with the day first and with the month first, {is_day_first[0]} and " + (
            f"{is_month_first[0]}; name it in date_columns and choose date_order"
        )
    if is_month_first:
        return "month_first", ""
    if is_day_first or all(form["mark"] == "." for form in undecided):
        return "day_first", ""
    return "day_first", (
        f"has dates such as {undecided[0][0]}, of which nothing tells whether the day or the month comes first; name "
        "it in date_columns and choose date_order"
    )


def _seconds(form: re.Match[str], order: FoundOrder) -> float:
    """Seconds since 1970-01-01; NaN where there is no such day, or its order is another one."""
    part = form.groupdict()
    if part.get("mark"):
        if order == "year_first":
            return np.nan
        day, month = (part["left"], part["right"]) if order == "day_first" else (part["right"], part["left"])
        year = part["late_year"]
    elif name := part.get("name") or part.get("us_name"):
        month = str(_MONTHS.index(name[:3].lower()) + 1)
        day, year = part["named_day"] or part["us_day"], part["named_year"] or part["us_year"]
    else:
        year, month, day = part["year"], part.get("only_month") or part["month"], part["day"] or "1"
    clock_s = _clock_s(part)
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _FIRST_DAY
    except ValueError:
        return np.nan
    return days * DAY_S + clock_s


def _clock_s(part: dict[str, str | None]) -> float:
    """Seconds since midnight, 0 without a time; NaN where the clock shows no such time."""
    if part["hour"] is None:
        return 0.0
    hour, minute = int(part["hour"]), int(part["minute"] or 0)
    second = float((part["second"] or "0").replace(",", "."))
    if half := part["half"]:
        if not 1 <= hour <= 12:
            return np.nan
        hour = hour % 12 + 12 * (half.lower() == "p")
    return 3600.0 * hour + 60 * minute + second if hour < 24 and minute < 60 and second < 60 else np.nan


def date_text(seconds: float, *, with_time: bool) -> str:
    """`2024-05-31`, or `2024-05-31 14:30`, with seconds where there are any.

    >>> date_text(1717165800.0, with_time=True), date_text(1717165800.0, with_time=False)
    ('2024-05-31 14:30', '2024-05-31')
    """
    text = str(np.datetime64(int(np.floor(seconds)), "s"))
    return text.replace("T", " ").removesuffix(":00") if with_time else text[:10]
