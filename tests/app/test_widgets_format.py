"""Figures, durations and sizes read well and never mislead."""

from __future__ import annotations

import doctest
import math

import pytest

from app.widgets import format as formatting
from app.widgets import plot_axes
from app.widgets.format import format_bytes, format_clock, format_duration, format_number, format_short_number


def test_examples_in_the_docstrings_hold() -> None:
    for module in (formatting, plot_axes):
        result = doctest.testmod(module)
        assert result.attempted > 0
        assert result.failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "-∞"), (-0.5, "-0.5000"), (999.96, "1000.0"), (1e7, "1e7")],
)
def test_unusual_figures_are_shown_plainly(value: float, text: str) -> None:
    assert format_number(value) == text


def test_a_learning_rate_has_no_idle_zeros() -> None:
    assert format_short_number(0.001) == "0.001"
    assert format_short_number(9.999e-5) == "1e-4"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0.0 s"), (9.97, "10 s"), (59.6, "1 m 00 s"), (3599.7, "1 h 00 m"), (86_399.9, "1 d 0 h")],
)
def test_durations_carry_over_into_the_larger_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_a_clock_shows_whole_seconds() -> None:
    assert [format_clock(value) for value in (0.9, 9.99, 61)] == ["0 s", "9 s", "1 m 01 s"]


def test_sizes_change_unit_before_they_need_four_digits() -> None:
    assert [format_bytes(value) for value in (999, 999_600, 9_960_000, 2e15)] == ["999 B", "1.0 MB", "10 MB", "2000 TB"]
