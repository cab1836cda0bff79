"""Pictures, masks and tables in TFRecord files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from trainer.config.config import Config
from trainer.data.arrays.array_settings import ArraySettings, shape_of
from trainer.engine.data.array_data import load_arrays
from trainer.engine.data.prepared import PreparedData
from trainer.engine.reporting import Reporter


def TFRecordDataLoader(
    data_dir: Path,
    config: Config,
    reporter: Reporter,
    inputs: str = "",
    labels: str = "",
    class_names: str = "",
    shape: Sequence[int] = (),
    raw_dtype: Annotated[Literal["uint8", "uint16", "int32", "int64", "float32", "float64"], "advanced"] = "uint8",
    layout: Annotated[Literal["auto", "channels_last", "channels_first"], "advanced"] = "auto",
    value_range: Annotated[Literal["auto", "0 to 1", "-1 to 1", "0 to 255", "0 to 65535"], "advanced"] = "auto",
    scale_table: Annotated[bool, "advanced"] = True,
) -> PreparedData:
    """Reads tf.train.Example records from a TFRecord file or a folder of shards.

    The kinds of the features are taken from the first records. All records are found and their checksums checked once;
    then any of them can be read at any time, so that every epoch is shuffled completely.

    Args:
        data_dir: Folder that relative paths of the configuration start from.
        config: The run's configuration.
        reporter: Told counts, progress and what cannot be used.
        inputs: Feature with JPEG, PNG, GIF or BMP bytes, plain bytes or numbers. Several names with commas between them
            are the columns of a table. Empty: found by its name, such as image/encoded.
        labels: Feature with a class number, text, or numbers. Empty: found by its name, such as image/class/label.
        class_names: Text file beside the data with the name of one class per line. Empty: the numbers or texts of the
            labels.
        shape: Shape of one input in plain bytes or in a long list, such as [32, 32, 3]. Empty: that of the features
            height, width and depth where there are such.
        raw_dtype: Type of the numbers in plain bytes, the lowest byte first.
        layout: Where the channels of plain pictures are. auto: the last axis if it has 1, 3 or 4 values, else the
            second.
        value_range: Which numbers are black and white in plain pictures. auto looks at up to 256 of them.
        scale_table: Bring the columns of a table, and numbers to predict from them, to mean 0 and deviation 1. The
            model does it inside, so it takes and gives numbers in their own unit.

    Raises:
        DataError: There is no such file, it holds no examples, or too many records cannot be used.
        ConfigError: The shape is none.
    """
    settings = ArraySettings(
        "TFRecordDataLoader", inputs, labels, class_names, layout, value_range, shape_of(shape), raw_dtype
    )
    return load_arrays(config, data_dir, settings, reporter, scale_table=scale_table)
