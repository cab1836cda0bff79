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
from trainer.data.tables.table_checks import check_table, filled_columns, unused_columns
from trainer.data.tables.table_data import TableData, read_tables
from trainer.data.tables.table_encoding import TableEncoding, fit_encoding
from trainer.data.tables.table_options import TableOptions
from trainer.engine.data.divide import prepare_parts
from trainer.engine.data.loaded import LoadedPart
from trainer.engine.data.pixels import ArrayPixels, aligned_array
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.targets import ClassTargets, NumberTargets
from trainer.engine.reporting import Reporter

_PART_TEXTS = {"train": "training", "validation": "validation", "test": "test"}


def CSVDataLoader(
    data_dir: Path,
    config: Config,
    reporter: Reporter,
    target_column: str = "",
    feature_columns: Sequence[str] = (),
    ignored_columns: Sequence[str] = (),
    numeric_columns: Annotated[Sequence[str], "advanced"] = (),
    category_columns: Sequence[str] = (),
    missing_numbers: Literal["median", "mean", "most_frequent", "zero", "drop_row"] = "median",
    missing_categories: Literal["own_category", "most_frequent", "drop_row"] = "own_category",
    missing_indicator: bool = False,
    max_categories: Annotated[int, "min 1", "max 10000", "advanced"] = 30,
    min_category_rows: Annotated[int, "min 1", "unit: rows", "advanced"] = 5,
    normalization: Literal["standard", "min_max", "robust", "none"] = "standard",
    scale_target: Annotated[bool, "advanced"] = True,
    delimiter: Annotated[Literal["auto", "comma", "semicolon", "tab", "pipe"], "advanced"] = "auto",
    decimal: Annotated[Literal["auto", "point", "comma"], "advanced"] = "auto",
    encoding: Annotated[str, "advanced"] = "auto",
) -> PreparedData:
    """Reads rows of a CSV table: columns of numbers and texts, and one to predict.

    What fills missing values, which categories there are and how numbers are scaled is learned from training rows only.

    Args:
        data_dir: Folder that relative files of the configuration start from.
        config: The run's configuration.
        reporter: Told counts, what is left out and what is filled in.
        target_column: Column to predict: a class or, for tabular_regression, a number.
        feature_columns: Columns to learn from. Empty: all others, but those that only name or number the rows.
        ignored_columns: Columns to leave out, such as one that will not be known when predicting.
        numeric_columns: Columns to read as numbers in any case; what is no number in them counts as missing.
        category_columns: Columns to read as categories, such as a number that stands for a kind.
        missing_numbers: What stands for a missing number, of the training rows; drop_row leaves the row out.
        missing_categories: What stands for a missing text: a category of its own, or the most frequent one.
        missing_indicator: Also tell the network where a number was missing.
        max_categories: Categories of a column that get an input of their own; all others share one.
        min_category_rows: Categories in fewer training rows than this share one input.
        normalization: How numbers are scaled, inside the model: standard to mean 0 and deviation 1, min_max to 0–1,
            robust by median and quartiles, which outliers do not move.
        scale_target: Let the network predict a number of mean 0 and deviation 1, which a last layer brings back: so
            large numbers are learned as well as small ones. Figures stay in the unit of the column.
        delimiter: What is between the fields.
        decimal: Whether numbers are written 3.14 or 3,14.
        encoding: How letters are stored, such as utf-8 or cp1252. auto tries these two.

    Raises:
        DataError: A file is missing or no table, has no usable row, or does not fit the training table.
        ConfigError: A setting names a column that there is not, or the task does not fit the target.
    """
    options = TableOptions.of(
        target_column=target_column,
        feature_columns=feature_columns,
        ignored_columns=ignored_columns,
        numeric_columns=numeric_columns,
        category_columns=category_columns,
        missing_numbers=missing_numbers,
        missing_categories=missing_categories,
        missing_indicator=missing_indicator,
        max_categories=max_categories,
        min_category_rows=min_category_rows,
        normalization=normalization,
        scale_target=scale_target,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
    )
    return _prepare(config, data_dir, options, reporter)


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
        files={"table.json": encoding.model_dump_json(indent=2)},
    )


def _scaling(encoding: TableEncoding) -> tuple[Any, ...]:
    if encoding.normalization == "none":
        return ()
    variances = [scale**2 for scale in encoding.scales]
    return (keras.layers.Normalization(mean=encoding.centers, variance=variances, name="scaling"),)


def _scaling_back(encoding: TableEncoding) -> tuple[Any, ...]:
    center, scale = encoding.target_center, encoding.target_scale
    if (center, scale) == (0.0, 1.0):
        return ()
    return (keras.layers.Rescaling(scale, center, dtype="float32", name="in_unit"),)


def _training_rows(config: Config, tables: dict[str, TableData]) -> NDArray[np.int64]:
    """The rows that `prepare_parts` will train on: what is learned for encoding must not see the others."""
    train = tables["train"]
    labels = train.targets.astype(np.int32) if train.class_names else None
    division = divide_samples(DivisibleSamples(np.arange(len(train.lines)), labels, train.groups), config, tables)
    return division.train


def _part(table: TableData, encoding: TableEncoding, problems: tuple[DataProblem, ...]) -> LoadedPart:
    columns = {column.name: column for column in table.features}
    inputs = aligned_array((len(table.lines), len(encoding.outputs)), np.float32)
    encoding.encode(columns, inputs)
    targets: ClassTargets | NumberTargets
    if table.class_names:
        targets = ClassTargets(table.targets.astype(np.int32), len(table.class_names))
    else:
        targets = NumberTargets(table.targets.astype(np.float32))
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
    for sentence in unused_columns(train):
        reporter.log("DATA", sentence)
    if filled := filled_columns(train):
        reporter.log("DATA", f"Missing values are filled in: {', '.join(filled)}")
    num_columns, num_inputs = len(encoding.columns), len(encoding.outputs)
    reporter.log(
        "DATA", f"{train.target_name} is predicted from {num_columns} columns, which become {num_inputs} inputs"
    )
