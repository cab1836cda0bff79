"""The data check: how much there is of what, and what is wrong with it, before anything is trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.config.config import Config
from trainer.data.duplicates import find_duplicates
from trainer.data.file_checks import Progress, broken_samples, ignore_progress, without
from trainer.data.left_out import are_too_many, too_many_text
from trainer.data.mask_classes import mask_class_problems
from trainer.data.open_data import open_data
from trainer.data.part_samples import PartSamples, divided_parts, picture_file
from trainer.data.sample_index import DataProblem, ProblemKind, SampleIndex
from trainer.data.statistics import IsCancelled, never

KIND_TITLES: dict[ProblemKind, str] = {
    "unreadable": "Unreadable",
    "duplicate": "Duplicates",
    "empty_class": "Empty classes",
    "size_mismatch": "Mask and picture of different size",
    "mask_value": "Unknown values in masks",
    "box": "Impossible boxes",
    "missing_picture": "Missing pictures",
    "missing_annotation": "Missing annotations",
    "constant_column": "Constant columns",
    "leaking_column": "Columns that give the target away",
    "missing_value": "Missing values",
    "row": "Unfit rows",
    "length_mismatch": "Different lengths",
}
_BOX_TOLERANCE = 0.005
_MOST_COUNTS_TOLD = 20


@dataclass(frozen=True, slots=True, eq=False)
class DataReport:
    """What came of a data check.

    Attributes:
        parts: The samples of each part.
        problems: All that was found wrong, errors first.
        num_read: How many samples were read to see whether they can be.
        num_repeated: How many samples repeat another of their part; known once files were compared.
        most_unusable_fraction: Share of samples that may be left out.
    """

    parts: tuple[PartSamples, ...]
    problems: tuple[DataProblem, ...]
    num_read: int = 0
    num_repeated: int = 0
    most_unusable_fraction: float = 0.0

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes by number."""
        return self.parts[0].index.class_names

    @property
    def has_errors(self) -> bool:
        """Whether something is wrong that leaves samples out or refuses the data."""
        return any(problem.severity == "error" for problem in self.problems)

    def counts(self) -> list[str]:
        """A line for each part: samples, and how many of each class."""
        return [_count_line(part) for part in self.parts]

    def left_out(self) -> str:
        """How many samples are left out and whether that is tolerated; empty if none is."""
        total = sum(count for _, _, count in self._left_out_by_place())
        number = sum(lost for _, lost, _ in self._left_out_by_place())
        if not number:
            return ""
        allowed = self.most_unusable_fraction
        verdict = f"refuses: it allows {allowed:.1%}" if self.refused_places() else f"tolerates up to {allowed:.1%}"
        return (
            f"{number:,} of {total:,} samples ({number / total:.1%}) cannot be used and are left out, which "
            f"data.max_unreadable_fraction {verdict}."
        )

    def refused_places(self) -> tuple[str, ...]:
        """Why parts are refused of which too many samples cannot be used: one sentence each, without its end."""
        return tuple(
            too_many_text(lost, total, part.name, part.index.place, self.most_unusable_fraction, "samples")
            for part, lost, total in self._left_out_by_place()
            if are_too_many(lost, total, self.most_unusable_fraction)
        )

    def _left_out_by_place(self) -> list[tuple[PartSamples, int, int]]:
        """The parts that are folders or files of their own: samples left out there, and all of them."""
        return [(part, len(part.left_out), part.index.num_samples) for part in self.parts if not part.is_held_out]


def data_check(config: Config, base_dir: Path) -> DataReport:
    """The quick part, without reading a sample: what the index knows, counts, empty classes, boxes and columns.

    Args:
        config: A configuration.
        base_dir: Folder that its relative paths start from.

    Raises:
        DataError: The data cannot be used at all; or a user's own loader reads it.
        ConfigError: It cannot be divided as the configuration asks.
    """
    return quick_report(config, open_data(config, base_dir))


def quick_report(config: Config, indexes: dict[str, SampleIndex]) -> DataReport:
    """As `data_check`, for data that was opened before."""
    return report_of_parts(divided_parts(config, indexes), config.data.max_unreadable_fraction)


def report_of_parts(parts: tuple[PartSamples, ...], most_unusable_fraction: float) -> DataReport:
    """The quick report of samples that are divided already."""
    found: list[DataProblem] = []
    for index in {id(part.index): part.index for part in parts}.values():
        found += index.problems
        found += _unusable(index)
        found += _boxes(index)
        found += _constant_columns(index)
    found += _empty_classes(parts)
    return DataReport(parts, in_order(found), most_unusable_fraction=most_unusable_fraction)


