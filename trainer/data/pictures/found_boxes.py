"""Collects the boxes of one part of the data; those that cannot be are named and left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from trainer.data.findings import Findings
from trainer.data.path_list import PathList
from trainer.data.pictures.pillow_samples import PillowSamples
from trainer.data.sample_index import BoxList, SampleIndex

Corners = tuple[float, float, float, float]
"""Left, top, right, bottom."""
_TOLERANCE = 0.51
"""Pixels by which a box may stick out unnoticed, as programs round differently."""


class FoundBoxes:
    """Samples and their boxes, one sample after the other.

    Args:
        place: The folder that names are relative to.
        declared: Classes that the data set lists, in the order of their numbers; empty where it lists none.

    Attributes:
        findings: What was found wrong.
    """

    def __init__(self, place: Path, declared: Sequence[str] = ()) -> None:
        self.place = place
        self.declared = tuple(declared)
        self.findings = Findings()
        self._names: list[str] = []
        self._unusable: dict[int, str] = {}
        self._corners: list[Corners] = []
        self._classes: list[int] = []
        self._ends = [0]
        self._numbers: dict[str, int] = {name: number for number, name in enumerate(self.declared)}

    def begin(self, name: str, unusable: str = "") -> None:
        """Go on with the next sample; with a reason if it cannot be used."""
        if unusable:
            self._unusable[len(self._names)] = unusable
        self._names.append(name)
        self._ends.append(len(self._classes))

    def add(self, class_name: str, corners: Corners, size: tuple[float, float], file: str, place: str) -> None:
        """Add a box to the sample.

        Args:
            class_name: Its class.
            corners: In the same unit as the size; cut off where they stick out.
            size: Width and height of the picture.
            file: Where the box was read, for messages.
            place: Where in that file.
        """
        cut = self._checked(class_name, corners, size, file, place)
        if cut is None:
            return
        width, height = size
        self._corners.append((cut[0] / width, cut[1] / height, cut[2] / width, cut[3] / height))
        self._classes.append(self._numbers.setdefault(class_name, len(self._numbers)))
        self._ends[-1] = len(self._classes)

    def _checked(
        self, class_name: str, corners: Corners, size: tuple[float, float], file: str, place: str
    ) -> Corners | None:
        left, top, right, bottom = corners
        width, height = size
        what = f"the box of {class_name} ({left:g}, {top:g}, {right:g}, {bottom:g})"
        if not all(map(math.isfinite, corners)):
            self.findings.warning("box", f"{what} is not made of numbers and is left out", file, place)
        elif right <= left:
            self.findings.warning("box", f"{what} has x2 ≤ x1 and is left out", file, place)
        elif bottom <= top:
            self.findings.warning("box", f"{what} has y2 ≤ y1 and is left out", file, place)
        elif left >= width or top >= height or right <= 0 or bottom <= 0:
            message = f"{what} lies outside the picture of {width:g} × {height:g} and is left out"
            self.findings.warning("box", message, file, place)
        else:
            cut = (max(left, 0.0), max(top, 0.0), min(right, width), min(bottom, height))
            unit = 1.0 if width > 1 else 0.002
            if max(abs(a - b) for a, b in zip(cut, corners, strict=True)) > _TOLERANCE * unit:
                message = f"{what} sticks out of the picture of {width:g} × {height:g} and is cut off"
                self.findings.warning("box", message, file, place)
            return cut
        return None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes listed by the data set; otherwise those of the boxes, in the order of their names."""
        return (*self.declared, *in_order(set(self._numbers) - set(self.declared)))

    def index(self, class_names: tuple[str, ...]) -> SampleIndex:
        """All of it; boxes of classes that are not among these are left out and named."""
        numbers = {name: number for number, name in enumerate(class_names)}
        known = np.array([numbers.get(name, -1) for name in self._numbers], np.int32)
        own = np.array(self._classes, np.int64)
        classes = known[own] if len(own) else np.zeros(0, np.int32)
        for position in np.flatnonzero(classes < 0).tolist():
            sample = int(np.searchsorted(self._ends, position, side="right")) - 1
            name = list(self._numbers)[self._classes[position]]
            message = f"a box of {name}, which is not among the classes, is left out"
            self.findings.warning("box", message, self._names[sample])
        kept = np.flatnonzero(classes >= 0)
        names = PathList(self._names)
        return SampleIndex(
            place=self.place,
            names=names,
            class_names=class_names,
            boxes=BoxList(
                np.array(self._corners, np.float32).reshape(-1, 4)[kept],
                classes[kept],
                np.searchsorted(kept, np.array(self._ends, np.int64)).astype(np.int64),
            ),
            unusable=dict(self._unusable),
            problems=self.findings.problems,
            raw=PillowSamples(self.place, names),
        )


def in_order(names: Iterable[str]) -> list[str]:
    """Names of classes in alphabetical order; numbers after words, and 2 before 10."""
    return sorted(names, key=lambda name: (name.isdigit(), len(name) * name.isdigit(), name))
