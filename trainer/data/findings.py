"""Collects what is wrong with data: names the first of each kind and counts the rest."""

from __future__ import annotations

from collections import Counter

from trainer.data.sample_index import DataProblem, ProblemKind

_MOST_NAMED = 10_000
_TITLES: dict[ProblemKind, str] = {
    "unreadable": "unreadable files",
    "duplicate": "entries that occur twice",
    "empty_class": "empty classes",
    "size_mismatch": "sizes that do not fit",
    "mask_value": "masks with unexpected values",
    "box": "boxes",
    "missing_picture": "missing pictures",
    "missing_annotation": "missing labels, masks or boxes",
    "row": "lines",
}


class Findings:
    """Problems of one folder or file, in the order in which they were found."""

    def __init__(self) -> None:
        self._named: list[DataProblem] = []
        self._counts: Counter[ProblemKind] = Counter()

    def error(self, kind: ProblemKind, message: str, file: str, place: str = "", *, sample: str = "") -> None:
        """Note what leaves out a sample.

        Args:
            kind: What it is.
            message: What was found.
            file: The file behind it, relative to the data's folder.
            place: The place in it.
            sample: Name of the sample, where it is not the file.
        """
        self._add(DataProblem(kind, message, file, place, sample=sample))

    def warning(self, kind: ProblemKind, message: str, file: str, place: str = "") -> None:
        """Note what leaves its sample in, such as a box that is left out."""
        self._add(DataProblem(kind, message, file, place, "warning"))

    def _add(self, problem: DataProblem) -> None:
        self._counts[problem.kind] += 1
        if self._counts[problem.kind] <= _MOST_NAMED:
            self._named.append(problem)

    @property
    def problems(self) -> tuple[DataProblem, ...]:
        """Up to 10,000 of each kind, and one more that counts the rest."""
        rest = tuple(
            DataProblem(kind, f"{count - _MOST_NAMED:,} further {_TITLES.get(kind, kind)} are not named here")
            for kind, count in self._counts.items()
            if count > _MOST_NAMED
        )
        return (*self._named, *rest)


def summary(problems: tuple[DataProblem, ...]) -> str:
    """How many there are of each kind, such as `boxes (2), missing pictures (1)`; empty without problems."""
    counts = Counter(problem.kind for problem in problems)
    return ", ".join(f"{_TITLES.get(kind, kind)} ({count:,})" for kind, count in counts.items())
