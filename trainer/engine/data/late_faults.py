"""Samples that turn out to be unreadable while training: told once, left out, and too many of them refused."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from trainer.data.left_out import are_too_many
from trainer.engine.data.unreadable import some_of, too_many
from trainer.engine.reporting import Reporter
from trainer.errors import DataError


class LateFaults:
    """Those of one part of the data. Safe to use from several threads.

    Args:
        part: `train`, `validation` or `test`.
        place: What `names` are relative to.
        names: All samples of the part.
        most_fraction: Share of the part up to which unreadable samples are left out.
        reporter: Told of each in the log, of the first and of their sum in a notice.

    Attributes:
        num_known: How many of the part were known to be unreadable before training.
        failure: Why training cannot go on, once they are too many.
    """

    def __init__(self, part: str, place: Path, names: Sequence[str], most_fraction: float, reporter: Reporter) -> None:
        self.num_known = 0
        self.failure: DataError | None = None
        self._part = part
        self._place = place
        self._names = names
        self._most_fraction = most_fraction
        self._reporter = reporter
        self._lock = threading.RLock()
        self._found: dict[int, str] = {}
        self._num_told = 0

    @property
    def found(self) -> dict[int, str]:
        """Reason by row, of what was found until now."""
        with self._lock:
            return dict(self._found)

    def add(self, row: int, reason: str) -> None:
        """Note that a sample cannot be read; one that is known already changes nothing.

        Raises:
            DataError: More of the part are unreadable now than is tolerated, or nothing is left of it.
        """
        with self._lock:
            self.require_few()
            if row in self._found:
                return
            self._found[row] = reason
            is_first = len(self._found) == 1
            count, total = self.num_known + len(self._found), len(self._names)
            if are_too_many(count, total, self._most_fraction):
                self.failure = too_many(self._named(), count, total, self._part, self._place, self._most_fraction)
        self._reporter.log("DATA", f"Unreadable: {self._place / self._names[row]}: {reason}")
        if is_first:
            self.tell()
        self.require_few()

    def require_few(self) -> None:
        """Do not go on once they were found to be too many.

        Raises:
            DataError: They are.
        """
        if self.failure is not None:
            raise self.failure

    def warn(self, message: str) -> None:
        """Tell the person something else about reading the part."""
        self._reporter.notice("warning", message)

    def tell(self) -> None:
        """Say how many were found, if there are more than when it was said last."""
        with self._lock:
            count, told = len(self._found), self._num_told
            self._num_told = count
        if count > told:
            noun, verb = ("picture", "is") if count == 1 else ("pictures", "are")
            self._reporter.notice(
                "warning",
                f"{count:,} {noun} of the {self._part} data could not be read while training and {verb} left out: "
                f"{some_of(self._named())}.",
            )

    def _named(self) -> list[tuple[str, str]]:
        return [(str(self._place / self._names[row]), reason) for row, reason in sorted(self.found.items())]
