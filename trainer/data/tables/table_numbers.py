"""Finds numbers in texts that plain reading takes for none: `1,234.50`, `12 %`, `$5`, `(3.20)`, `3,14`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_SIGN = r"(?:[$€£¥₹₽₩%]|(?:USD|EUR|GBP|CHF|JPY|CNY|INR))?"
_SPACE = r"[\s\u00a0\u202f]*"
_AROUND = re.compile(
    rf"([-+]?){_SPACE}{_SIGN}{_SPACE}([-+]?)(\d[\d.,'’eE+ \u00a0\u202f-]*|[.,]\d[\deE+-]*?){_SPACE}{_SIGN}", re.ASCII
)
_SPACES = " '’\u00a0\u202f"
_GROUPED = {
    ".": re.compile(rf"[1-9]\d{{0,2}}(?:(?:,\d{{3}})+|(?:[{_SPACES}]\d{{3}})+)(?:\.\d*)?", re.ASCII),
    ",": re.compile(rf"[1-9]\d{{0,2}}(?:(?:\.\d{{3}})+|(?:[{_SPACES}]\d{{3}})+)(?:,\d*)?", re.ASCII),
}
_WITHOUT_GROUPS = {
    ".": str.maketrans("", "", f",{_SPACES}"),
    ",": str.maketrans(",", ".", f".{_SPACES}"),
}
_ADDRESS = re.compile(r"(?:(?:1?\d?\d|2[0-4]\d|25[0-5])(?:\.|$)){4}", re.ASCII)
_PAIR = re.compile(r"\d\d?,(?:\d|[1-9]\d)", re.ASCII)
_MOST_GROUPED_PER_CLEAR = 10


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers found in texts.

    Attributes:
        values: float64, shape (texts,), NaN where there is no number, or nothing tells which one it is.
        decimal: `.` or `,`: the decimal sign they were read with.
        doubtful: Place of a text such as `1.234` that no other text shows to be a thousand, or to be none; else `None`.
    """

    values: NDArray[np.float64]
    decimal: str
    doubtful: int | None = None


def read_numbers(texts: Sequence[str], decimal: str, known: str = "", *, allows_pairs: bool = False) -> Numbers:
    """Read texts as numbers.

    Marks between thousands, signs of currencies and percent signs are left away, so that `12 %` is 12, and parentheses
    stand for a minus. All texts are read with the same decimal sign: with that of the file, or with the other one where
    only that reads them all. Where some can be read with one sign only and some with the other only, a text such as
    `1,234` could be a thousand or one, and is no number. With decimal commas, `1.234` is a thousand only where other
    texts of the column show it: `1.234,5`, `1.234.567`, or nothing but whole numbers below a thousand beside.

    Args:
        texts: Without spaces around.
        decimal: `.` or `,`, as in the rest of the file.
        known: The sign of the same column in the training table; it counts unless the file and the column both differ.
        allows_pairs: Whether a column of nothing but texts such as `1,2` and `0,3` holds numbers, no lists.
    """
    sign = known or decimal
    numbers = _read(texts, sign)
    signed = [place for place, text in enumerate(texts) if "," in text or "." in text]
    if not signed:
        return Numbers(numbers, sign)
    other_sign = "," if sign == "." else "."
    signs = _Signs([texts[place] for place in signed], numbers[signed], other_sign)
    # Beside 500, 1.500 is a thousand: numbers with three decimals have them all. Beside 2500, it is none.
    whole = [text for text in texts if text.isdigit()]
    are_small = bool(whole) and max(map(len, whole)) < 4
    if sign == "," and signs.lack_thousands(are_small=are_small):
        if known or signs.have_decimals:
            numbers[signed] = signs.without_doubtful()
            return Numbers(numbers, sign)
        numbers[signed] = signs.other
        return Numbers(numbers, other_sign, signed[first] if (first := signs.first_doubtful()) is not None else None)
    may_change = (not known or known != decimal) and (bool(known) or allows_pairs or not signs.are_pairs)
    if may_change and signs.need_other(0 if known else len(texts)):
        numbers[signed] = signs.other
        return Numbers(numbers, other_sign)
    numbers[signed] = signs.without_doubtful() if signs.are_mixed else signs.own
    first = None if known or (are_small and sign == ".") else signs.first_doubtful()
    return Numbers(numbers, sign, None if first is None else signed[first])


