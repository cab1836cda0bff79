"""The text of a table's file: its encoding, its delimiter, and where its rows begin."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.tables.table_formats import is_binary, refuse_other_format
from trainer.data.tables.table_options import DELIMITERS, Decimal
from trainer.errors import ConfigError, DataError, Problem

_LOOKED_AT_BYTES = 1024 * 1024
_LOOKED_AT_ROWS = 100
_NEWLINE, _QUOTE = 10, 34
_GZIP = b"\x1f\x8b"
_MOST_LINES_ABOVE = 20
_LEAST_ALIKE = 0.8
_MOST_ZEROS = 0.02
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
    """Read a file as text, also one that is packed with gzip.

    Args:
        path: The file.
        encoding: A name such as `utf-8` or `cp1252`; `auto` tries UTF-8, UTF-16, then Windows-1252.

    Raises:
        DataError: It is missing, empty, no text, or not in that encoding.
        ConfigError: There is no such encoding.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if content.startswith(_GZIP):
        content = _unpacked(path, content)
    if is_binary(content):
        refuse_other_format(path, content)
    if not content.strip():
        raise DataError(
            f"{path} is empty. Expected a header line with the names of the columns, then one row per line."
        )
    text = _decoded(path, content, encoding)
    content = text.content
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    return TableText(content.rstrip(b"\r\n") + b"\n", text.encoding, text.doubt)


def _unpacked(path: Path, content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be unpacked: {error}. Pack the table once more with gzip.") from error


def _decoded(path: Path, content: bytes, encoding: str) -> TableText:
    if encoding != "auto":
        return _decoded_as(path, content, encoding)
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decoded_as(path, content, name)
    if (name := _unmarked_utf16(content[:_LOOKED_AT_BYTES])) and _can_decode(content, name):
        doubt = f"The file does not say how it is encoded and was read as {name}; if letters look wrong, set encoding."
        return TableText(content.decode(name).encode(), name, doubt)
    if b"\0" in content[:_LOOKED_AT_BYTES]:
        refuse_other_format(path, content)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        name = "cp1252" if _can_decode(content, "cp1252") else "latin-1"
        line = content[: error.start].count(b"\n") + 1
        doubt = f"Line {line} is not UTF-8, so the file was read as {name}; if letters look wrong, set encoding."
        return TableText(content.decode(name).encode(), name, doubt)
    return TableText(content, "utf-8")


def _unmarked_utf16(start: bytes) -> str:
    """The kind of UTF-16 in which letters have a zero as every other byte; empty where that is not so."""
    zeros = [start[first::2].count(0) / max(1, len(start) // 2) for first in (0, 1)]
    if min(zeros) > _MOST_ZEROS or max(zeros) < 0.5:
        return ""
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


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
        raise DataError(_undivided(path, content))
    return best


def _undivided(path: Path, content: bytes) -> str:
    """Why no delimiter was found: lines above the header, blanks between the fields, or a single column."""
    lines = [line.strip() for line in content.decode(errors="replace").split("\n", _MOST_LINES_ABOVE)[:-1]]
    first = lines[0]
    is_divided = [not line.startswith("#") and any(d in line for d in DELIMITERS.values()) for line in lines]
    divided = is_divided.index(True) + 1 if any(is_divided) else 0
    if divided and _are_divided_alike([line for line in lines[divided - 1 :] if line]):
        return (
            f"{path}, line 1 is {first[:60]!r}, which is not divided into columns, but line {divided} is. Delete the "
            "lines above the one with the names of the columns."
        )
    message = f"{path} has only one column, {first[:60]!r}. Expected columns divided by comma, semicolon, tab or |."
    has_blanks = len(first.split()) > 1 and all(len(line.split()) == len(first.split()) for line in lines if line)
    return f"{message} Blanks do not divide columns: replace them, or save the table as CSV." if has_blanks else message


def _are_divided_alike(lines: list[str]) -> bool:
    """Whether nearly all lines have as many delimiters as the first, of a kind that it has: no commas in sentences."""
    return len(lines) > 1 and any(
        sum(line.count(delimiter) == lines[0].count(delimiter) for line in lines) >= _LEAST_ALIKE * len(lines)
        for delimiter in DELIMITERS.values()
        if delimiter in lines[0]
    )


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
    start, end = 1, 0
    try:
        for record in reader:
            if _is_filled(record):
                lines.append(start)
                records.append(record)
                end = reader.line_num
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}, line {start}: a quote is opened there and never closed ({error}).") from error
    if lines and end > lines[-1]:
        last = b"\n".join(content.split(b"\n")[lines[-1] - 1 : end])
        if last.count(b'"') % 2:
            raise DataError(f"{path}, line {lines[-1]}: a quote is opened there and never closed.")
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
