"""What a plot shows, without Qt: curves over epochs, and reading values off them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def _no_values() -> Values:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Curve:
    """Values over epochs, both float64 of one length, epochs rising. What is not finite is NaN: a gap."""

    epochs: Values = field(default_factory=_no_values)
    values: Values = field(default_factory=_no_values)

    @classmethod
    def of(cls, epochs: list[int] | list[float] | Values, values: list[float] | Values) -> Curve:
        """A curve from anything list-like; infinite values become gaps."""
        array = np.array(values, dtype=np.float64)
        array[~np.isfinite(array)] = np.nan
        return cls(np.array(epochs, dtype=np.float64), array)

    def __len__(self) -> int:
        return len(self.epochs)

    def at(self, epoch: int) -> float | None:
        """Value at an epoch; `None` if it was not reported, NaN if it was not finite."""
        place = int(np.searchsorted(self.epochs, epoch))
        if place < len(self.epochs) and self.epochs[place] == epoch:
            return float(self.values[place])
        return None

    @property
    def last(self) -> float | None:
        """Newest value, or `None` without any."""
        return float(self.values[-1]) if len(self.values) else None

    @property
    def num_finite(self) -> int:
        """How many values can be drawn."""
        return int(np.count_nonzero(np.isfinite(self.values)))


@dataclass(frozen=True, slots=True)
class MetricCurves:
    """All that one plot shows.

    Attributes:
        train: Training figure at the end of each epoch.
        validation: The same over the validation data; empty without any.
        batches: Running means of the training figure inside epochs, at fractional epochs.
        best_epoch: Epoch that was best by the run's monitor, or `None` before the first.
    """

    train: Curve = field(default_factory=Curve)
    validation: Curve = field(default_factory=Curve)
    batches: Curve = field(default_factory=Curve)
    best_epoch: int | None = None

    @property
    def main(self) -> Curve:
        """The curve that matters: validation where there is one."""
        return self.validation if len(self.validation) else self.train

    @property
    def best_value(self) -> float | None:
        """Value of the main curve at the best epoch."""
        return None if self.best_epoch is None else self.main.at(self.best_epoch)

    @property
    def num_epochs(self) -> int:
        """Finished epochs with a value on either curve."""
        return max(len(self.train), len(self.validation))

    def nearest_epoch(self, position: float) -> int | None:
        """The finished epoch nearest to a place on the epoch axis, or `None` without any."""
        epochs = self.train.epochs if len(self.train) >= len(self.validation) else self.validation.epochs
        if not len(epochs):
            return None
        return int(epochs[np.abs(epochs - position).argmin()])

    def as_csv(self) -> str:
        """Epoch, training and validation value, one row per epoch, with a header."""
        epochs = np.union1d(self.train.epochs, self.validation.epochs)
        rows = ["epoch,train,validation"]
        for epoch in epochs:
            cells = [curve.at(int(epoch)) for curve in (self.train, self.validation)]
            rows.append(",".join([str(int(epoch)), *("" if cell is None else repr(cell) for cell in cells)]))
        return "\n".join(rows) + "\n"
