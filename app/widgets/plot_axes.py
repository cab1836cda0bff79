"""Axes of the plots: whole epochs, short numbers, quiet colours."""

from __future__ import annotations

import math

import pyqtgraph as pg

from app.theme import secondary_font, theme
from app.widgets.format import format_short_number

_VALUE_AXIS_WIDTH_PX = 52
_LEAST_TICK_DISTANCE_PX = 18
_LEAST_EPOCH_DISTANCE_PX = 28


class EpochAxis(pg.AxisItem):  # type: ignore[misc]
    """Bottom axis with ticks on whole epochs only."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Ticks as pyqtgraph wants them; spacings below one epoch are dropped."""
        levels = super().tickValues(minVal, maxVal, size)
        whole = [(spacing, values) for spacing, values in levels if spacing >= 1]
        if whole or maxVal - minVal < 1e-9:
            room = int(size / _LEAST_EPOCH_DISTANCE_PX)
            return whole[:2] if sum(len(values) for _, values in whole[:2]) <= room else whole[:1]
        first, last = math.ceil(minVal), math.floor(maxVal)
        return [(1.0, [float(epoch) for epoch in range(first, last + 1)])] if last - first < 50 else levels

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:
        """Epoch numbers with thousands separators."""
        return [f"{round(value):,}" for value in values]


class ValueAxis(pg.AxisItem):  # type: ignore[misc]
    """Left axis with short numbers, of one width so that plots line up."""

    def __init__(self) -> None:
        super().__init__("left")
        self.setWidth(_VALUE_AXIS_WIDTH_PX)
        self.enableAutoSIPrefix(False)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Ticks as pyqtgraph wants them: only as many as can be read."""
        if self.logMode:
            return [(1.0, log_ticks(minVal, maxVal, max(2, int(size / _LEAST_TICK_DISTANCE_PX))))]
        levels: list[tuple[float, list[float]]] = super().tickValues(minVal, maxVal, size)
        return levels[:1] if size < 4 * _LEAST_TICK_DISTANCE_PX else levels[:2]

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:
        """Values with as many digits as their spacing needs."""
        if self.logMode:
            return [format_short_number(float(f"{10.0**value:.4g}")) for value in values]
        digits = max(0, math.ceil(-math.log10(spacing))) if spacing > 0 else 0
        if digits > 4 or any(abs(value) >= 1e6 for value in values):
            return [format_short_number(float(f"{value:.6g}")) for value in values]
        return [f"{value:,.{digits}f}" for value in values]


def log_ticks(lowest: float, highest: float, most: int) -> list[float]:
    """Round values between two powers of ten, as exponents: decades, then 1-2-5, then even steps.

    >>> [round(10**tick, 4) for tick in log_ticks(-3.2, -0.9, 5)]
    [0.001, 0.01, 0.1]
    """
    if not (math.isfinite(lowest) and math.isfinite(highest)) or highest <= lowest:
        return []
    stride = max(1, math.ceil((highest - lowest) / most))
    first = math.ceil(lowest / stride) * stride
    decades = [float(exponent) for exponent in range(first, math.floor(highest) + 1, stride)]
    fine = [
        exponent + math.log10(digit)
        for exponent in range(math.floor(lowest), math.ceil(highest))
        for digit in (1, 2, 5)
        if lowest <= exponent + math.log10(digit) <= highest
    ]
    if len(decades) >= 3 or len(fine) > most:
        return decades or fine[:1]
    return fine if len(fine) >= 2 else _even_ticks(lowest, highest, most)


def _even_ticks(lowest: float, highest: float, most: int) -> list[float]:
    low, high = 10.0**lowest, 10.0**highest
    rough = (high - low) / most
    if rough <= 0:
        return []
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first = math.ceil(low / step)
    ticks = [math.log10(step * count) for count in range(first, first + most + 1) if step * count > 0]
    return [tick for tick in ticks if lowest <= tick <= highest]


def style_axis(axis: pg.AxisItem) -> None:
    """Give an axis the theme's colours and the small font."""
    colors = theme()
    axis.setPen(colors.border)
    axis.setTextPen(colors.secondary_text)
    axis.setTickPen(colors.plot_grid)
    axis.setStyle(tickFont=secondary_font(), tickLength=0, tickTextOffset=6)
