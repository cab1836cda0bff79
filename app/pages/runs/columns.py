"""What the table of runs can show of a run. No Qt."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.widgets.format import format_duration, format_number, format_time
from trainer.runs.store import RunSummary

SortKey = float | str | None
_METRICS_SHOWN_AT_FIRST = 2


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
    for summary in summaries:
        names.update(dict.fromkeys(summary.best_metrics))
    ordered = sorted(names, key=lambda name: (not name.startswith("val_"), name.removeprefix("val_") != "loss"))
    return [*_LEADING, *(_metric_column(name, place) for place, name in enumerate(ordered)), *_TRAILING]


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
    """A text in which exp10 follows exp9."""
    head = name.rstrip("0123456789")
    return f"{head.lower()}{name[len(head) :]:0>9}"


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
