"""The one reducer: events in, the state of a run out. Live view, replay and command line all use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from trainer.runs import events as e
from trainer.runs.batch_trace import BatchTrace

RECENT_RESOURCES = 600
"""How many measurements a state keeps at least: ten minutes of them."""


class Status(StrEnum):
    """What a person needs to know about a run at a glance."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def is_active(self) -> bool:
        """Whether a worker should be at work."""
        return self in (Status.STARTING, Status.RUNNING, Status.PAUSED, Status.STOPPING)


@dataclass(slots=True)
class EpochRecord:
    """One finished epoch."""

    epoch: int
    metrics: dict[str, float]
    learning_rate: float
    duration_s: float
    is_best: bool
    time: float


@dataclass(slots=True)
class RunState:
    """What is known of a run after the events so far. Feed every event, in order, to `apply`.

    Of a cross-validation, `fold` to `fold_results` tell of its folds; epochs, figures and the like are those of the
    fold that is being trained or was trained last.
    """

    session: int = 0
    started_at: float = 0.0
    session_started_at: float = 0.0
    last_event_at: float = 0.0
    phase: e.Phase | None = None
    phase_started_at: float = 0.0
    phase_done: int = 0
    phase_total: int = 0
    phase_unit: str = ""
    phase_durations_s: dict[e.Phase, float] = field(default_factory=dict)
    data: e.DataLoaded | None = None
    model: e.ModelBuilt | None = None
    training: e.TrainingStarted | None = None
    epoch: int = 0
    step: int = 0
    samples_per_second: float = 0.0
    batch_metrics: dict[str, float] = field(default_factory=dict)
    batch_trace: BatchTrace = field(default_factory=BatchTrace)
    epochs: list[EpochRecord] = field(default_factory=list)
    learning_rate: float | None = None
    resources: list[e.ResourcesMeasured] = field(default_factory=list)
    notices: list[e.Noticed] = field(default_factory=list)
    evaluations: dict[str, dict[str, float]] = field(default_factory=dict)
    checkpoints: dict[str, e.CheckpointSaved] = field(default_factory=dict)
    fold: int = 0
    num_folds: int = 0
    fold_run: str = ""
    fold_results: dict[int, e.FoldEnded] = field(default_factory=dict)
    stop_requested: str = ""
    is_paused: bool = False
    end: e.SessionEnded | None = None

    def apply(self, event: e.Event) -> None:
        """Take one event into account."""
        self.last_event_at = event.time
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def status(self, *, is_alive: bool) -> Status:
        """The run's status, given whether its worker process exists."""
        if self.end is not None:
            return Status(self.end.outcome.value)
        if not is_alive:
            return Status.LOST
        if self.stop_requested:
            return Status.STOPPING
        if self.is_paused:
            return Status.PAUSED
        return Status.RUNNING if self.training is not None else Status.STARTING

    @property
    def best_epoch(self) -> EpochRecord | None:
        """The last epoch that was the best so far, or `None` before the first."""
        return next((record for record in reversed(self.epochs) if record.is_best), None)

    @property
    def num_epochs(self) -> int:
        """Epochs to train in all; 0 before training starts."""
        return self.training.epochs if self.training else 0

    @property
    def fraction_done(self) -> float:
        """Share of all batches done, 0 to 1; of a cross-validation over all folds."""
        if not self.num_folds:
            return self._fraction_of_fold
        others = len(self.fold_results.keys() - {self.fold})
        this = 1.0 if self.fold in self.fold_results else self._fraction_of_fold
        return min(1.0, (others + this) / self.num_folds)

    @property
    def _fraction_of_fold(self) -> float:
        if self.training is None:
            return 0.0
        done = len(self.epochs) * self.training.steps_per_epoch + (self.step if self.epoch > len(self.epochs) else 0)
        return min(1.0, done / max(1, self.training.epochs * self.training.steps_per_epoch))

    @property
    def remaining_s(self) -> float | None:
        """Estimated seconds left, or `None` while there is nothing to judge by.

        From the mean of the last five epochs, or from the current speed in the first one. Of a cross-validation, as
        if the folds to come took as many epochs as this one.
        """
        if self.training is None or self.end is not None:
            return None
        left = (1.0 - self.fraction_done) * self.training.epochs * max(1, self.num_folds)
        if self.epochs:
            recent = self.epochs[-5:]
            return left * sum(record.duration_s for record in recent) / len(recent)
        if self.samples_per_second > 0 and self.data is not None:
            return left * self.data.num_train / self.samples_per_second
        return None

    def metric_names(self) -> list[str]:
        """Names of the training figures without `val_`, loss first."""
        seen = dict.fromkeys(self.batch_metrics)
        for record in self.epochs[-1:]:
            seen.update(dict.fromkeys(name.removeprefix("val_") for name in record.metrics))
        return sorted(seen, key=lambda name: name != "loss")

    def series(self, name: str) -> tuple[list[int], list[float]]:
        """Epoch numbers and values of a figure over the finished epochs; empty if it was never reported."""
        points = [(r.epoch, r.metrics[name]) for r in self.epochs if name in r.metrics]
        return [epoch for epoch, _ in points], [value for _, value in points]


