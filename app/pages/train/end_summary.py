"""Why a run ended, what it left, what to do next. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from app.widgets.format import format_duration, format_number
from trainer.runs.events import Outcome, Reason, SessionEnded
from trainer.runs.folds import spreads
from trainer.runs.state import RunState, Status

_MOST_FIGURES = 8
_TITLES = {
    Reason.ALL_EPOCHS_DONE: "All epochs done",
    Reason.ALL_FOLDS_DONE: "All folds done",
    Reason.STOPPED_EARLY: "Stopped early",
    Reason.STOPPED_AFTER_EPOCH: "Stopped after an epoch",
    Reason.STOPPED_NOW: "Stopped",
    Reason.TERMINATED: "Stopped by the system",
    Reason.DISCARDED: "Discarded",
    Reason.LOSS_NOT_FINITE: "The loss is no longer a number",
    Reason.OUT_OF_MEMORY: "Out of memory",
    Reason.DISK_FULL: "Disk full",
    Reason.CONFIG_ERROR: "The settings do not work",
    Reason.DATA_ERROR: "The data cannot be used",
    Reason.USER_CODE_ERROR: "Your code failed",
    Reason.INTERNAL_ERROR: "Something went wrong",
}


@dataclass(frozen=True, slots=True)
class EndSummary:
    """Texts of the end card.

    Attributes:
        icon: Name of the icon.
        tone: Name of its colour in the theme.
        title: Two or three words.
        sentence: Why it ended.
        extent: How much was trained, such as "30 epochs in 7 m 00 s"; may be empty.
        facts: Caption and text of what came out of it.
        advice: What to do next; may be empty.
        can_continue: Whether Continue leads anywhere.
        continue_text: Its name on the button.
        place: `file:line` of a failure in a user's file; may be empty.
        trace: Traceback of a failure; may be empty.
    """

    icon: str
    tone: str
    title: str
    sentence: str
    extent: str
    facts: tuple[tuple[str, str], ...]
    advice: str
    can_continue: bool
    continue_text: str = "Continue"
    place: str = ""
    trace: str = ""

    def as_text(self) -> str:
        """All of it as plain text, to be pasted into a message."""
        lines = [self.title, self.sentence, self.extent, *(f"{caption}: {text}" for caption, text in self.facts)]
        lines += [self.advice, self.place, self.trace]
        return "\n".join(line for line in lines if line)


def end_summary(state: RunState, status: Status, *, run_path: str) -> EndSummary:
    """The end card of a run that is no longer active.

    Args:
        state: All that the run said.
        status: Its status, not an active one.
        run_path: Where its folder is, for the reader.
    """
    if state.end is None:
        return _lost(state, run_path)
    return _ended(state, state.end, status, run_path)


def _lost(state: RunState, run_path: str) -> EndSummary:
    sentence = "The worker process ended without saying why (killed or crashed)."
    last = max(state.checkpoints.values(), key=lambda saved: (saved.epoch, saved.step), default=None)
    if state.num_folds:
        advice = f"Continue goes on with fold {state.fold} of {state.num_folds}."
    elif last is None:
        advice = "No checkpoint had been saved yet: start the training again."
    else:
        sentence += f" The last checkpoint is from epoch {last.epoch}."
        advice = "Continue goes on from the last checkpoint."
    advice += " If this happens again, look at the end of the log; a smaller batch size needs less memory."
    return EndSummary(
        icon="triangle-alert",
        tone="warning",
        title="Lost",
        sentence=sentence,
        extent=_extent(state),
        facts=_facts(state, (), run_path),
        advice=advice,
        can_continue=last is not None or state.num_folds > 0,
    )


def _ended(state: RunState, end: SessionEnded, status: Status, run_path: str) -> EndSummary:
    icon, tone = {
        Status.COMPLETED: ("circle-check", "accent"),
        Status.FAILED: ("circle-x", "error"),
    }.get(status, ("info", "information"))
    can_continue = bool(state.checkpoints) and end.reason is not Reason.DISCARDED
    if state.num_folds:
        can_continue = end.outcome is not Outcome.COMPLETED
    place = f"{end.file}:{end.line}" if end.file and end.line is not None else end.file
    return EndSummary(
        icon=icon,
        tone=tone,
        title=_TITLES.get(end.reason, end.reason.value.replace("_", " ").capitalize()),
        sentence=end.message,
        extent=_extent(state),
        facts=_facts(state, end.saved, run_path),
        advice=end.advice,
        can_continue=can_continue,
        continue_text="Train longer" if end.outcome is Outcome.COMPLETED else "Continue",
        place=place,
        trace=end.trace.rstrip(),
    )


def _facts(state: RunState, saved: tuple[str, ...], run_path: str) -> tuple[tuple[str, str], ...]:
    facts = []
    best = state.best_epoch if not state.num_folds else None
    if state.num_folds:
        facts += _fold_facts(state)
    if best is not None:
        facts.append(("Best epoch", f"{best.epoch} of {len(state.epochs)}: {_figures(best.metrics)}"))
    for split, metrics in state.evaluations.items() if not state.num_folds else ():
        facts.append(("Test" if split == "test" else split.capitalize(), _figures(metrics)))
    facts.append(("Saved", f"{', '.join(saved)} in {run_path}") if saved else ("Folder", run_path))
    return tuple(facts)


def _fold_facts(state: RunState) -> list[tuple[str, str]]:
    """Mean ± deviation with its range of the figures of validation and test."""
    ended = [state.fold_results[fold] for fold in sorted(state.fold_results)]
    found = list(spreads(ended).items())
    found = [item for item in found if item[0].startswith(("val_", "test_"))] or found
    facts = []
    for name, spread in found[:_MOST_FIGURES]:
        values = [fold.metrics[name] for fold in ended]
        reach = f"{format_number(min(values))} to {format_number(max(values))}"
        facts.append((name, f"{format_number(spread.mean)} ± {format_number(spread.deviation)}   ({reach})"))
    runs = f": {ended[0].run} to {ended[-1].run}" if len(ended) > 1 else ""
    facts.append(("Folds", f"{len(ended)} of {state.num_folds} done{runs}"))
    return facts


def _extent(state: RunState) -> str:
    if state.num_folds:
        duration = format_duration(sum(fold.duration_s for fold in state.fold_results.values()))
        return f"{len(state.fold_results)} of {state.num_folds} folds in {duration}" if state.fold_results else ""
    count = len(state.epochs)
    if not count:
        return ""
    duration = format_duration(sum(record.duration_s for record in state.epochs))
    return f"{count:,} epoch{'s' if count > 1 else ''} in {duration}"


def _figures(metrics: dict[str, float]) -> str:
    """Figures in one line: those of validation first, as they decide."""
    ordered = sorted(metrics.items(), key=lambda item: not item[0].startswith("val_"))
    return " · ".join(f"{name} {format_number(value)}" for name, value in ordered[:_MOST_FIGURES])
