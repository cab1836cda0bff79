"""Finds samples that are in two parts of the data, or twice in one, by what they hold."""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from trainer.data.part_samples import PartSamples, is_file, picture_file, single_labels
from trainer.data.sample_index import DataProblem
from trainer.data.statistics import IsCancelled, never
from trainer.errors import DataError

_BLOCK_BYTES = 1 << 20
Place = tuple[int, int]
"""Number of the part, and row in its index."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Samples with the same content.

    Attributes:
        across_parts: One problem for each sample of validation or test that is in another part too.
        contradicting: One problem for each sample that has another class elsewhere in its part.
        num_within_parts: How many samples repeat another of the same part.
        num_across: How many samples of a part are in an earlier part too, by the part's name.
    """

    across_parts: tuple[DataProblem, ...] = ()
    contradicting: tuple[DataProblem, ...] = ()
    num_within_parts: int = 0
    num_across: dict[str, int] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[DataProblem, ...]:
        """All of them."""
        return self.across_parts + self.contradicting


def find_duplicates(parts: Sequence[PartSamples], is_cancelled: IsCancelled = never) -> Duplicates:
    """Compare all samples byte for byte, by the hash of what they hold.

    Picture files are read only where another one has the same length. Rows of a table are compared with their target.

    Args:
        parts: What `divided_parts` gives.
        is_cancelled: Asked between samples; what was found until then is given.
    """
    groups = [group for group in _same_content(parts, is_cancelled) if len(group) > 1]
    across: list[DataProblem] = []
    contradicting: list[DataProblem] = []
    num_within = 0
    num_across: Counter[str] = Counter()
    for group in groups:
        first_of_part: dict[int, Place] = {}
        for place in group:
            num_within += place[0] in first_of_part
            first_of_part.setdefault(place[0], place)
        first, *others = first_of_part.values()
        across += [_across(parts, first, other) for other in others]
        num_across.update(parts[place[0]].name for place in group if place[0] != first[0])
        contradicting += _contradicting(parts, group)
    return Duplicates(tuple(across), tuple(contradicting), num_within, dict(num_across))


def _same_content(parts: Sequence[PartSamples], is_cancelled: IsCancelled) -> list[list[Place]]:
    if parts and parts[0].index.raw is None:
        return _same_rows(parts)
    by_length: dict[int, list[tuple[Place, str]]] = defaultdict(list)
    by_hash: dict[bytes, list[Place]] = defaultdict(list)
    for part_number, part in enumerate(parts):
        for row in part.rows.tolist():
            if is_cancelled():
                return []
            path = _path_text(part, row)
            if not path:
                _note(by_hash, _hash_of_pixels(part, row), (part_number, row))
            elif length := _length(path):
                by_length[length].append(((part_number, row), path))
    for places in by_length.values():
        for place, path in places if len(places) > 1 else ():
            if is_cancelled():
                return list(by_hash.values())
            _note(by_hash, _hash_of_file(path), place)
    return list(by_hash.values())


def _path_text(part: PartSamples, row: int) -> str:
    """The picture file of a sample as a text, which costs a tenth of a `Path`; empty where it is no file of its own."""
    return f"{part.index.place}{os.sep}{part.index.names[row]}" if is_file(part.index, row) else ""


def _same_rows(parts: Sequence[PartSamples]) -> list[list[Place]]:
    by_content: dict[bytes, list[Place]] = defaultdict(list)
    for part_number, part in enumerate(parts):
        features, labels = part.index.features, part.index.labels
        if features is None:
            continue
        for row in part.rows.tolist():
            target = b"" if labels is None else np.ascontiguousarray(labels[row]).tobytes()
            by_content[np.ascontiguousarray(features[row]).tobytes() + target].append((part_number, row))
    return list(by_content.values())


def _note(found: dict[bytes, list[Place]], content: bytes | None, place: Place) -> None:
    if content is not None:
        found[content].append(place)


def _length(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - of thousands of files
    except OSError:
        return 0  # gone since it was listed: the check of unreadable files tells


def _hash_of_file(path: str) -> bytes | None:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - of thousands of files
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError:
        return None
    return digest.digest()


def _hash_of_pixels(part: PartSamples, row: int) -> bytes | None:
    assert part.index.raw is not None
    try:
        pixels = part.index.raw.picture(row)
    except (DataError, OSError):
        return None
    content = np.ascontiguousarray(pixels).tobytes()
    return hashlib.blake2b(content, digest_size=16, salt=str(pixels.shape).encode()[:16]).digest()


def _across(parts: Sequence[PartSamples], first: Place, other: Place) -> DataProblem:
    part, known = parts[other[0]], parts[first[0]]
    message = (
        f"This {part.name} sample is in the {known.name} data too, as {known.index.names[first[1]]}: "
        f"the {part.name} figures will look better than they are."
    )
    return _problem(part, other[1], message)


def _contradicting(parts: Sequence[PartSamples], group: list[Place]) -> list[DataProblem]:
    """Samples of the same content and part with different classes."""
    found: list[DataProblem] = []
    for part_number in {place[0] for place in group}:
        part = parts[part_number]
        labels = single_labels(part.index)
        rows = [row for number, row in group if number == part_number]
        if labels is None or part.index.raw is None:
            continue
        first = rows[0]
        found += [
            _problem(
                part,
                row,
                f"The same picture is in the class {part.index.class_names[labels[first]]} too, as "
                f"{part.index.names[first]}: only one can be right.",
            )
            for row in rows[1:]
            if labels[row] != labels[first]
        ]
    return found


def _problem(part: PartSamples, row: int, message: str) -> DataProblem:
    name = part.index.names[row]
    if part.index.raw is None or picture_file(part.index, row) is None:
        return DataProblem("duplicate", message, str(part.index.place), name, "warning")
    return DataProblem("duplicate", message, str(part.index.place / name), severity="warning")
