"""The text of a table's file: its encoding, its delimiter, and where its rows begin."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.tables.table_options import DELIMITERS, Decimal
from trainer.errors import ConfigError, DataError, Problem

_LOOKED_AT_BYTES = 1024 * 1024
_LOOKED_AT_ROWS = 100
_NEWLINE, _QUOTE = 10, 34
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")
_POINT_NUMBER = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class TableText:
    """A file as UTF-8.

    Attributes:
        content: Its text, without mark at the beginning and without empty lines at the end.
        encoding: What it was read as.
        doubt: A sentence where the encoding had to be guessed; else empty.
    """

    content: bytes
    encoding: str
    doubt: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class RecordLayout:
    """Where the records of a text are.

    Attributes:
        lines: int64, line of each record's beginning, from 1; the header is the first.
        num_fields: int64, fields of each record.
        records: The fields themselves where they had to be read one by one; `None` where all have the same number.
    """

    lines: NDArray[np.int64]
    num_fields: NDArray[np.int64]
    records: list[list[str]] | None = None


def read_text(path: Path, encoding: str = "auto") -> TableText:
    """Read a file as text.

    Args:
        path: The file.
        encoding: A name such as `utf-8` or `cp1252`; `auto` tries UTF-8, then Windows-1252.

    Raises:
        DataError: It is missing, empty, no text, or not in that encoding.
        ConfigError: There is no such encoding.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not content.strip():
        raise DataError(
            f"{path} is empty. Expected a header line with the names of the columns, then one row per line."
        )
    text = _decoded(path, content, encoding)
    content = text.content
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    return TableText(content.rstrip(b"\r\n") + b"\n", text.encoding, text.doubt)


def _decoded(path: Path, content: bytes, encoding: str) -> TableText:
    if encoding != "auto":
        return _decoded_as(path, content, encoding)
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decoded_as(path, content, name)
    if b"\0" in content[:_LOOKED_AT_BYTES]:
        what = "an Excel workbook or another archive" if content.startswith(b"PK") else "a binary file"
        raise DataError(f"{path} is {what}, not text. Save the table as CSV and choose that file.")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        name = "cp1252" if _can_decode(content, "cp1252") else "latin-1"
        line = content[: error.start].count(b"\n") + 1
        doubt = f"Line {line} is not UTF-8, so the file was read as {name}; if letters look wrong, set encoding."
        return TableText(content.decode(name).encode(), name, doubt)
    return TableText(content, "utf-8")


def _can_decode(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decoded_as(path: Path, content: bytes, encoding: str) -> TableText:
    try:
        return TableText(content.decode(encoding).encode(), encoding)
    except LookupError as error:
        message = f"There is no encoding named {encoding!r}. Usual ones are auto, utf-8, cp1252 and utf-16."
        raise ConfigError((Problem("data.loader.arguments.encoding", message),)) from error
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        line = content[:start].count(b"\n") + 1
        raise DataError(f"{path}, line {line} is not {encoding}. Set the loader's encoding to auto.") from error


def find_delimiter(path: Path, content: bytes) -> str:
    """The character between the fields: the one by which most rows have as many fields as the header.

    Raises:
        DataError: No usual delimiter divides the header.
    """
    best, best_score = "", (0.0, 0)
    for delimiter in DELIMITERS.values():
        counts = [len(record) for record in _first_records(content, delimiter)]
        if counts and counts[0] > 1:
            score = (sum(count == counts[0] for count in counts) / len(counts), counts[0])
            best, best_score = (delimiter, score) if score > best_score else (best, best_score)
    if not best:
        first = content.split(b"\n", 1)[0].decode().strip()
        raise DataError(
            f"{path} has only one column, {first[:60]!r}. Expected columns divided by comma, semicolon, tab or |."
        )
    return best


def find_decimal(content: bytes, delimiter: str) -> Decimal:
    """Whether numbers are written like 3.14 or like 3,14."""
    if delimiter == ",":
        return "point"
    fields = [field.strip() for record in _first_records(content, delimiter)[1:] for field in record]
    num_commas = sum(bool(_COMMA_NUMBER.fullmatch(field)) for field in fields)
    num_points = sum(bool(_POINT_NUMBER.fullmatch(field)) for field in fields)
    return "comma" if num_commas > num_points else "point"


def first_record(content: bytes, delimiter: str) -> list[str]:
    """The fields of the header."""
    records = _first_records(content, delimiter)
    return records[0] if records else []


def _first_records(content: bytes, delimiter: str) -> list[list[str]]:
    text = content[:_LOOKED_AT_BYTES].decode(errors="ignore")
    if len(content) > _LOOKED_AT_BYTES:
        text = text.rpartition("\n")[0]
    found: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if _is_filled(record):
                found.append(record)
            if len(found) > _LOOKED_AT_ROWS:
                break
    except csv.Error:
        pass  # a quote that is never closed: what was read until there is enough here
    return found


def _is_filled(record: list[str]) -> bool:
    return len(record) > 1 or bool(record and record[0].strip())


def record_layout(path: Path, content: bytes, delimiter: str) -> RecordLayout:
    """Where the records are and how many fields each has.

    A table whose rows all have as many fields as its header is only looked through for delimiters and line ends; any
    other is read field by field.

    Raises:
        DataError: A quote is opened and never closed.
    """
    counts = _regular_counts(content, delimiter)
    if counts is not None:
        return RecordLayout(np.arange(1, len(counts) + 1), counts)
    lines: list[int] = []
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter)
    start = 1
    try:
        for record in reader:
            if _is_filled(record):
                lines.append(start)
                records.append(record)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {start}: a quote is opened there and never closed ({error}).") from error
    return RecordLayout(np.array(lines, np.int64), np.array([len(record) for record in records], np.int64), records)


def _regular_counts(content: bytes, delimiter: str) -> NDArray[np.int64] | None:
    """Fields of every line where all lines have the same number; `None` where they have not, or may not have."""
    characters = np.frombuffer(content, np.uint8)
    is_delimiter, is_newline = characters == ord(delimiter), characters == _NEWLINE
    if b'"' in content:
        outside = np.bitwise_xor.accumulate((characters == _QUOTE).view(np.uint8)) == 0
        if not outside[-1] or (is_newline & ~outside).any():
            return None
        is_delimiter &= outside
    ends = np.flatnonzero(is_newline)
    before = np.searchsorted(np.flatnonzero(is_delimiter), ends)
    counts: NDArray[np.int64] = np.diff(before, prepend=0) + 1
    return counts if (counts == counts[0]).all() and counts[0] > 1 else None
