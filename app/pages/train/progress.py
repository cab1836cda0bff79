"""The figures of the progress row. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.widgets.format import format_clock, format_number
from trainer.runs.events import Phase
from trainer.runs.state import RunState, Status

_ACTIVITIES = {
    Phase.VALIDATING: "validating",
    Phase.SAVING: "saving",
    Phase.TESTING: "testing",
    Phase.FIRST_BATCH: "first batch",
}
_STOPPING = {
    "after_epoch": "stopping after this epoch",
    "now": "stopping",
    "discard": "discarding",
}


@dataclass(frozen=True, slots=True)
class ProgressFigures:
    """Texts of the progress row; an empty text means that there is nothing to say yet."""

    epoch: str
    activity: str
    done: int
    total: int
    speed: str
    remaining: str
    elapsed: str


def progress_figures(state: RunState, status: Status, now: float) -> ProgressFigures:
    """What the progress row says at the time `now` (seconds since 1970)."""
    training = state.training
    num_epochs = training.epochs if training else 0
    done, total = state.step, training.steps_per_epoch if training else 0
    if state.phase in (Phase.VALIDATING, Phase.TESTING, Phase.SAVING) and state.phase_total:
        done, total = state.phase_done, state.phase_total
    remaining = state.remaining_s
    is_training = status is Status.RUNNING
    return ProgressFigures(
        epoch=f"{min(max(state.epoch, 1), max(num_epochs, 1)):,} / {num_epochs:,}",
        activity=_activity(state, status),
        done=done,
        total=total,
        speed=format_number(state.samples_per_second) if state.samples_per_second > 0 and is_training else "",
        remaining=format_clock(remaining) if remaining is not None and is_training else "",
        elapsed=format_clock(now - state.session_started_at) if state.session_started_at else "",
    )


def _activity(state: RunState, status: Status) -> str:
    fold = f"fold {state.fold} of {state.num_folds}" if state.num_folds else ""
    return " · ".join(part for part in (fold, _present_activity(state, status)) if part)


def _present_activity(state: RunState, status: Status) -> str:
    if status is Status.PAUSED:
        return "paused"
    if state.stop_requested:
        return _STOPPING.get(state.stop_requested, "stopping")
    return _ACTIVITIES.get(state.phase, "") if state.phase is not None else ""
