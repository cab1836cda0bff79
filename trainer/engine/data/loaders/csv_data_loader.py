"""Rows of a CSV table."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.divide_rows import DivisibleSamples, divide_samples
from trainer.data.sample_index import DataProblem
from trainer.data.tables.table_checks import check_table, date_columns, filled_columns, unused_columns
from trainer.data.tables.table_data import TableData, read_tables
from trainer.data.tables.table_encoding import TableEncoding, fit_encoding
from trainer.data.tables.table_index import index_of_table
from trainer.data.tables.table_options import TableOptions
from trainer.engine.data.divide import prepare_parts
from trainer.engine.data.loaded import LoadedPart
from trainer.engine.data.pixels import ArrayPixels, aligned_array
from trainer.engine.data.prepared import NumberTarget, PreparedData
from trainer.engine.data.targets import ClassTargets, NumberTargets
from trainer.engine.reporting import Reporter

_PART_TEXTS = {"train": "training", "validation": "validation", "test": "test"}


def CSVDataLoader(
    data_dir: Path,
    config: Config,
    reporter: Reporter,
    target_column: str | Sequence[str] | None = None,
    feature_columns: Sequence[str] = (),
    ignored_columns: Sequence[str] = (),
    numeric_columns: Annotated[Sequence[str], "advanced"] = (),
    category_columns: Sequence[str] = (),
    date_columns: Annotated[Sequence[str], "advanced"] = (),
    missing_numbers: Literal["median", "mean", "most_frequent", "zero", "drop_row"] = "median",
    missing_categories: Literal["own_category", "most_frequent", "drop_row"] = "own_category",
    missing_indicator: bool = False,
    max_categories: Annotated[int, "min 1", "max 10000", "advanced"] = 30,
    min_category_rows: Annotated[int, "min 1", "unit: rows", "advanced"] = 5,
    normalization: Literal["standard", "min_max", "robust", "none"] = "standard",
    scale_target: Annotated[bool, "advanced"] = True,
    delimiter: Annotated[Literal["auto", "comma", "semicolon", "tab", "pipe"], "advanced"] = "auto",
    decimal: Annotated[Literal["auto", "point", "comma"], "advanced"] = "auto",
    date_order: Annotated[Literal["auto", "day_first", "month_first"], "advanced"] = "auto",
    encoding: Annotated[str, "advanced"] = "auto",
) -> PreparedData:
    """Reads rows of a CSV table: columns of numbers, texts and dates, and one or more to predict.

    What fills missing values, which categories there are and how numbers are scaled is learned from training rows only.

    Args:
        data_dir: Folder that relative files of the configuration start from.
        config: The run's configuration.
        reporter: Told counts, what is left out and what is filled in.
        target_column: Column to predict: a class or, for tabular_regression, a number. Or several, such as [height,
            weight]: numbers, or columns of 0 and 1.
        feature_columns: Columns to learn from. Empty: all others, but those that only name or number the rows.
        ignored_columns: Columns to leave out, such as one that will not be known when predicting.
        numeric_columns: Columns to read as numbers in any case; what is no number in them counts as missing.
        category_columns: Columns to read as categories, such as a number that stands for a kind.
        date_columns: Columns to read as dates in any case, such as 20240531; what is no date counts as missing.
        missing_numbers: What stands for a missing number or date, of the training rows; drop_row leaves the row out.
        missing_categories: What stands for a missing text: a category of its own, or the most frequent one.
        missing_indicator: Also tell the network where a number or date was missing.
        max_categories: Categories of a column that get an input of their own; all others share one.
        min_category_rows: Categories in fewer training rows than this share one input.
        normalization: How numbers are scaled, inside the model: standard to mean 0 and deviation 1, min_max to 0–1,
            robust by median and quartiles, which outliers do not move.
        scale_target: Let the network predict a number of mean 0 and deviation 1, which a last layer brings back: so
            large numbers are learned as well as small ones. Figures stay in the unit of the column.
        delimiter: What is between the fields.
        decimal: Whether numbers are written 3.14 or 3,14.
        date_order: Whether 3/5/2024 is in May or in March. auto sees it where a day is greater than 12.
        encoding: How letters are stored, such as utf-8 or cp1252. auto tries these two.

    Raises:
        DataError: A file is missing or no table, has no usable row, or does not fit the training table.
        ConfigError: A setting names a column that there is not, or the task does not fit the target.
    """
    return _prepare(config, data_dir, TableOptions.among(locals()), reporter)


def _prepare(config: Config, base_dir: Path, options: TableOptions, reporter: Reporter) -> PreparedData:
    tables = read_tables(config, base_dir, options)
    train = tables["train"]
    encoding = fit_encoding(train, _training_rows(config, tables), options)
    _tell(tables, encoding, reporter)
    parts = {
        name: _part(table, encoding, check_table(table) if name == "train" else ()) for name, table in tables.items()
    }
    prepared = prepare_parts(config, parts, train.class_names, reporter)
    return dataclasses.replace(
        prepared,
        layers=_scaling(encoding),
        output_layers=_scaling_back(encoding),
        number_targets=_number_targets(train, encoding),
        files={"table.json": encoding.model_dump_json(indent=2)},
        indexes=lambda: {name: index_of_table(table) for name, table in tables.items()},
    )


def _scaling(encoding: TableEncoding) -> tuple[Any, ...]:
    if encoding.normalization == "none":
        return ()
    variances = [scale**2 for scale in encoding.scales]
    return (keras.layers.Normalization(mean=encoding.centers, variance=variances, name="scaling"),)


def _scaling_back(encoding: TableEncoding) -> tuple[Any, ...]:
    centers, scales = encoding.target_centers, encoding.target_scales
    if not scales:
        return ()
    scale, center = (scales[0], centers[0]) if len(scales) == 1 else (list(scales), list(centers))
    return (keras.layers.Rescaling(scale, center, dtype="float32", name="in_unit"),)


def _number_targets(table: TableData, encoding: TableEncoding) -> tuple[NumberTarget, ...]:
    if table.class_names or len(table.target_names) == 1:
        return ()
    scales = encoding.target_scales or (1.0,) * len(table.target_names)
    return tuple(NumberTarget(name, scale) for name, scale in zip(table.target_names, scales, strict=True))


def _training_rows(config: Config, tables: dict[str, TableData]) -> NDArray[np.int64]:
    """The rows that `prepare_parts` will train on: what is learned for encoding must not see the others."""
    train = tables["train"]
    samples = DivisibleSamples(np.arange(len(train.lines)), train.labels, train.groups)
    division = divide_samples(samples, config, tables)
    return division.train


def _part(table: TableData, encoding: TableEncoding, problems: tuple[DataProblem, ...]) -> LoadedPart:
    columns = {column.name: column for column in table.features}
    inputs = aligned_array((len(table.lines), len(encoding.outputs)), np.float32)
    encoding.encode(columns, inputs)
    targets: ClassTargets | NumberTargets = NumberTargets(table.targets.astype(np.float32))
    if table.labels is not None:
        targets = ClassTargets(table.labels, len(table.class_names))
    return LoadedPart(
        place=table.file.path,
        names=table.names,
        inputs=ArrayPixels(inputs),
        targets=targets,
        input_shape=(len(encoding.outputs),),
        groups=table.groups,
        problems=(*table.problems, *problems),
    )


def _tell(tables: dict[str, TableData], encoding: TableEncoding, reporter: Reporter) -> None:
    for part, table in tables.items():
        reporter.log("DATA", f"Found {len(table.lines):,} {_PART_TEXTS[part]} rows in {table.file.path}")
    train = tables["train"]
    for sentence in (*date_columns(train), *unused_columns(train)):
        reporter.log("DATA", sentence)
    if filled := filled_columns(train):
        reporter.log("DATA", f"Missing values are filled in: {', '.join(filled)}")
    names = train.target_names
    targets = f"{names[0]} is" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} are"
    num_columns, num_inputs = len(encoding.columns), len(encoding.outputs)
    reporter.log("DATA", f"{targets} predicted from {num_columns} columns, which become {num_inputs} inputs")
