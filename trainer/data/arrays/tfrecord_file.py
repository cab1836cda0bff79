"""TFRecord files of `tf.train.Example`: one file or a folder of shards, read record by record."""

from __future__ import annotations

import itertools
import mmap
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.arrays.array_file import ArrayFile, StoredArray
from trainer.data.arrays.array_parts import names_for
from trainer.data.arrays.tfrecord_example import (
    ExampleError,
    FeatureKind,
    Span,
    byte_values,
    feature_spans,
    number_values,
)
from trainer.data.arrays.tfrecord_framing import ShardRecords, scan_shard
from trainer.errors import DataError

_NUM_LOOKED_AT = 32
_THREADS = 4
_DTYPES: dict[FeatureKind, str] = {"bytes": "O", "float": "<f4", "int64": "<i8"}


def is_record_file(path: Path) -> bool:
    """Whether a file is called like a TFRecord file, such as `.tfrecord`, `.tfrec` or `.tfrecord-00001-of-00004`."""
    return path.is_file() and not path.name.startswith(".") and ".tfrec" in path.name.lower()


def find_shards(path: Path, part: str) -> list[Path]:
    """The files of a part: the file itself, or those of a folder, sorted by name.

    Where the names of a folder's files speak of parts, such as `train-00001.tfrecord`, only those of the part count.

    Raises:
        DataError: There is none.
    """
    if not path.is_dir():
        return [path]
    shards = {file.name: file for file in sorted(path.iterdir()) if is_record_file(file)}
    if not shards:
        raise DataError(f"{path} holds no TFRecord file. Expected files such as train-00000-of-00004.tfrecord.")
    own = [shards[name] for name in names_for(part, shards)]
    if not own:
        raise DataError(f"None of the TFRecord files in {path} is for {part}: {', '.join(list(shards)[:5])}.")
    return own


class Records:
    """All records of some shards, in their order.

    Args:
        place: What to call them all.
        shards: Their files.

    Attributes:
        unusable: Reason by record, for what cannot be read.
        kinds: Kind by name of the features of the first records.
    """

    def __init__(self, place: Path, shards: Sequence[Path]) -> None:
        self.place = place
        with ThreadPoolExecutor(_THREADS) as threads:
            self.shards: tuple[ShardRecords, ...] = tuple(threads.map(scan_shard, shards))
        counts = [len(shard.starts) for shard in self.shards]
        self._firsts = np.cumsum([0, *counts])
        self.starts = np.concatenate([shard.starts for shard in self.shards])
        self.stops = np.concatenate([shard.stops for shard in self.shards])
        self.shard_of: NDArray[np.int64] = np.repeat(np.arange(len(counts)), counts)
        self.unusable: dict[int, str] = {
            int(self._firsts[number]) + record: reason
            for number, shard in enumerate(self.shards)
            for record, reason in shard.unusable.items()
        }
        if not len(self.starts):
            raise DataError(f"{place} holds no record.")

    def __len__(self) -> int:
        return len(self.starts)

    def content(self, record: int) -> mmap.mmap | bytes:
        """The bytes of the shard that a record is in."""
        return self.shards[int(self.shard_of[record])].content

    def name(self, record: int) -> str:
        """Such as `record 17`, with the file's name before it where there are several."""
        shard = int(self.shard_of[record])
        own = f"record {record - int(self._firsts[shard])}"
        return own if len(self.shards) == 1 else f"{self.shards[shard].path.name} {own}"

    def spans(self, record: int) -> dict[str, Span]:
        """The features of a record.

        Raises:
            ExampleError: It is no example.
        """
        return feature_spans(self.content(record), int(self.starts[record]), int(self.stops[record]))


