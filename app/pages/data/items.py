"""All samples of all parts as one list, to be filtered and searched."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from trainer.data.part_samples import PartSamples
from trainer.data.sample_index import DataProblem, SampleIndex

Numbers = NDArray[np.int64]
PART_TITLES = {"train": "Training", "validation": "Validation", "test": "Test"}


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which samples to show.

    Attributes:
        part: Name of a part; empty for all.
        class_number: Of samples with this class; -1 for all.
        only_problems: Only samples that something is wrong with.
        text: Part of the name, in any case.
    """

    part: str = ""
    class_number: int = -1
    only_problems: bool = False
    text: str = ""


class SampleItems:
    """The samples in the order in which they are shown: by part, then as in the folder or file.

    Args:
        parts: What `divided_parts` gives.
        problems: What is wrong with them.
    """

    def __init__(self, parts: Sequence[PartSamples], problems: Sequence[DataProblem] = ()) -> None:
        self.parts = tuple(parts)
        rows = [np.sort(np.concatenate([part.rows, part.left_out])) for part in self.parts]
        self._rows = np.concatenate([np.zeros(0, np.int64), *rows])
        self._part_numbers = np.repeat(np.arange(len(rows), dtype=np.int8), [len(numbers) for numbers in rows])
        names = [self.name(item).lower() for item in range(len(self._rows))]
        self._text = "\n".join(names)
        self._starts = np.cumsum([0, *(len(name) + 1 for name in names)]).tolist()
        self.problems = tuple(problems)
        self.problems_of: dict[int, list[DataProblem]] = defaultdict(list)
        self._item_of: dict[int, int] = {}
        self._place_problems()

    def __len__(self) -> int:
        return len(self._rows)

    def part(self, item: int) -> PartSamples:
        """The part that a sample is in."""
        return self.parts[int(self._part_numbers[item])]

    def sample(self, item: int) -> tuple[SampleIndex, int]:
        """Where a sample is: its index, and its number there."""
        return self.part(item).index, int(self._rows[item])

    def name(self, item: int) -> str:
        """The sample's name."""
        index, number = self.sample(item)
        return index.names[number]

    def has_same_pictures(self, other: SampleItems) -> bool:
        """Whether another reading of the same files gave the same samples in the same order."""
        mine, others = self.parts, other.parts
        return (
            np.array_equal(self._rows, other._rows)
            and np.array_equal(self._part_numbers, other._part_numbers)
            and all(one.index.names is two.index.names for one, two in zip(mine, others, strict=True))
        )

    def item_named(self, name: str) -> int | None:
        """The first sample of that name; `None` without one."""
        if not name:
            return None
        wanted, at = name.lower(), -1
        while (at := self._text.find(wanted, at + 1)) >= 0:
            item = bisect.bisect_right(self._starts, at) - 1
            if self.name(item) == name:
                return item
        return None

    def is_left_out(self, item: int) -> bool:
        """Whether the sample cannot be used."""
        return int(self._rows[item]) in self.part(item).index.unusable

    def item_of(self, problem: DataProblem) -> int | None:
        """The sample that a problem is about; `None` where it is about a whole folder or file."""
        return self._item_of.get(id(problem))

    def filtered(self, wanted: ItemFilter) -> Numbers:
        """The samples that pass a filter, in order."""
        kept = np.ones(len(self), bool)
        if wanted.part:
            numbers = [number for number, part in enumerate(self.parts) if part.name == wanted.part]
            kept &= np.isin(self._part_numbers, numbers)
        if wanted.class_number >= 0:
            kept &= self._has_class(wanted.class_number)
        if wanted.only_problems:
            flagged = np.zeros(len(self), bool)
            flagged[list(self.problems_of)] = True
            kept &= flagged
        if wanted.text:
            kept &= self._has_text(wanted.text.lower())
        return np.flatnonzero(kept)

    def _has_class(self, number: int) -> NDArray[np.bool_]:
        found = np.zeros(len(self), bool)
        for part_number, part in enumerate(self.parts):
            mine = self._part_numbers == part_number
            found[mine] = _samples_with(part.index, number)[self._rows[mine]]
        return found

    def _has_text(self, text: str) -> NDArray[np.bool_]:
        found = np.zeros(len(self), bool)
        at = self._text.find(text)
        while at >= 0:
            item = bisect.bisect_right(self._starts, at) - 1
            found[item] = True
            at = self._text.find(text, self._starts[item + 1])
        return found

    def _place_problems(self) -> None:
        """Find the sample behind each problem: by its name, its place, its mask, or the name of its annotation."""
        wanted: dict[str, list[DataProblem]] = defaultdict(list)
        for problem in self.problems:
            for text in {problem.file, problem.place} - {""}:
                wanted[text].append(problem)
            if problem.file:
                wanted[f"stem {PurePosixPath(problem.file).stem}"].append(problem)
        if not wanted:
            return
        for item in range(len(self)):
            index, number = self.sample(item)
            name = index.names[number]
            keys = [name, f"{index.place}/{name}", f"stem {PurePosixPath(name).stem}"]
            if index.mask_names is not None:
                keys += [index.mask_names[number], f"{index.place}/{index.mask_names[number]}"]
            for key in keys:
                for problem in wanted.get(key, ()):
                    self._note(problem, item, index, is_exact=not key.startswith("stem "))

    def _note(self, problem: DataProblem, item: int, index: SampleIndex, *, is_exact: bool) -> None:
        known = self._item_of.get(id(problem))
        if not is_exact and (known is not None or not str(problem.file).endswith((".xml", ".txt", ".json"))):
            return
        if problem.file.startswith("/") and not problem.file.startswith(str(index.place)):
            return  # of the same name in another part
        self._item_of.setdefault(id(problem), item)
        if problem not in self.problems_of[item]:
            self.problems_of[item].append(problem)


def _samples_with(index: SampleIndex, class_number: int) -> NDArray[np.bool_]:
    """Which samples of an index have a class, shape (samples,)."""
    if index.boxes is not None:
        owners = np.repeat(np.arange(index.num_samples), np.diff(index.boxes.ends))
        found = np.zeros(index.num_samples, bool)
        found[owners[index.boxes.classes[: len(owners)] == class_number]] = True
        return found
    if index.labels is None:
        return np.ones(index.num_samples, bool)
    if index.labels.ndim == 2:
        return index.labels[:, class_number].astype(bool)
    return np.asarray(index.labels == class_number)
