"""Figures as people read them: sensible digits, units that fit."""

from __future__ import annotations

import datetime
import math

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB")


def format_number(value: float) -> str:
    """A figure with about four sensible digits.

    >>> [format_number(value) for value in (0.93211, 12345.0, 0.00012, 0.0, 23.456, 0.00234)]
    ['0.9321', '12,345', '1.2e-4', '0', '23.46', '0.00234']
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-3 or size >= 1e7:
        return _scientific(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size < 0.01:
        return f"{value:.5f}"
    return f"{value:.{4 if size < 10 else 2 if size < 100 else 1}f}"


def format_short_number(value: float) -> str:
    """A figure without idle zeros, for learning rates and axes.

    >>> [format_short_number(value) for value in (0.001, 2.5e-5, 0.5, 100000.0)]
    ['0.001', '2.5e-5', '0.5', '100,000']
    """
    if not math.isfinite(value) or value == 0:
        return format_number(value)
    if abs(value) < 1e-3 or abs(value) >= 1e6:
        return _scientific(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _scientific(value: float) -> str:
    digits, exponent = f"{value:.2e}".split("e")
    return f"{digits.rstrip('0').rstrip('.')}e{int(exponent)}"


def format_duration(seconds: float) -> str:
    """A length of time in its two largest units.

    >>> [format_duration(seconds) for seconds in (0.42, 12, 130, 11_100, 190_000)]
    ['0.4 s', '12 s', '2 m 10 s', '3 h 05 m', '2 d 4 h']
    """
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def format_clock(seconds: float) -> str:
    """A running clock, steady in width: whole seconds only.

    >>> [format_clock(seconds) for seconds in (0.4, 59.9, 130, 11_100)]
    ['0 s', '59 s', '2 m 10 s', '3 h 05 m']
    """
    whole = max(0, int(seconds))
    return f"{whole} s" if whole < 60 else format_duration(whole)


def format_bytes(num_bytes: float) -> str:
    """A size in decimal units.

    >>> [format_bytes(size) for size in (512, 3_100_000_000, 24e9, 120_400_000)]
    ['512 B', '3.1 GB', '24 GB', '120 MB']
    """
    size = float(num_bytes)
    unit = 0
    while size >= 999.5 and unit < len(_BYTE_UNITS) - 1:
        size /= 1000
        unit += 1
    digits = 1 if unit > 0 and size < 9.95 else 0
    return f"{size:.{digits}f} {_BYTE_UNITS[unit]}"


def format_time(iso_time: str) -> str:
    """A moment as `2024-05-01 12:01`; what cannot be read as a time is shown as it is."""
    try:
        moment = datetime.datetime.fromisoformat(iso_time)
    except ValueError:
        return iso_time
    return moment.strftime("%Y-%m-%d %H:%M")