def full_report(
    config: Config,
    indexes: dict[str, SampleIndex],
    *,
    most: int = 0,
    progress: Progress = ignore_progress,
    is_cancelled: IsCancelled = never,
) -> DataReport:
    """The quick report and what only shows when samples are read: unreadable ones, sizes of masks, duplicates and more.

    Samples that turn out to be unreadable are left out, as in training, so that the parts are those of a training.

    Args:
        config: A configuration.
        indexes: What `open_data` gives.
        most: Samples to read at most, spread evenly; 0 for all. Duplicates are looked for only where all are read.
        progress: Told samples done and their number.
        is_cancelled: Asked between samples; what was found until then is reported.
    """
    broken, num_read = broken_samples(indexes, most=most, progress=progress, is_cancelled=is_cancelled)
    quick = quick_report(config, without(indexes, broken))
    total = sum(index.num_samples for index in indexes.values())
    of_masks = mask_class_problems(quick.parts, most, is_cancelled)
    if is_cancelled() or (most and total > most):
        told = in_order([*quick.problems, *of_masks])
        return DataReport(quick.parts, told, num_read, 0, quick.most_unusable_fraction)
    duplicates = find_duplicates(quick.parts, is_cancelled)
    problems = in_order([*quick.problems, *of_masks, *duplicates.problems])
    return DataReport(quick.parts, problems, num_read, duplicates.num_within_parts, quick.most_unusable_fraction)


def in_order(problems: Sequence[DataProblem]) -> tuple[DataProblem, ...]:
    """Each problem once, errors first."""
    unique = {(item.kind, item.file, item.place, item.message): item for item in problems}
    return tuple(sorted(unique.values(), key=lambda item: item.severity != "error"))


def problem_counts(problems: Sequence[DataProblem]) -> dict[str, int]:
    """How many there are of each kind, by the kind's title."""
    return dict(Counter(_title(problem) for problem in problems))


def _title(problem: DataProblem) -> str:
    """Files that are no samples at all are not counted with the samples that cannot be read."""
    if problem.kind == "unreadable" and problem.severity == "warning":
        return "Files of a kind that is not read"
    return KIND_TITLES[problem.kind]


def _count_line(part: PartSamples) -> str:
    held_out = ", held out of the training data" if part.is_held_out else ""
    line = f"{part.name}: {part.num_samples:,} sample{'' if part.num_samples == 1 else 's'}{held_out}"
    counts, names = part.class_counts, part.index.class_names
    if not len(counts):
        return line
    listed = [f"{name} {count:,}" for name, count in zip(names, counts.tolist(), strict=True)]
    more = f", … ({len(listed)} classes)" if len(listed) > _MOST_COUNTS_TOLD else ""
    what = "boxes: " if part.index.boxes is not None else ""
    return f"{line} ({what}{', '.join(listed[:_MOST_COUNTS_TOLD])}{more})"


def _unusable(index: SampleIndex) -> list[DataProblem]:
    """One problem for each sample that is left out and that no problem names yet."""
    named = {text for problem in index.problems for text in (problem.file, problem.place, problem.sample) if text}
    found = []
    for number, reason in sorted(index.unusable.items()):
        name = index.names[number]
        if name in named or str(index.place / name) in named:
            continue
        if picture_file(index, number) is None:
            found.append(DataProblem("unreadable", reason, str(index.place), name))
        else:
            found.append(DataProblem("unreadable", reason, str(index.place / name)))
    return found


def _boxes(index: SampleIndex) -> list[DataProblem]:
    if index.boxes is None:
        return []
    named = {problem.file for problem in index.problems if problem.kind == "box"}
    left, top, right, bottom = index.boxes.corners.T
    is_outside = (index.boxes.corners < -_BOX_TOLERANCE).any(axis=1) | (index.boxes.corners > 1 + _BOX_TOLERANCE).any(
        axis=1
    )
    is_empty = (right <= left) | (bottom <= top)
    found = []
    for box in np.flatnonzero(is_outside | is_empty).tolist():
        number = int(np.searchsorted(index.boxes.ends, box, side="right")) - 1
        name = index.names[number]
        if name in named:
            continue
        fault = "has no area" if is_empty[box] else "reaches outside the picture"
        place = f"box {box - int(index.boxes.ends[number]) + 1}"
        found.append(DataProblem("box", f"A box {fault}.", str(index.place / name), place, "warning"))
    return found


def _constant_columns(index: SampleIndex) -> list[DataProblem]:
    if index.features is None or len(index.features) < 2:
        return []
    known = {problem.place for problem in index.problems if problem.kind == "constant_column"}
    first = index.features[0]
    same = (index.features == first) | (np.isnan(index.features) & np.isnan(first))
    return [
        DataProblem(
            "constant_column",
            f"The column {index.feature_names[column]} has the same value in every row: it tells nothing.",
            str(index.place),
            f"column {index.feature_names[column]}",
            "warning",
        )
        for column in np.flatnonzero(same.all(axis=0)).tolist()
        if f"column {index.feature_names[column]}" not in known and index.feature_names[column] not in known
    ]


def _empty_classes(parts: Sequence[PartSamples]) -> list[DataProblem]:
    found = []
    for part in parts:
        counts = part.class_counts
        known = {problem.message for problem in part.index.problems if problem.kind == "empty_class"}
        what = "box" if part.index.boxes is not None else "sample"
        for number in np.flatnonzero(counts == 0).tolist() if len(counts) else []:
            name = part.index.class_names[number]
            if part.name == "train":
                message = f"The class {name} has no {what} to train on: the network cannot learn it."
            else:
                message = f"The class {name} has no {what} in the {part.name} data: its figures say nothing about it."
            if message not in known:
                found.append(DataProblem("empty_class", message, str(part.index.place), f"class {name}", "warning"))
    return found
