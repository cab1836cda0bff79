"""Arrays for the plots out of a run's state; what is finished is made once per epoch."""

from __future__ import annotations

import numpy as np

from app.widgets.curves import Curve, MetricCurves
from trainer.runs.state import RunState

_MOST_BATCH_POINTS_DRAWN = 10_000


class RunCurves:
    """Curves of every metric of a run. Call `update` after events, then ask."""

    def __init__(self) -> None:
        self._state = RunState()
        self._epochs_seen: tuple[int, float] = (0, 0.0)
        self._cache: dict[str, MetricCurves] = {}

    def update(self, state: RunState) -> None:
        """Take over what `state` has learned."""
        self._state = state
        seen = (len(state.epochs), state.epochs[-1].time if state.epochs else 0.0)
        if seen != self._epochs_seen:
            self._epochs_seen = seen
            self._cache.clear()

    def metric(self, name: str) -> MetricCurves:
        """Curves of the metric `name`, given without `val_`."""
        finished = self._cache.get(name)
        if finished is None:
            finished = self._finished(name)
            self._cache[name] = finished
        return MetricCurves(finished.train, finished.validation, self._batches(name), finished.best_epoch)

    def learning_rate(self) -> MetricCurves:
        """The learning rate of each finished epoch."""
        epochs = self._state.epochs
        return MetricCurves(Curve.of([r.epoch for r in epochs], [r.learning_rate for r in epochs]))

    def _batches(self, name: str) -> Curve:
        """Thinned out evenly when there are very many points: running means are smooth."""
        trace = self._state.batch_trace
        values = trace.column(name)
        stride = max(1, -(-len(values) // _MOST_BATCH_POINTS_DRAWN))
        return Curve.of(np.array(trace.positions[::stride]), np.array(values[::stride])) if values else Curve()

    def _finished(self, name: str) -> MetricCurves:
        best = self._state.best_epoch
        return MetricCurves(
            train=Curve.of(*self._state.series(name)),
            validation=Curve.of(*self._state.series(f"val_{name}")),
            best_epoch=best.epoch if best else None,
        )
