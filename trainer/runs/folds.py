"""The folds of a cross-validation: what each reached, and the mean and deviation of that."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from trainer.runs.atomic import write_atomically
from trainer.runs.events import FoldEnded

SCHEMA_VERSION = 1


class Spread(NamedTuple):
    """A figure over the folds.

    Attributes:
        mean: Its mean.
        deviation: Its standard deviation, of the sample (n - 1); 0 for a single fold.
    """

    mean: float
    deviation: float


def spreads(folds: Iterable[FoldEnded]) -> dict[str, Spread]:
    """Mean and deviation of every figure that all folds have, in the order of the first fold; without folds empty.

    >>> from trainer.runs.events import FoldEnded
    >>> rest = {"best_epoch": 1, "epochs": 1, "duration_s": 1.0}
    >>> folds = [FoldEnded(fold=n, run="", metrics={"val_loss": value}, **rest) for n, value in ((1, 1.0), (2, 3.0))]
    >>> spreads(folds)["val_loss"]
    Spread(mean=2.0, deviation=1.4142135623730951)
    """
    all_metrics = [fold.metrics for fold in folds]
    if not all_metrics:
        return {}
    names = [name for name in all_metrics[0] if all(name in metrics for metrics in all_metrics)]
    return {name: _spread([metrics[name] for metrics in all_metrics]) for name in names}


def _spread(values: list[float]) -> Spread:
    if not all(map(math.isfinite, values)):
        return Spread(math.nan, math.nan)
    return Spread(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0)


def write_folds(path: Path, folds: Iterable[FoldEnded], num_folds: int) -> None:
    """Write `cross_validation.json`: every fold that has ended, and mean and deviation over them.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    ended = sorted(folds, key=lambda fold: fold.fold)
    found = spreads(ended)
    content = {
        "schema_version": SCHEMA_VERSION,
        "num_folds": num_folds,
        "folds": [_without_nan(fold.model_dump(exclude={"event", "time"})) for fold in ended],
        "mean": _without_nan({name: spread.mean for name, spread in found.items()}),
        "deviation": _without_nan({name: spread.deviation for name, spread in found.items()}),
    }
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def _without_nan(value: object) -> object:
    """JSON has no number for NaN: `null` instead."""
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