class RecordNames(Sequence[str]):
    """The names of all records, made when asked for."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: Any) -> Any:
        numbers = range(len(self))[index]
        return [self._records.name(n) for n in numbers] if isinstance(numbers, range) else self._records.name(numbers)


@dataclass(frozen=True, slots=True)
class FeatureDescription:
    """What the first records say of a feature.

    Attributes:
        kind: Kind of its values.
        count: How many values most records have.
    """

    kind: FeatureKind
    count: int


def describe_features(records: Records, most: int = _NUM_LOOKED_AT) -> dict[str, FeatureDescription]:
    """Kind and length of every feature that the first usable records have, sorted by name.

    Raises:
        DataError: None of them is a `tf.train.Example` with features.
    """
    seen: dict[str, Counter[FeatureDescription]] = {}
    reason = "they are damaged"
    usable = (number for number in range(len(records)) if number not in records.unusable)
    for record in itertools.islice(usable, most):
        try:
            for name, (kind, start, stop) in records.spans(record).items():
                count = count_values(records.content(record), kind, start, stop)
                seen.setdefault(name, Counter())[FeatureDescription(kind, count)] += 1
        except ExampleError as error:
            reason = str(error)
    if not seen:
        raise DataError(
            f"None of the first records of {records.place} holds features of a tf.train.Example ({reason}). Write "
            "records as tf.train.Example, or read them with a loader of your own."
        )
    return {name: found.most_common(1)[0][0] for name, found in sorted(seen.items())}


def count_values(content: mmap.mmap | bytes, kind: FeatureKind, start: int, stop: int) -> int:
    """Number of values of a feature."""
    if kind == "bytes":
        return len(byte_values(content, start, stop))
    return len(number_values(content, kind, start, stop))


class FeatureArray:
    """A feature of all records. See `StoredArray`.

    Strings of bytes are one per record; numbers are one per record or, as a second axis, as many as most records have.

    Args:
        records: The records.
        name: The feature.
        description: What to expect of it.
    """

    def __init__(self, records: Records, name: str, description: FeatureDescription) -> None:
        self.name = name
        self.description = description
        self.records = records
        is_single = description.count == 1 or description.kind == "bytes"
        self.shape: tuple[int, ...] = (len(records), *(() if is_single else (description.count,)))
        self.dtype = np.dtype(_DTYPES[description.kind])
        self._places = np.zeros((len(records), 2), np.int64)
        self._numbers = np.zeros(len(records), self.dtype) if is_single and description.kind != "bytes" else None

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `StoredArray.read`; rows that are unusable give zeros or empty strings."""
        if self._numbers is not None:
            for row in rows[self._places[rows, 1] == 0].tolist():
                if row not in self.records.unusable:
                    self._place(row)
            return self._numbers[rows]
        result = np.zeros((len(rows), *self.shape[1:]), self.dtype)
        for place, row in enumerate(rows.tolist()):
            if row not in self.records.unusable:
                result[place] = self._value(row)
            elif self.dtype.kind == "O":
                result[place] = b""
        return result

    def content(self, row: int) -> bytes:
        """The string of bytes of a record, such as an encoded picture."""
        start, stop = self._place(row)
        return self.records.content(row)[start:stop]

    def check(self, row: int, spans: dict[str, Span]) -> str:
        """Why a record cannot be used; empty if it can. Where the values are is remembered."""
        found = spans.get(self.name)
        if found is None:
            return f"it has no feature '{self.name}'"
        kind, start, stop = found
        if kind != self.description.kind:
            return f"its feature '{self.name}' holds {kind}, in most records {self.description.kind}"
        content = self.records.content(row)
        if kind == "bytes":
            values = byte_values(content, start, stop)
            count, (start, stop) = len(values), values[0]
        else:
            numbers = number_values(content, kind, start, stop)
            count = len(numbers)
            if self._numbers is not None and count == 1:
                self._numbers[row] = numbers[0]
        if count != self.description.count:
            return f"its feature '{self.name}' has {count} values, in most records {self.description.count}"
        self._places[row] = start, stop
        return ""

    def _place(self, row: int) -> tuple[int, int]:
        if not self._places[row, 1]:
            try:
                reason = self.check(row, self.records.spans(row))
            except ExampleError as error:
                reason = str(error)
            if reason:
                raise DataError(f"{self.records.name(row)} of {self.records.place} cannot be read: {reason}.")
        return int(self._places[row, 0]), int(self._places[row, 1])

    def _value(self, row: int) -> Any:
        if self.description.kind == "bytes":
            return self.content(row)
        return number_values(self.records.content(row), self.description.kind, *self._place(row))


def open_tfrecord(path: Path, part: str, most_lost_fraction: float = 0.0) -> ArrayFile:
    """Find all records and their features; see `find_shards` for which files count.

    Args:
        path: A file, or a folder of shards.
        part: `train`, `validation` or `test`.
        most_lost_fraction: Share of the bytes that may lie behind records whose length is damaged.

    Raises:
        DataError: There is no TFRecord file, too much of it is lost, or none of its records is an example.
    """
    shards = find_shards(path, part)
    records = Records(path, shards)
    _refuse_lost(records, most_lost_fraction)
    described = describe_features(records)
    arrays: dict[str, StoredArray] = {
        name: FeatureArray(records, name, description) for name, description in described.items()
    }
    return ArrayFile(
        path,
        "feature",
        arrays,
        files=tuple(shards),
        names=RecordNames(records),
        unusable=records.unusable,
    )


def _refuse_lost(records: Records, most_fraction: float) -> None:
    lost = sum(shard.lost_bytes for shard in records.shards)
    total = sum(len(shard.content) for shard in records.shards)
    if lost > most_fraction * total:
        damaged = [number for number, reason in records.unusable.items() if "lost" in reason]
        named = "; ".join(f"{records.name(number)}: {records.unusable[number]}" for number in damaged[:5])
        raise DataError(
            f"{lost / total:.1%} of {records.place} cannot be read (data.max_unreadable_fraction allows "
            f"{most_fraction:.1%}): {named}. Copy the file again from its source, or allow a larger share."
        )


def check_records(records: Records, features: Iterable[FeatureArray]) -> None:
    """Look at all records for the features that are used; what cannot be used is added to `records.unusable`."""
    features = tuple(features)
    for record in range(len(records)):
        if record in records.unusable:
            continue
        try:
            spans = records.spans(record)
            reason = next(filter(None, (feature.check(record, spans) for feature in features)), "")
        except ExampleError as error:
            reason = str(error)
        if reason:
            records.unusable[record] = reason
