"""What the resource cards say. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.widgets.format import format_bytes
from trainer.runs.events import ResourcesMeasured

_RECENT = 120


@dataclass(frozen=True, slots=True)
class CardFigures:
    """One card: large figure, small note, recent course and its top."""

    figure: str
    note: str
    course: tuple[float, ...]
    top: float


def cpu_figures(measured: Sequence[ResourcesMeasured]) -> CardFigures:
    """The share of the whole machine's processors."""
    recent = measured[-_RECENT:]
    now = f"{recent[-1].cpu_percent:.0f} %" if recent else "–"
    return CardFigures(now, "", tuple(item.cpu_percent for item in recent), 100.0)


def memory_figures(measured: Sequence[ResourcesMeasured]) -> CardFigures:
    """The worker's memory, and that in use on the whole machine."""
    recent = measured[-_RECENT:]
    if not recent:
        return CardFigures("–", "", (), 1.0)
    course = tuple(float(item.memory_bytes) for item in recent)
    note = f"machine {format_bytes(recent[-1].machine_memory_bytes)}"
    return CardFigures(format_bytes(course[-1]), note, course, 1.25 * max(course))


def gpu_figures(measured: Sequence[ResourcesMeasured]) -> CardFigures | None:
    """The first GPU's load and memory, or `None` without a GPU."""
    recent = [item for item in measured[-_RECENT:] if item.gpu_percent is not None]
    if not recent:
        return None
    last = recent[-1]
    note = ""
    if last.gpu_memory_bytes is not None and last.gpu_total_memory_bytes is not None:
        note = f"{format_bytes(last.gpu_memory_bytes)} of {format_bytes(last.gpu_total_memory_bytes)}"
    return CardFigures(f"{last.gpu_percent:.0f} %", note, tuple(item.gpu_percent or 0.0 for item in recent), 100.0)
