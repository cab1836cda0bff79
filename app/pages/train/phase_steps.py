"""The steps before the first batch, as a person reads them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from trainer.runs.events import Phase
from trainer.runs.state import RunState, Status

_TITLES = {
    Phase.IMPORTING: "Importing",
    Phase.READING_DATA: "Reading data",
    Phase.BUILDING_MODEL: "Building model",
    Phase.COMPILING: "Compiling",
    Phase.FIRST_BATCH: "First batch",
}
_ORDER = tuple(_TITLES)


class StepState(Enum):
    """Where a step stands."""

    DONE = "done"
    ACTIVE = "active"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class PhaseStep:
    """One step of the strip. `fraction` is its share done, 0 to 1, or `None` where it counts nothing."""

    title: str
    state: StepState
    seconds: float
    fraction: float | None = None
    progress: str = ""


def is_before_first_batch(state: RunState, status: Status) -> bool:
    """Whether the run still prepares, so that the steps are what matters."""
    if status is Status.STARTING:
        return True
    return status.is_active and (state.phase is None or state.phase in _ORDER) and state.step == _first_step(state)


def _first_step(state: RunState) -> int:
    return state.training.initial_step if state.training is not None else 0


def phase_steps(state: RunState, now: float) -> list[PhaseStep]:
    """The five steps at the time `now` (seconds since 1970)."""
    if state.end is not None or state.phase not in _ORDER:
        current = -1 if state.end is not None or not state.phase_durations_s else len(_ORDER)
    else:
        current = _ORDER.index(state.phase)
    if current < 0:
        return [PhaseStep(title, StepState.WAITING, 0.0) for title in _TITLES.values()]
    return [_step(state, phase, place, current, now) for place, phase in enumerate(_ORDER)]


def _step(state: RunState, phase: Phase, place: int, current: int, now: float) -> PhaseStep:
    spent = state.phase_durations_s.get(phase, 0.0)
    if place < current:
        return PhaseStep(_TITLES[phase], StepState.DONE, spent)
    if place > current:
        return PhaseStep(_TITLES[phase], StepState.WAITING, 0.0)
    spent += max(0.0, now - state.phase_started_at)
    if not state.phase_total:
        return PhaseStep(_TITLES[phase], StepState.ACTIVE, spent)
    unit = f" {state.phase_unit}" if state.phase_unit else ""
    progress = f"{state.phase_done:,} of {state.phase_total:,}{unit}"
    return PhaseStep(_TITLES[phase], StepState.ACTIVE, spent, state.phase_done / state.phase_total, progress)