def _session_started(state: RunState, event: e.SessionStarted) -> None:
    state.session = event.session
    state.started_at = state.started_at or event.time
    state.session_started_at = event.time
    state.training, state.end, state.phase = None, None, None
    state.phase_durations_s = {}
    state.stop_requested, state.is_paused = "", False
    state.samples_per_second = 0.0


def _phase_started(state: RunState, event: e.PhaseStarted) -> None:
    _close_phase(state, event.time)
    state.phase, state.phase_started_at = event.phase, event.time
    state.phase_done, state.phase_total, state.phase_unit = 0, 0, ""


def _close_phase(state: RunState, now: float) -> None:
    if state.phase is not None:
        spent = state.phase_durations_s.get(state.phase, 0.0)
        state.phase_durations_s[state.phase] = spent + max(0.0, now - state.phase_started_at)


def _phase_progressed(state: RunState, event: e.PhaseProgressed) -> None:
    state.phase_done, state.phase_total, state.phase_unit = event.done, event.total, event.unit


def _training_started(state: RunState, event: e.TrainingStarted) -> None:
    state.training = event
    del state.epochs[event.initial_epoch :]
    start = event.initial_epoch + event.initial_step / max(1, event.steps_per_epoch)
    state.batch_trace.cut_after(start)
    state.epoch, state.step = event.initial_epoch + 1, event.initial_step


def _epoch_started(state: RunState, event: e.EpochStarted) -> None:
    if event.epoch != state.epoch:
        state.epoch, state.step = event.epoch, 0


def _batches_ended(state: RunState, event: e.BatchesEnded) -> None:
    state.epoch, state.step = event.epoch, event.step
    state.samples_per_second = event.samples_per_second
    state.batch_metrics = event.metrics
    position = event.epoch - 1 + event.step / max(1, event.steps_per_epoch)
    state.batch_trace.append(position, event.metrics)


def _epoch_ended(state: RunState, event: e.EpochEnded) -> None:
    record = EpochRecord(event.epoch, event.metrics, event.learning_rate, event.duration_s, event.is_best, event.time)
    state.epochs.append(record)
    state.learning_rate = event.learning_rate


def _paused(state: RunState, event: e.Paused) -> None:
    state.is_paused = True
    state.epoch, state.step = event.epoch, event.step


def _resumed(state: RunState, _event: e.Resumed) -> None:
    state.is_paused = False


def _resources_measured(state: RunState, event: e.ResourcesMeasured) -> None:
    state.resources.append(event)
    if len(state.resources) > 2 * RECENT_RESOURCES:
        del state.resources[:-RECENT_RESOURCES]


def _fold_started(state: RunState, event: e.FoldStarted) -> None:
    state.fold, state.num_folds, state.fold_run = event.fold, event.num_folds, event.run
    state.data, state.model, state.training, state.phase = None, None, None, None
    state.phase_durations_s, state.evaluations, state.checkpoints = {}, {}, {}
    state.epoch, state.step, state.epochs, state.learning_rate = 0, 0, [], None
    state.batch_metrics, state.batch_trace, state.samples_per_second = {}, BatchTrace(), 0.0
    state.is_paused = False


def _session_ended(state: RunState, event: e.SessionEnded) -> None:
    _close_phase(state, event.time)
    state.end, state.phase, state.is_paused = event, None, False


_HANDLERS: dict[type, Callable[[RunState, Any], None]] = {
    e.SessionStarted: _session_started,
    e.PhaseStarted: _phase_started,
    e.PhaseProgressed: _phase_progressed,
    e.DataLoaded: lambda state, event: setattr(state, "data", event),
    e.ModelBuilt: lambda state, event: setattr(state, "model", event),
    e.TrainingStarted: _training_started,
    e.EpochStarted: _epoch_started,
    e.BatchesEnded: _batches_ended,
    e.EpochEnded: _epoch_ended,
    e.LearningRateChanged: lambda state, event: setattr(state, "learning_rate", event.learning_rate),
    e.CheckpointSaved: lambda state, event: state.checkpoints.__setitem__(event.name, event),
    e.ResourcesMeasured: _resources_measured,
    e.StopRequested: lambda state, event: setattr(state, "stop_requested", event.when),
    e.Paused: _paused,
    e.Resumed: _resumed,
    e.Noticed: lambda state, event: state.notices.append(event),
    e.Evaluated: lambda state, event: state.evaluations.__setitem__(event.split, event.metrics),
    e.FoldStarted: _fold_started,
    e.FoldEnded: lambda state, event: state.fold_results.__setitem__(event.fold, event),
    e.SessionEnded: _session_ended,
}
