"""Pictures, masks and tables in HDF5 files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from trainer.config.config import Config
from trainer.data.arrays.array_settings import ArraySettings
from trainer.engine.data.array_data import load_arrays
from trainer.engine.data.prepared import PreparedData
from trainer.engine.reporting import Reporter


def HDF5DataLoader(
    data_dir: Path,
    config: Config,
    reporter: Reporter,
    inputs: str = "",
    labels: str = "",
    class_names: str = "",
    layout: Annotated[Literal["auto", "channels_last", "channels_first"], "advanced"] = "auto",
    value_range: Annotated[Literal["auto", "0 to 1", "-1 to 1", "0 to 255", "0 to 65535"], "advanced"] = "auto",
    scale_table: Annotated[bool, "advanced"] = True,
) -> PreparedData:
    """Reads pictures, masks or rows of numbers from the datasets of an HDF5 file.

    Rows are read when they are needed. One file may hold all parts, such as train/images and test/images.

    Args:
        data_dir: Folder that relative paths of the configuration start from.
        config: The run's configuration.
        reporter: Told counts, progress and what cannot be used.
        inputs: Dataset with the pictures or the rows of numbers, such as train/images; {part} stands for the part.
            Several names with commas between them are the columns of a table. Empty: found by its name.
        labels: Dataset with one class, number or mask per row. Empty: found by its name.
        class_names: Dataset with the names of the classes, or a text file beside the data with one per line.
            Empty: a dataset class_names, or what the labels hold.
        layout: Where the channels of the pictures are. auto: the last axis if it has 1, 3 or 4 values, else the second.
        value_range: Which numbers are black and white. auto looks at up to 256 pictures.
        scale_table: Bring the columns of a table, and numbers to predict from them, to mean 0 and deviation 1. The
            model does it inside, so it takes and gives numbers in their own unit.

    Raises:
        DataError: A file or a dataset is missing or does not fit the others or the task, or too many samples cannot be
            used.
    """
    settings = ArraySettings("HDF5DataLoader", inputs, labels, class_names, layout, value_range)
    return load_arrays(config, data_dir, settings, reporter, scale_table=scale_table)
