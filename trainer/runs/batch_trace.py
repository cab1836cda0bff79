"""Running means inside epochs, as columns of plain numbers: hundreds of thousands of points stay cheap.

One object per point would make Python's garbage collector stop the window for hundreds of milliseconds.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping

_NAN = float("nan")


class BatchTrace:
    """Figures at fractional epochs, in the order in which they came.

    Attributes:
        positions: Epochs done at each point, rising: 2.5 is the middle of the third epoch.

    >>> trace = BatchTrace()
    >>> trace.append(0.5, {"loss": 2.0})
    >>> trace.append(1.0, {"loss": 1.5, "accuracy": 0.5})
    >>> trace.column("accuracy").tolist()
    [nan, 0.5]
    """

    def __init__(self) -> None:
        self.positions = array("d")
        self._columns: dict[str, array[float]] = {}

    def __len__(self) -> int:
        return len(self.positions)

    def append(self, position: float, metrics: Mapping[str, float]) -> None:
        """Add a point."""
        for name in metrics:
            if name not in self._columns:
                self._columns[name] = array("d", [_NAN]) * len(self.positions)
        self.positions.append(position)
        for name, column in self._columns.items():
            column.append(metrics.get(name, _NAN))

    def column(self, name: str) -> array[float]:
        """Values of one figure, one per position; NaN where it was not reported, empty if it never was."""
        return self._columns.get(name, array("d"))

    def cut_after(self, position: float) -> None:
        """Drop all points beyond `position`."""
        length = bisect_right(self.positions, position)
        del self.positions[length:]
        for column in self._columns.values():
            del column[length:]
