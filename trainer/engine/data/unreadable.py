"""Says which samples cannot be read, and refuses to go on if they are too many."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trainer.data.left_out import WHAT_TO_DO, are_too_many, too_many_text
from trainer.engine.data.loaded import LoadedPart
from trainer.engine.reporting import Reporter
from trainer.errors import DataError

_MOST_NAMED = 5


def report_unreadable(
    parts: Mapping[str, LoadedPart], most_fraction: float, reporter: Reporter
) -> tuple[tuple[str, str], ...]:
    """Log every unreadable sample and tell the person in one notice.

    Args:
        parts: By part of the data: its samples, with the reason by number of what cannot be read.
        most_fraction: Share of a part up to which unreadable samples are left out.
        reporter: Where to say it.

    Returns:
        Full path, or file and place, and reason of each.

    Raises:
        DataError: The share is larger in one of the parts, or nothing is left of it.
    """
    named: list[tuple[str, str]] = []
    what = "pictures" if len(parts["train"].input_shape) == 3 else "samples"
    for part, loaded in parts.items():
        own = [
            (str(loaded.place / loaded.names[number]), reason) for number, reason in sorted(loaded.unreadable.items())
        ]
        for path, reason in own:
            reporter.log("DATA", f"Unreadable: {path}: {reason}")
        total = len(loaded.names)
        if are_too_many(len(own), total, most_fraction):
            raise too_many(own, len(own), total, part, loaded.place, most_fraction, what)
        named += own
    if named:
        total = sum(len(loaded.names) for loaded in parts.values())
        reporter.notice(
            "warning", f"{len(named):,} of {total:,} {what} cannot be read and are left out: {some_of(named)}."
        )
    return tuple(named)


def too_many(
    named: list[tuple[str, str]],
    count: int,
    total: int,
    part: str,
    place: Path,
    most_fraction: float,
    what: str = "pictures",
) -> DataError:
    """An error that says how many samples of a part cannot be read, and some of them.

    Args:
        named: Full path, or file and place, and reason of some or all.
        count: How many there are.
        total: Samples of the part.
        part: Its name.
        place: Its folder or file.
        most_fraction: What is tolerated.
        what: What the samples are called.
    """
    text = too_many_text(count, total, part, place, most_fraction, what)
    return DataError(f"{text}: {some_of(named)}. {WHAT_TO_DO}")


def some_of(named: list[tuple[str, str]]) -> str:
    """The first few with their reasons, and how many more there are."""
    shown = "; ".join(f"{path} ({reason})" for path, reason in named[:_MOST_NAMED])
    return f"{shown}; and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else shown
