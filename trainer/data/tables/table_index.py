"""A table as an index of samples, for everything that shows or checks data without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.sample_index import DataProblem, SampleIndex
from trainer.data.tables.table_checks import check_table
from trainer.data.tables.table_columns import TableColumn
from trainer.data.tables.table_data import TableData, read_table
from trainer.data.tables.table_dates import DAY_S
from trainer.data.tables.table_options import TableOptions
from trainer.data.tables.table_proposal import propose_table
from trainer.errors import DataError

__all__ = ["TableIndex", "index_table", "propose_table"]


@dataclass(frozen=True, slots=True, eq=False)
class TableIndex(SampleIndex):
    """The rows of a table.

    `features` are numbers as they are and days since the first date, NaN where missing, and places of categories, -1
    there.

    Attributes:
        table: The columns themselves.
    """

    table: TableData | None = None

    def row(self, number: int) -> dict[str, str]:
        """The row of a sample as texts by column, empty where missing, with the targets first."""
        assert self.table is not None
        table = self.table
        if table.labels is not None:
            shown = {table.target_names[0]: table.class_names[int(table.targets[number])]}
        else:
            values = np.atleast_1d(table.targets[number]).tolist()
            shown = {name: f"{value:g}" for name, value in zip(table.target_names, values, strict=True)}
        return shown | {column.name: column.text(number) or "" for column in table.columns}


def index_table(config: Config, base_dir: Path, part: str) -> TableIndex:
    """Read a table of a configuration.

    Args:
        config: Its loader is `CSVDataLoader`.
        base_dir: What relative files are relative to.
        part: `train`, `validation` or `test`; the last two have files of their own.

    Raises:
        DataError: The file is no table, has no usable row, or does not fit the training table.
        ConfigError: A setting names a column that there is not, or does not fit the target.
    """
    options = TableOptions.from_config(config)
    places = {"train": config.data.train_dir, "validation": config.data.val_dir, "test": config.data.test_dir}
    if not config.data.train_dir:
        raise DataError("data.train_dir is empty. Give the CSV file with the rows to train on.")
    train = read_table(config, base_dir / Path(config.data.train_dir).expanduser(), options)
    if part == "train":
        return index_of_table(train, check_table(train))
    own = places[part]
    if not own:
        raise DataError(f"There is no {part} file of its own.")
    return index_of_table(read_table(config, base_dir / Path(own).expanduser(), options, like=train))


def index_of_table(table: TableData, problems: tuple[DataProblem, ...] = ()) -> TableIndex:
    """The index of a table that is read already, with what was found wrong with it besides."""
    features = table.features
    matrix = np.empty((len(table.lines), len(features)), np.float32)
    for number, column in enumerate(features):
        matrix[:, number] = _plain(column)
    return TableIndex(
        place=table.file.path,
        names=table.names,
        class_names=table.class_names,
        labels=table.targets.astype(np.uint8) if table.class_names and table.labels is None else table.targets,
        features=matrix,
        feature_names=tuple(column.name for column in features),
        groups=table.groups,
        problems=(*table.problems, *problems),
        table=table,
    )


def _plain(column: TableColumn) -> NDArray[np.float64] | NDArray[np.int32]:
    if column.date_order:
        # Seconds since 1970 have more digits than float32.
        return (column.values - np.nanmin(column.values, initial=np.inf)) / DAY_S
    return column.values if column.is_numeric else column.codes
