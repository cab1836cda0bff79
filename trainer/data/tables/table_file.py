"""Reads a CSV file into columns, and says which of its lines cannot be used."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.sample_index import DataProblem
from trainer.data.tables.table_options import DELIMITERS, TableOptions
from trainer.data.tables.table_text import (
    RecordLayout,
    find_decimal,
    find_delimiter,
    first_record,
    read_text,
    record_layout,
)
from trainer.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MISSING_MARKS = ("?", "-", "--", ".", "missing", "Missing")
"""Texts that stand for a missing value besides those of pandas, such as `NA`, `null` and nothing at all."""
_MOST_NAMED = 50
_MOST_NAMED_AT_ONCE = 5


@dataclass(frozen=True, slots=True, eq=False)
class TableFile:
    """A CSV file, read.

    Attributes:
        path: The file.
        frame: One row per usable line; columns of numbers as numbers, all others as text, perhaps with spaces around;
            missing values are NaN.
        lines: int64, shape (rows,): the line of the file where each row begins, from 1.
        delimiter: The character between fields.
        decimal: `.` or `,`.
        encoding: What the text was read as.
        num_ragged: Lines left out, as they have too many or too few fields.
        problems: What was found wrong.
    """

    path: Path
    frame: pd.DataFrame
    lines: NDArray[np.int64]
    delimiter: str
    decimal: str
    encoding: str
    num_ragged: int
    problems: tuple[DataProblem, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.frame.columns)


def read_table_file(path: Path, options: TableOptions, text_columns: Iterable[str] = ()) -> TableFile:
    """Read a CSV file.

    Args:
        path: The file.
        options: Its delimiter, decimal sign and encoding, where they are not to be found out.
        text_columns: Columns to be read as text even where they look like numbers.

    Raises:
        DataError: The file is missing, empty, no table, or names a column twice.
        ConfigError: There is no such encoding.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder. Choose a CSV file.")
    text = read_text(path, options.encoding)
    delimiter = DELIMITERS.get(options.delimiter) or find_delimiter(path, text.content)
    found_decimal = find_decimal(text.content, delimiter) if options.decimal == "auto" else options.decimal
    decimal = "," if found_decimal == "comma" else "."
    header = first_record(text.content, delimiter)
    if len(header) < 2:
        raise DataError(_undivided(path, delimiter, header))
    names, has_header = _column_names(path, header)
    layout = record_layout(path, text.content, delimiter)
    content, lines, problems = _regular(path, text.content, layout, delimiter, len(header))
    if has_header:
        lines = lines[1:]
    if not len(lines):
        raise DataError(f"{path} has a header and no row below it.")
    as_text = {*text_columns, *options.category_columns, *options.date_columns} & set(names)
    frame = _parsed(content, names, delimiter, decimal, has_header=has_header, as_text=as_text)
    if len(frame) != len(lines):
        raise DataError(f"{path} cannot be divided into rows: {len(lines):,} begin, but {len(frame):,} were read.")
    if not has_header:
        message = f"The first line holds numbers, no names, so the columns are called {names[0]} to {names[-1]}."
        problems.insert(0, DataProblem("row", message, str(path), "line 1", "warning"))
    if text.doubt:
        problems.insert(0, DataProblem("row", text.doubt, str(path), "", "warning"))
    num_ragged = int((layout.num_fields != len(header)).sum())
    return TableFile(path, frame, lines, delimiter, decimal, text.encoding, num_ragged, tuple(problems))


def _undivided(path: Path, delimiter: str, header: list[str]) -> str:
    shown = header[0][:60] if header else ""
    given = next((name for name, character in DELIMITERS.items() if character == delimiter), delimiter)
    message = f"{path}: divided by {given}, the header is one column only, {shown!r}."
    better = next((name for name, character in DELIMITERS.items() if character in shown), "")
    return f"{message} Choose {better or 'auto'} as delimiter of the loader."


def _column_names(path: Path, header: list[str]) -> tuple[tuple[str, ...], bool]:
    """Names of the columns, and whether the first line has them; a line of numbers has none."""
    if all(_is_number(field) for field in header):
        return tuple(f"column {number}" for number in range(1, len(header) + 1)), False
    names = tuple(field.strip() or f"column {number}" for number, field in enumerate(header, 1))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = ", ".join(str(number) for number, name in enumerate(names, 1) if name == twice[0])
        raise DataError(f"{path}: columns {places} are all called {twice[0]!r}. Give every column a name of its own.")
    return names, True


def _is_number(field: str) -> bool:
    try:
        float(field.replace(",", "."))
    except ValueError:
        return False
    return True


def _regular(
    path: Path, content: bytes, layout: RecordLayout, delimiter: str, num_columns: int
) -> tuple[bytes, NDArray[np.int64], list[DataProblem]]:
    """The text without lines that do not fit the header, the lines that are left, and what was wrong."""
    if layout.records is None:
        return content, layout.lines, []
    fits = layout.num_fields == num_columns
    if fits.sum() < max(2, len(fits) / 2):
        usual, count = Counter(layout.num_fields[1:].tolist()).most_common(1)[0] if len(fits) > 1 else (0, 0)
        some = [str(line) for line in layout.lines[1:][layout.num_fields[1:] == usual][:_MOST_NAMED_AT_ONCE]]
        raise DataError(
            f"{path}: line {layout.lines[0]} names {num_columns} columns, but {count:,} of {len(fits) - 1:,} rows have "
            f"{_fields(usual)} (line {', '.join(some)}{' …' if count > len(some) else ''}). Expected all names in the "
            f"first line; is the delimiter {delimiter!r} right?"
        )
    problems = [
        DataProblem(
            "row",
            f"The row has {_fields(layout.num_fields[row])}, expected {num_columns}; it is left out.",
            str(path),
            f"line {layout.lines[row]}",
        )
        for row in np.flatnonzero(~fits)[:_MOST_NAMED].tolist()
    ]
    if (further := int((~fits).sum()) - len(problems)) > 0:
        problems.append(DataProblem("row", f"{further:,} further rows have another number of fields.", str(path)))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(
        record for record, is_kept in zip(layout.records, fits.tolist(), strict=True) if is_kept
    )
    return out.getvalue().encode(), layout.lines[fits], problems


def _fields(count: int) -> str:
    return f"{count} field{'' if count == 1 else 's'}"


def _parsed(
    content: bytes,
    names: Sequence[str],
    delimiter: str,
    decimal: str,
    *,
    has_header: bool,
    as_text: set[str],
) -> pd.DataFrame:
    import pandas as pd

    def read(text_columns: set[str], only: list[str] | None = None) -> pd.DataFrame:
        return pd.read_csv(
            io.BytesIO(content),
            sep=delimiter,
            decimal=decimal,
            header=0 if has_header else None,
            names=list(names),
            usecols=only,
            dtype=dict.fromkeys(text_columns, str),
            na_values=list(MISSING_MARKS),
            skipinitialspace=True,
            index_col=False,
            low_memory=False,
        )

    frame = read(as_text)
    # Truth values are categories, and those of other files must be spelled alike.
    truths = [name for name in names if _holds_truths(frame[name])]
    if truths:
        frame[truths] = read(set(truths), truths)[truths]
    return frame


def _holds_truths(series: pd.Series[Any]) -> bool:
    import pandas as pd

    return series.dtype.kind == "b" or (series.dtype == object and pd.api.types.infer_dtype(series) != "string")
