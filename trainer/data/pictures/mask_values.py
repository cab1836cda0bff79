"""Finds out how masks are stored and which classes they have, from the values of some of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.pictures.class_colors import listed_colors
from trainer.data.pictures.mask_coding import MOST_CLASSES, UNCOUNTED, MaskCoding, StoredMask, parse_value, value_text
from trainer.data.pictures.picture_options import MaskValues, PictureOptions
from trainer.errors import ConfigError, DataError, Problem

NAME_FILES = ("classes.txt", "labels.txt", "codes.txt", "class_names.txt")
_LEAST_PIXELS = 1e-4
LEAST_MASKS = 0.1
"""Share of the masks in which a value is no accident."""
MOST_LEVELS = 64
"""Values that masks may have if each stands for a class."""
_LARGEST_INDEX = 63
"""Grey values up to this one are taken for indices where 0 is among them."""


class SeenValues:
    """Which values some masks have, and how often."""

    def __init__(self) -> None:
        self.num_masks = 0
        self.in_color = False
        self.all_palette = True
        self.any_lossy = False
        self._grey = _Counts()
        self._colors = _Counts()

    def add(self, stored: StoredMask) -> None:
        """Count a mask's values."""
        self.num_masks += 1
        self.in_color |= stored.in_color
        self.all_palette &= stored.has_palette
        self.any_lossy |= stored.is_lossy
        if stored.values.dtype == np.uint8:
            counts = np.bincount(stored.values.reshape(-1), minlength=256)
            values = np.flatnonzero(counts)
            found = dict(zip(values.tolist(), counts[values].tolist(), strict=True))
        else:
            own, own_counts = np.unique(stored.values, return_counts=True)
            found = dict(zip(own.tolist(), own_counts.tolist(), strict=True))
        if stored.in_color:
            self._colors.add(found)
        else:
            self._grey.add(found)

    def values(self) -> tuple[int, ...]:
        """Those that are no accident: on one pixel in 10,000, or in one mask in ten."""
        if not self.in_color:
            return self._grey.frequent(self.num_masks)
        greys = {value * 0x010101: count for value, count in self._grey.pixels.items()}
        counts = _Counts()
        counts.add(self._colors.pixels)
        counts.add(greys)
        return counts.frequent(self.num_masks)


class _Counts:
    def __init__(self) -> None:
        self.pixels: dict[int, int] = {}
        self.masks: dict[int, int] = {}

    def add(self, found: dict[int, int]) -> None:
        for value, count in found.items():
            self.pixels[value] = self.pixels.get(value, 0) + count
            self.masks[value] = self.masks.get(value, 0) + 1

    def frequent(self, num_masks: int) -> tuple[int, ...]:
        total = sum(self.pixels.values())
        return tuple(
            sorted(
                value
                for value, count in self.pixels.items()
                if count >= _LEAST_PIXELS * total or self.masks[value] > max(1.0, LEAST_MASKS * num_masks)
            )
        )


def find_coding(seen: SeenValues, options: PictureOptions, place: Path) -> MaskCoding:
    """How the masks are stored: as the options say, and where they say nothing, as the values look.

    Raises:
        ConfigError: The options do not fit each other.
        DataError: The values are too many to be classes.
    """
    if options.class_values:
        return _given_coding(options, seen)
    values = seen.values()
    kind = _kind(seen, values, options.mask_values)
    if kind == "black_white":
        return MaskCoding("black_white", (0, UNCOUNTED))
    if kind == "indices":
        return _indices(values, options, place)
    listed = tuple(listed_colors(place).values()) if kind == "colors" else ()
    if 2 <= len(listed) <= MOST_CLASSES and 2 * len(set(values) & set(listed)) >= len(values):
        return MaskCoding("colors", listed)
    if len(values) > MOST_LEVELS or (kind == "colors" and seen.any_lossy):
        what = "colours" if kind == "colors" else "grey values"
        why = ", as JPEG changes values: save masks as PNG" if seen.any_lossy else ""
        raise DataError(
            f"The masks in {place} have {len(values):,} {what}, expected one per class{why}. "
            "If only some of them are classes, list these as class_values of the loader."
        )
    return MaskCoding("colors" if kind == "colors" else "levels", values)


def _kind(seen: SeenValues, values: tuple[int, ...], wanted: MaskValues) -> MaskValues:
    if wanted != "auto":
        return wanted
    if seen.in_color:
        return "colors"
    if seen.any_lossy or {UNCOUNTED} <= set(values) <= {0, UNCOUNTED}:
        return "black_white"
    classes = [value for value in values if value != UNCOUNTED]
    if seen.all_palette or (classes and classes[0] == 0 and classes[-1] <= _LARGEST_INDEX):
        return "indices"
    return "levels"


def _indices(values: Sequence[int], options: PictureOptions, place: Path) -> MaskCoding:
    count = len(options.class_names) or len(listed_names(place))
    if not count:
        count = max((value for value in values if value < UNCOUNTED), default=0) + 1
    return MaskCoding("indices", tuple(range(min(count, MOST_CLASSES))))


def _given_coding(options: PictureOptions, seen: SeenValues) -> MaskCoding:
    try:
        values = tuple(parse_value(text) for text in options.class_values)
    except ValueError as error:
        message = f"Expected a number, #rrggbb or three numbers for red, green and blue, received {error}."
        raise ConfigError((Problem("data.loader.arguments.class_values", message),)) from None
    if len(set(values)) < len(values) or len(values) > MOST_CLASSES:
        message = f"Expected up to {MOST_CLASSES} different values, one per class, received {len(values)}."
        raise ConfigError((Problem("data.loader.arguments.class_values", message),))
    kind = options.mask_values
    if kind == "auto":
        kind = "colors" if seen.in_color or max(values) > 0xFFFF else "levels"
    return MaskCoding(kind, values)


def names_of_masks(coding: MaskCoding, options: PictureOptions, place: Path) -> tuple[str, ...]:
    """Names of the classes: given, listed in a file beside the masks, or their values.

    Raises:
        ConfigError: Another number of names is given than there are classes.
    """
    count = len(coding.values)
    if options.class_names:
        if len(options.class_names) != count:
            shown = ", ".join(value_text(value, coding.kind) for value in coding.values[:10])
            message = f"The masks have {count} classes ({shown}), received {len(options.class_names)} names."
            raise ConfigError((Problem("data.loader.arguments.class_names", message),))
        return options.class_names
    if coding.kind == "black_white":
        return "black", "white"
    if coding.kind == "colors" and tuple((colors := listed_colors(place)).values()) == coding.values:
        return tuple(colors)
    listed = listed_names(place)
    if coding.kind == "indices" and len(listed) == count:
        return listed
    return tuple(value_text(value, coding.kind) for value in coding.values)


def listed_names(place: Path) -> tuple[str, ...]:
    """The lines of `classes.txt` or a file of a like name; nothing where there is none."""
    for name in NAME_FILES:
        try:
            text = (place / name).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            continue
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    return ()


def spread_positions(count: int, most: int) -> NDArray[np.int64]:
    """Up to `most` positions, spread evenly over `count`."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(np.int64))
