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
LABEL_WORDS = ("label", "labels", "class", "classes", "category", "target", "tags", "tag", "species", "breed")
_PATH_WORDS = ("path", "file", "filename", "image", "picture", "image_path", "file_name", "image_id", "id")
_CORNER_WORDS = {"xmin", "ymin", "xmax", "ymax"}
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
        unnamed: Pictures that no row names.
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
    unnamed: tuple[str, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes: the columns, or all texts in alphabetical order."""
        if self.is_marked:
            return self.columns
        return tuple(sorted({label for labels in self.labels for label in labels}))


def read_label_table(
    path: Path, place: Path, options: PictureOptions, group_column: str = "", finder: PictureFinder | None = None
) -> LabelTable:
    """Read a table and find its pictures.

    Args:
        path: The CSV file; the paths in it may start from its folder.
        place: The folder that the pictures are in, or in a folder `images_dir` of.
        options: What is known of the columns; what they leave open is guessed.
        group_column: Column that says what belongs together; empty for none, or a regular expression with a group in it
            that is meant for the paths.
        finder: The pictures, where they have been listed before.

    Raises:
        ConfigError: A column that is given does not exist.
        DataError: The file cannot be read, or it is not clear which column is what.
    """
    header, rows, lines = _read(path)
    finder = finder or PictureFinder(place / options.images_dir)
    path_column = _path_column(header, rows, options, finder, path)
    file = relative_name(path, place)
    findings, unusable = Findings(), dict[int, str]()
    prefix = f"{options.images_dir.rstrip('/')}/" if options.images_dir else ""
    found = [finder.find(row[path_column], path.parent) for row in rows]
    names = [prefix + (picture or row[path_column]) for picture, row in zip(found, rows, strict=True)]
    columns = _label_columns(header, rows, path_column, options, path)
    is_marked = _is_marked(rows, [header.index(name) for name in columns], options)
    labels = [_labels(row, header, columns, is_marked, options.label_separator) for row in rows]
    _leave_out(names, found, lines, labels, file, findings, unusable)
    several = _several(labels, is_marked, options)
    for number, own in enumerate(labels):
        if not several and len(own) != 1 and number not in unusable:
            what = "no class" if not own else f"{len(own)} classes, expected one"
            unusable[number] = f"line {lines[number]} of {file} gives it {what}"
            where, name = f"line {lines[number]}", names[number]
            findings.error("missing_annotation", f"{name} has {what}", file, where, sample=name)
    groups = _groups(header, rows, group_column, path)
    unnamed = tuple(prefix + picture for picture in sorted(set(finder.paths).difference(filter(None, found))))
    return LabelTable(
        place, file, PathList(names), tuple(lines), tuple(map(tuple, labels)), tuple(columns), is_marked, several,
        groups, unusable, findings, unnamed,
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


def has_pictures(path: Path, finder: PictureFinder, *, are_near: bool) -> bool:
    """Whether most of the first rows of a table name pictures that there are.

    Args:
        path: The table.
        finder: The pictures.
        are_near: They lie beside the table or in a folder of a usual name. Where they do not, equal numbers and equal
            words say less: these have to stand in a column of paths by its name, or look like names, one per picture.

    Raises:
        DataError: It cannot be read.
    """
    header, rows, _ = _read(path)
    for number, name in enumerate(header):
        texts = [row[number] for row in rows[:_LOOKED_AT]]
        found = [picture for text in texts if (picture := finder.find(text, path.parent)) is not None]
        is_meant = are_near or name.lower() in _PATH_WORDS or any(text.lower().endswith(EXTENSIONS) for text in texts)
        if 2 * len(found) > len(texts) and (is_meant or _look_like_names(texts)):
            return True
    return False


def _look_like_names(texts: Sequence[str]) -> bool:
    return len(set(texts)) == len(texts) and not any(text.isdecimal() for text in texts)


def named_pictures(path: Path) -> list[str]:
    """The first values of a column of a table in which every row names a picture by its ending; else none.

    Raises:
        DataError: It cannot be read.
    """
    header, rows, _ = _read(path)
    columns = ([row[number] for row in rows[:_LOOKED_AT]] for number in range(len(header)))
    return next((texts for texts in columns if all(_is_name(text) for text in texts)), [])


def _is_name(text: str) -> bool:
    return text.lower().endswith(EXTENSIONS) and "://" not in text


def _read(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    try:
        return _read_rows(path)
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a table: {error}.") from error


def _read_rows(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
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
    beside = path.parent
    scores = [sum(finder.find(row[number], beside) is not None for row in some) for number in range(len(header))]
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


def _leave_out(
    names: list[str],
    found: list[str | None],
    lines: list[int],
    labels: Sequence[Sequence[str]],
    file: str,
    findings: Findings,
    unusable: dict[int, str],
) -> None:
    """Rows that name no picture, or one that an earlier row names."""
    first: dict[str, int] = {}
    for number, (name, picture, line) in enumerate(zip(names, found, lines, strict=True)):
        place = f"line {line}"
        if picture is None:
            unusable[number] = f"line {line} of {file} names it, and there is no such picture"
            message = f"{name or 'a picture without a name'} is missing"
            findings.error("missing_picture", message, file, place, sample=name)
        elif picture in first:
            before = lines[first[picture]]
            unusable[number] = f"line {line} of {file} names it again, after line {before}"
            message = f"{picture} is already in line {before}; this line is left out"
            if set(labels[number]) != set(labels[first[picture]]):
                this, other = (", ".join(labels[row]) or "no class" for row in (number, first[picture]))
                message = f"{picture} has {this} here and {other} in line {before}; this line is left out"
            findings.error("duplicate", message, file, place, sample=name)
        else:
            first[picture] = number


def note_unnamed(tables: Sequence[LabelTable]) -> None:
    """Warn of pictures that no table names; where none of a folder is named, once for the folder."""
    for table in tables:
        same = [other for other in tables if other.place == table.place]
        if same[0] is not table:
            continue
        files = " or ".join(dict.fromkeys(other.file for other in same))
        named = {name for other in same for name in other.names}
        used_folders = {name.rpartition("/")[0] for name in named}
        of_folder: dict[str, list[str]] = {}
        for name in table.unnamed:
            if name not in named:
                of_folder.setdefault(name.rpartition("/")[0], []).append(name)
        for folder, names in of_folder.items():
            if folder and folder not in used_folders and len(names) > 1:
                message = f"holds {len(names):,} pictures that are not named in {files} and are not used"
                table.findings.warning("missing_annotation", message, folder)
                continue
            for name in names:
                table.findings.warning("missing_annotation", f"is not named in {files} and is not used", name)


def _label_columns(
    header: list[str], rows: list[list[str]], path_column: int, options: PictureOptions, path: Path
) -> list[str]:
    if options.label_columns:
        return [header[_column(header, name, "label_columns", path)] for name in options.label_columns]
    if {name.lower() for name in header} >= _CORNER_WORDS:
        raise DataError(
            f"{path} has boxes, with a row for each. Boxes are read from Pascal VOC, COCO or YOLO files: export the "
            "data once more as one of these, or give the column of classes as label_columns of the loader."
        )
    others = [number for number in range(len(header)) if number != path_column]
    if len(others) == 1:
        return [header[others[0]]]
    named = [number for number in others if header[number].lower() in LABEL_WORDS]
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
            table.findings.error("missing_annotation", message, table.file, place, sample=table.names[row])
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
