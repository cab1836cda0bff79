"""Classes of pictures from a CSV file: one or several per picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.findings import Findings
from trainer.data.path_list import PathList
from trainer.data.pictures.image_folder import EXTENSIONS
from trainer.data.pictures.picture_finder import PictureFinder, relative_name
from trainer.data.pictures.picture_options import PictureOptions
from trainer.data.pictures.pillow_samples import PillowSamples
from trainer.data.sample_index import SampleIndex
from trainer.data.tables.table_text import find_delimiter, read_text
from trainer.errors import ConfigError, DataError, Problem

SEPARATORS = ("|", ";", ",", " ")
_LABEL_WORDS = ("label", "labels", "class", "classes", "category", "target", "tags", "tag", "species", "breed")
_PATH_WORDS = ("path", "file", "filename", "image", "picture", "image_path", "file_name", "image_id", "id")
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True, eq=False)
class LabelTable:
    """A CSV file of pictures and classes, read.

    Attributes:
        place: The folder that names are relative to.
        file: The CSV file, relative to it.
        names: One per row: the picture, or the text of the row where there is no such picture.
        lines: Line of the file where each row begins.
        labels: Texts of the classes of every row.
        columns: The columns that were taken for classes.
        is_marked: The columns are classes, marked by 0 and 1.
        several: Whether a picture may have several classes.
        groups: Text of the column that says what belongs together; `None` without one.
        unusable: Reason by number.
        findings: What was found wrong.
    """

    place: Path
    file: str
    names: PathList
    lines: tuple[int, ...]
    labels: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    is_marked: bool
    several: bool
    groups: tuple[str, ...] | None
    unusable: dict[int, str]
    findings: Findings

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes: the columns, or all texts in alphabetical order."""
        if self.is_marked:
            return self.columns
        return tuple(sorted({label for labels in self.labels for label in labels}))


def read_label_table(path: Path, place: Path, options: PictureOptions, group_column: str = "") -> LabelTable:
    """Read a table and find its pictures.

    Args:
        path: The CSV file.
        place: The folder that the pictures are in, or in a folder `images_dir` of.
        options: What is known of the columns; what they leave open is guessed.
        group_column: Column that says what belongs together; empty for none, or a regular expression with a group in it
            that is meant for the paths.

    Raises:
        ConfigError: A column that is given does not exist.
        DataError: The file cannot be read, or it is not clear which column is what.
    """
    header, rows, lines = _read(path)
    finder = PictureFinder(place / options.images_dir)
    path_column = _path_column(header, rows, options, finder, path)
    file = relative_name(path, place)
    findings, unusable = Findings(), dict[int, str]()
    prefix = f"{options.images_dir.rstrip('/')}/" if options.images_dir else ""
    names = _pictures([row[path_column] for row in rows], lines, finder, file, prefix, findings, unusable)
    columns = _label_columns(header, rows, path_column, options, path)
    is_marked = _is_marked(rows, [header.index(name) for name in columns], options)
    labels = [_labels(row, header, columns, is_marked, options.label_separator) for row in rows]
    several = _several(labels, is_marked, options)
    for number, found in enumerate(labels):
        if not several and len(found) != 1 and number not in unusable:
            what = "no class" if not found else f"{len(found)} classes, expected one"
            unusable[number] = f"line {lines[number]} of {file} gives it {what}"
            findings.error("missing_annotation", f"{names[number]} has {what}", file, f"line {lines[number]}")
    groups = _groups(header, rows, group_column, path)
    return LabelTable(
        place, file, PathList(names), tuple(lines), tuple(map(tuple, labels)), tuple(columns), is_marked, several,
        groups, unusable, findings,
    )  # fmt: skip


def _groups(header: list[str], rows: list[list[str]], column: str, path: Path) -> tuple[str, ...] | None:
    if column in header:
        return tuple(row[header.index(column)] for row in rows)
    if not column or "(" in column:
        return None
    message = (
        f"{path} has no column {column}. It has {_shown(header)}. Give one of them, or a regular expression with a "
        "group, such as (patient\\d+), that finds in a path what the picture belongs to."
    )
    raise ConfigError((Problem("data.split.group_by", message),))


def has_pictures(path: Path, place: Path) -> bool:
    """Whether most of the first rows of a table name pictures that there are in a folder.

    Raises:
        DataError: It cannot be read.
    """
    header, rows, _ = _read(path)
    finder, some = PictureFinder(place), rows[:_LOOKED_AT]
    return any(
        2 * sum(finder.find(row[number]) is not None for row in some) > len(some) for number in range(len(header))
    )