class _Signs:
    """Texts with a point or a comma, and what they are with either of the two as decimal sign."""

    def __init__(self, texts: Sequence[str], own: NDArray[np.float64], other_sign: str) -> None:
        self.own, self.other = own, _read(texts, other_sign)
        self._texts, self._other_sign = texts, other_sign
        is_own, is_other = ~np.isnan(own), ~np.isnan(self.other)
        has_other_sign = np.array([other_sign in text for text in texts])
        self._only_own, self._only_other = is_own & ~is_other, is_other & ~is_own
        unclear = is_own & is_other & (own != self.other)
        self._grouped, self._plain = unclear & has_other_sign, unclear & ~has_other_sign
        self._is_shown = bool((self._only_other & has_other_sign).any())
        self._is_unread = ~is_other

    @property
    def have_decimals(self) -> bool:
        """Whether the own sign is a decimal sign in some."""
        return bool(self._plain.any() or self._only_own.any())

    @property
    def are_mixed(self) -> bool:
        """Whether some are read with the other sign only."""
        return bool(self._only_other.any())

    def lack_thousands(self, *, are_small: bool) -> bool:
        """Whether there are texts such as `1.234`, and none that shows what they are."""
        are_shown = any(
            "." in text for text, is_own in zip(self._texts, self._only_own.tolist(), strict=True) if is_own
        )
        is_whole = are_small and not (self._plain.any() or self._only_own.any() or self._only_other.any())
        return bool(self._grouped.any()) and not are_shown and not is_whole

    @property
    def are_pairs(self) -> bool:
        """Whether all could be lists of two small whole numbers."""
        return self._other_sign == "," and all(_PAIR.fullmatch(text) for text in self._texts)

    def need_other(self, num_texts: int) -> bool:
        """Whether the other sign reads them all, where the own one does not, and nothing speaks against it.

        Args:
            num_texts: Of the column, with those without a sign; 0 where a decimal such as 1.143 is to stay one anyway.
        """
        num_clear = int(self._only_other.sum())
        # Among 1.234,5 and 12,75, a 1.143 is no decimal; but where few are like these, they are mistakes.
        may_regroup = self._other_sign == "," and 2 * num_clear >= num_texts > 0
        return (
            self._is_shown
            and not self._only_own.any()
            and (may_regroup or not self._plain.any())
            and int(self._grouped.sum()) <= _MOST_GROUPED_PER_CLEAR * num_clear
            and not any(
                is_unread and re.search(r"\d", text)
                for text, is_unread in zip(self._texts, self._is_unread.tolist(), strict=True)
            )
        )

    def without_doubtful(self) -> NDArray[np.float64]:
        """Numbers with the own sign, without those that could be thousands or not."""
        numbers = np.where(self._grouped, np.nan, self.own)
        if self._other_sign == ".":
            is_point = np.array(["," not in text for text in self._texts])
            numbers = np.where(self._only_other & is_point, self.other, numbers)
        return numbers

    def first_doubtful(self) -> int | None:
        """The first text that could be thousands where no other has a sign that shows whether it is."""
        if self._only_own.any() or self._only_other.any() or self._plain.any() or not self._grouped.any():
            return None
        return int(self._grouped.argmax())


def _read(texts: Sequence[str], decimal: str) -> NDArray[np.float64]:
    import pandas as pd

    # Between points, 1.234 is a thousand and more where the decimal sign is a comma: not for plain reading.
    plain = pd.Series(texts, dtype="str")
    if decimal == ",":
        plain = plain.where(~plain.str.contains(".", regex=False), "").str.replace(",", ".")
    numbers = pd.to_numeric(plain, errors="coerce").to_numpy(np.float64, na_value=np.nan).copy()
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        numbers[place] = _number(texts[place], decimal)
    return numbers


def _number(text: str, decimal: str) -> float:
    """The number in one text, NaN without any.

    >>> [_number(text, ".") for text in ("1,234.5", "12 %", "€ 5", "-$3.20", "(7)", "1,23", "two")]
    [1234.5, 12.0, 5.0, -3.2, -7.0, nan, nan]
    """
    text = text.replace("−", "-")
    is_negative = text.startswith("(") and text.endswith(")")
    found = _AROUND.fullmatch(text[1:-1].strip() if is_negative else text)
    if found is None or (found[1] and found[2]) or _ADDRESS.fullmatch(text):
        return np.nan
    figures = found[3].strip()
    if _GROUPED[decimal].fullmatch(figures):
        figures = figures.translate(_WITHOUT_GROUPS[decimal])
    elif decimal == ",":
        figures = "" if "." in figures else figures.replace(",", ".")
    try:
        number = float(figures)
    except ValueError:
        return np.nan
    return -number if is_negative or "-" in (found[1], found[2]) else number
