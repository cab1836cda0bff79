"""Files of tables that are no text: what they are, and how to make a CSV file of them."""

from __future__ import annotations

import shlex
from pathlib import Path

from trainer.errors import DataError

_SAVE_AS = "Open it, choose Save as or Export, there CSV UTF-8, and give that file"
_WITH_PANDAS = (
    'python -c "import pandas, sys; pandas.{reader}(sys.argv[1]).to_csv(sys.argv[2], index=False)" {name} {csv} '
    "writes one"
)
_WORKBOOKS = {
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".xlsb": "an Excel workbook",
    ".xls": "an Excel workbook",
    ".ods": "a LibreOffice workbook",
    ".numbers": "a Numbers workbook",
}
_FRAMES = {
    ".parquet": ("a Parquet file", "read_parquet"),
    ".feather": ("a Feather file", "read_feather"),
    ".orc": ("an ORC file", "read_orc"),
    ".dta": ("a Stata file", "read_stata"),
    ".sav": ("an SPSS file", "read_spss"),
    ".sas7bdat": ("a SAS file", "read_sas"),
}
_PACKED = (".bz2", ".xz", ".zst", ".zip")
_ARCHIVES = {b"PK\x03\x04": ".xlsx", b"\xd0\xcf\x11\xe0": ".xls"}
_BEGINNINGS = {**_ARCHIVES, b"PAR1": ".parquet", b"ORC": ".orc"}
_PACKED_BEGINNINGS = (b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
OTHER_TABLE_SUFFIXES = (*_WORKBOOKS, *_FRAMES)
"""Endings of tables that are no text."""


def is_binary(content: bytes) -> bool:
    """Whether a file begins as no text can: as a workbook, or packed."""
    return content.startswith((*_ARCHIVES, *_PACKED_BEGINNINGS))


def refuse_other_format(path: Path, content: bytes = b"") -> None:
    """Say how to convert a table that is no text.

    Args:
        path: The file.
        content: Its beginning, where its ending says nothing: only given for what is no text.

    Raises:
        DataError: It is a workbook, a file of another program, packed, or binary.
    """
    suffix = path.suffix.lower()
    if content and suffix not in (*OTHER_TABLE_SUFFIXES, *_PACKED):
        suffix = next((known for start, known in _BEGINNINGS.items() if content.startswith(start)), "")
    accepted = "A table must be text: .csv, .tsv, .tab or .txt, with the names of the columns in its first line"
    if suffix in _WORKBOOKS:
        raise DataError(f"{path} is {_WORKBOOKS[suffix]}, not text. {accepted}. {_SAVE_AS}.")
    if suffix in _FRAMES:
        what, reader = _FRAMES[suffix]
        command = _WITH_PANDAS.format(reader=reader, name=shlex.quote(path.name), csv=shlex.quote(f"{path.stem}.csv"))
        raise DataError(f"{path} is {what}, not text. {accepted}. {command}.")
    is_packed_table = path.stem.lower().endswith((".csv", ".tsv", ".tab", ".txt"))
    if suffix in _PACKED and (content or is_packed_table):
        raise DataError(f"{path} is packed. Unpack it and give the file in it.")
    if content:
        raise DataError(f"{path} is a binary file, not text. {accepted}.")