def _read(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    text = read_text(path)
    delimiter = find_delimiter(path, text.content)
    reader = csv.reader(io.StringIO(text.content.decode(), newline=""), delimiter=delimiter)
    header = [name.strip() for name in next(reader)]
    rows: list[list[str]] = []
    lines: list[int] = []
    before = reader.line_num
    for row in reader:
        if any(field.strip() for field in row):
            # A short row has no class, which is told where classes are read; longer ones have nothing to say.
            rows.append([field.strip() for field in row[: len(header)]] + [""] * (len(header) - len(row)))
            lines.append(before + 1)
        before = reader.line_num
    if not rows:
        raise DataError(f"{path} has a header and no row. Expected one row per picture.")
    return header, rows, lines


def _path_column(
    header: list[str], rows: list[list[str]], options: PictureOptions, finder: PictureFinder, path: Path
) -> int:
    if options.path_column:
        return _column(header, options.path_column, "path_column", path)
    some = rows[:_LOOKED_AT]
    scores = [sum(finder.find(row[number]) is not None for row in some) for number in range(len(header))]
    best = int(np.argmax(scores))
    if scores[best]:
        return best
    by_ending = [sum(row[number].lower().endswith(EXTENSIONS) for row in some) for number in range(len(header))]
    named = [number for number, name in enumerate(header) if name.lower() in _PATH_WORDS]
    if max(by_ending) or named:
        return int(np.argmax(by_ending)) if max(by_ending) else named[0]
    raise DataError(
        f"No column of {path} names pictures in {finder.folder}. Expected a column with paths or file names; give it "
        "as path_column of the loader, and the folder of the pictures as images_dir."
    )


def _column(header: Sequence[str], name: str, argument: str, path: Path) -> int:
    if name in header:
        return header.index(name)
    message = f"{path} has no column {name}. It has {_shown(header)}."
    raise ConfigError((Problem(f"data.loader.arguments.{argument}", message),))


def _shown(header: Sequence[str]) -> str:
    return ", ".join(header[:10]) + (" …" if len(header) > 10 else "")


def _pictures(
    texts: list[str],
    lines: list[int],
    finder: PictureFinder,
    file: str,
    prefix: str,
    findings: Findings,
    unusable: dict[int, str],
) -> list[str]:
    names: list[str] = []
    first_line: dict[str, int] = {}
    for number, text in enumerate(texts):
        found, place = finder.find(text), f"line {lines[number]}"
        if found is None:
            unusable[number] = f"line {lines[number]} of {file} names it, and there is no such picture"
            findings.error("missing_picture", f"{text or 'a picture without a name'} is missing", file, place)
        elif found in first_line:
            unusable[number] = f"line {lines[number]} of {file} names it again, after line {first_line[found]}"
            message = f"{found} is already in line {first_line[found]}; this line is left out"
            findings.error("duplicate", message, file, place)
        else:
            first_line[found] = lines[number]
        names.append(prefix + (found or text))
    for path in finder.paths:
        if path not in first_line:
            findings.warning("missing_annotation", f"is not named in {file} and is not used", prefix + path)
    return names


def _label_columns(
    header: list[str], rows: list[list[str]], path_column: int, options: PictureOptions, path: Path
) -> list[str]:
    if options.label_columns:
        return [header[_column(header, name, "label_columns", path)] for name in options.label_columns]
    others = [number for number in range(len(header)) if number != path_column]
    if len(others) == 1:
        return [header[others[0]]]
    named = [number for number in others if header[number].lower() in _LABEL_WORDS]
    if named:
        return [header[named[0]]]
    marks = [number for number in others if {row[number] for row in rows} <= {"0", "1", "0.0", "1.0"}]
    if len(marks) > 1:
        return [header[number] for number in marks]
    shown = ", ".join(header[number] for number in others[:10])
    raise DataError(
        f"It is not clear which column of {path} has the classes: {shown or 'there is only one column'}. Give it, or "
        "one column of 0 and 1 per class, as label_columns of the loader."
    )


def _is_marked(rows: list[list[str]], columns: list[int], options: PictureOptions) -> bool:
    if len(columns) < 2 or options.label_separator:
        return False
    return all(row[number] in ("0", "1", "0.0", "1.0", "") for row in rows for number in columns)


def _labels(row: list[str], header: list[str], columns: Sequence[str], is_marked: bool, separator: str) -> list[str]:
    fields = [row[header.index(name)] for name in columns]
    if is_marked:
        return [name for name, field in zip(columns, fields, strict=True) if field in ("1", "1.0")]
    if not separator:
        return [field for field in fields if field]
    # A blank separates however many there are of it.
    parts = [part.strip() for field in fields for part in field.split(separator if separator.strip() else None)]
    return list(dict.fromkeys(part for part in parts if part))


def _several(labels: list[list[str]], is_marked: bool, options: PictureOptions) -> bool:
    if options.labels_per_picture != "auto":
        return options.labels_per_picture == "several"
    if options.label_separator:
        return True
    return is_marked and any(len(found) != 1 for found in labels)


def index_label_table(table: LabelTable, class_names: tuple[str, ...], *, several: bool) -> SampleIndex:
    """The samples; rows with classes that are not among these are left out and named."""
    numbers = {name: number for number, name in enumerate(class_names)}
    labels: NDArray[np.generic]
    marks = np.zeros((len(table.names), len(class_names)), np.uint8) if several else None
    plain = np.zeros(len(table.names), np.int32)
    for row, found in enumerate(table.labels):
        unknown = [label for label in found if label not in numbers]
        if unknown:
            place = f"line {table.lines[row]}"
            message = f"{table.names[row]} has the class {unknown[0]}, which is not among the classes"
            table.findings.error("missing_annotation", message, table.file, place)
            table.unusable.setdefault(row, f"its class {unknown[0]} is not among the classes")
        elif marks is not None:
            marks[row, [numbers[label] for label in found]] = 1
        elif found:
            plain[row] = numbers[found[0]]
    labels = plain if marks is None else marks
    return SampleIndex(
        place=table.place,
        names=table.names,
        class_names=class_names,
        labels=labels,
        unusable=dict(table.unusable),
        problems=table.findings.problems,
        raw=PillowSamples(table.place, table.names),
    )
