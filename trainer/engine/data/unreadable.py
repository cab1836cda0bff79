"""Says which samples cannot be read, and refuses to go on if they are too many."""

from __future__ import annotations

from collections.abc import Mapping

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
        if len(own) > most_fraction * total or (own and len(own) == total):
            raise DataError(
                f"{len(own):,} of {total:,} {what} in the {part} data {loaded.place} cannot be read "
                f"({len(own) / total:.1%}; data.max_unreadable_fraction allows {most_fraction:.1%}): {_some(own)}. "
                "Replace or remove them, or allow a larger share."
            )
        named += own
    if named:
        total = sum(len(loaded.names) for loaded in parts.values())
        reporter.notice(
            "warning", f"{len(named):,} of {total:,} {what} cannot be read and are left out: {_some(named)}."
        )
    return tuple(named)


def _some(named: list[tuple[str, str]]) -> str:
    shown = "; ".join(f"{path} ({reason})" for path, reason in named[:_MOST_NAMED])
    return f"{shown}; and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else shown
