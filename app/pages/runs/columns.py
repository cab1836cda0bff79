"""What the table of runs can show of a run. No Qt."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.widgets.format import format_duration, format_number, format_time
from trainer.runs.store import RunSummary

SortKey = float | str | None
_METRICS_SHOWN_AT_FIRST = 2
_FOLD_NAME_WIDTH_PX = 92


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: Name under which the person's choice is remembered.
        title: Heading.
        text: What a cell shows.
        sort_key: What it is sorted by; `None` goes last in both directions.
        is_figure: Whether it is aligned to the right.
        width_px: Width at first; never less than the heading needs.
        is_shown_at_first: Whether it is there before the person chose.
    """

    key: str
    title: str
    text: Callable[[RunSummary], str]
    sort_key: Callable[[RunSummary], SortKey]
    is_figure: bool = False
    width_px: int = 110
    is_shown_at_first: bool = True


def columns_for(summaries: Iterable[RunSummary]) -> list[Column]:
    """All columns for these runs: the fixed ones, and one for each figure of their best epochs."""
    names: dict[str, None] = {}
    summaries = list(summaries)
    for summary in summaries:
        names.update(dict.fromkeys(summary.best_metrics))
    ordered = sorted(names, key=lambda name: (not name.startswith("val_"), name.removeprefix("val_") != "loss"))
    first, *others = _LEADING
    if any(summary.num_folds or summary.record.fold for summary in summaries):
        first, others = dataclasses.replace(first, width_px=_FOLD_NAME_WIDTH_PX), [_FOLD, *others]
    return [first, *others, *(_metric_column(name, place) for place, name in enumerate(ordered)), *_TRAILING]


def _metric_column(name: str, place: int) -> Column:
    return Column(
        f"metric:{name}",
        name,
        lambda summary: format_number(summary.best_metrics[name]) if name in summary.best_metrics else "",
        lambda summary: summary.best_metrics.get(name),
        is_figure=True,
        width_px=66,
        is_shown_at_first=name.startswith("val_") and place < _METRICS_SHOWN_AT_FIRST,
    )


def _natural(name: str) -> str:
    """A text in which exp10 follows exp9, and exp9_fold1."""
    return re.sub(r"\d+", lambda digits: f"{digits[0]:0>9}", name.lower())


def _fold_text(summary: RunSummary) -> str:
    """`2 of exp7` for a fold, `mean of 5` for the cross-validation itself."""
    if summary.num_folds:
        return f"mean of {summary.epochs_done}"
    return f"{summary.record.fold} of {summary.record.parent}" if summary.record.fold else ""


def _created(summary: RunSummary) -> SortKey:
    try:
        return datetime.datetime.fromisoformat(summary.record.created).timestamp()
    except ValueError:
        return None


_LEADING = (
    Column("name", "Name", lambda s: s.name, lambda s: _natural(s.name), width_px=60),
    Column("status", "Status", lambda s: s.status.value.capitalize(), lambda s: s.status.value, width_px=100),
    Column("model", "Model", lambda s: s.model, lambda s: s.model.lower() or None, width_px=104),
    Column("project", "Project", lambda s: s.record.project, lambda s: s.record.project.lower() or None, width_px=84),
    Column(
        "epochs",
        "Epochs",
        lambda s: f"{s.epochs_done:,} / {s.num_epochs:,}" if s.num_epochs else f"{s.epochs_done:,}",
        lambda s: s.epochs_done,
        is_figure=True,
        width_px=66,
    ),
    Column(
        "best_epoch",
        "Best epoch",
        lambda s: "" if s.best_epoch is None else f"{s.best_epoch:,}",
        lambda s: s.best_epoch,
        is_figure=True,
        width_px=60,
    ),
)
_FOLD = Column(
    "fold", "Fold", _fold_text, lambda s: _natural(f"{s.record.parent or s.name}_{s.record.fold}"), width_px=84
)
_TRAILING = (
    Column(
        "duration",
        "Duration",
        lambda s: format_duration(s.duration_s) if s.duration_s else "",
        lambda s: s.duration_s or None,
        is_figure=True,
        width_px=76,
    ),
    Column("created", "Created", lambda s: format_time(s.record.created), _created, width_px=134),
    Column(
        "seed",
        "Seed",
        lambda s: str(s.record.seed),
        lambda s: s.record.seed,
        is_figure=True,
        is_shown_at_first=False,
    ),
    Column("folder", "Folder", lambda s: str(s.path), lambda s: str(s.path), width_px=260, is_shown_at_first=False),
)
