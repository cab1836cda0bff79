"""Says which pictures cannot be read, and refuses to go on if they are too many."""

from __future__ import annotations

from trainer.data.image_folder import ImageIndex
from trainer.engine.reporting import Reporter
from trainer.errors import DataError

_MOST_NAMED = 5


def report_unreadable(
    folders: dict[str, tuple[ImageIndex, dict[int, str]]], most_fraction: float, reporter: Reporter
) -> tuple[tuple[str, str], ...]:
    """Log every unreadable picture and tell the person in one notice.

    Args:
        folders: By part of the data: its index, and the reason by position of what cannot be read.
        most_fraction: Share of a folder up to which unreadable pictures are left out.
        reporter: Where to say it.

    Returns:
        Full path and reason of each.

    Raises:
        DataError: The share is larger in one of the folders, or nothing is left of it.
    """
    named: list[tuple[str, str]] = []
    for part, (index, reasons) in folders.items():
        own = [(str(index.folder / index.paths[position]), reason) for position, reason in sorted(reasons.items())]
        for path, reason in own:
            reporter.log("DATA", f"Unreadable: {path}: {reason}")
        total = len(index.paths)
        if len(own) > most_fraction * total or (own and len(own) == total):
            raise DataError(
                f"{len(own):,} of {total:,} pictures in the {part} folder {index.folder} cannot be read "
                f"({len(own) / total:.1%}; data.max_unreadable_fraction allows {most_fraction:.1%}): {_some(own)}. "
                "Replace or remove them, or allow a larger share."
            )
        named += own
    if named:
        total = sum(len(index.paths) for index, _ in folders.values())
        reporter.notice(
            "warning", f"{len(named):,} of {total:,} pictures cannot be read and are left out: {_some(named)}."
        )
    return tuple(named)


def _some(named: list[tuple[str, str]]) -> str:
    shown = "; ".join(f"{path} ({reason})" for path, reason in named[:_MOST_NAMED])
    return f"{shown}; and {len(named) - _MOST_NAMED:,} more" if len(named) > _MOST_NAMED else shown
