"""Colours of curves: the same metric has the same colour everywhere."""

from __future__ import annotations

import zlib

from PySide6.QtGui import QColor

from app.theme import theme

_LOSS, _ACCURACY, _LEARNING_RATE = 0, 1, 2
_FIRST_FREE = 3


def color_index(metric: str) -> int:
    """Place of a metric in the theme's curve colours: fixed by its name alone."""
    name = metric.removeprefix("val_")
    if name == "loss":
        return _LOSS
    if name == "learning_rate":
        return _LEARNING_RATE
    if name.endswith(("accuracy", "acc")):
        return _ACCURACY
    return _FIRST_FREE + zlib.crc32(name.encode()) % (len(theme().curve_colors) - _FIRST_FREE)


def blend(color: QColor, other: QColor, other_fraction: float) -> QColor:
    """`color` moved towards `other` by a share of 0 to 1."""
    return QColor(
        *(
            round(first + (second - first) * other_fraction)
            for first, second in zip(_channels(color), _channels(other), strict=True)
        )
    )


def _channels(color: QColor) -> tuple[int, int, int]:
    return color.red(), color.green(), color.blue()
