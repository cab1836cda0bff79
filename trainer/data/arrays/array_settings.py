"""The arguments of the loaders of arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from trainer.config.config import Config
from trainer.config.sections import DataSection
from trainer.data.arrays.array_pictures import Layout, ValueRange
from trainer.errors import ConfigError, Problem

RawType = Literal["uint8", "uint16", "int32", "int64", "float32", "float64"]
LOADERS = ("HDF5DataLoader", "TFRecordDataLoader", "NumpyDataLoader")


@dataclass(frozen=True, slots=True)
class ArraySettings:
    """What a person said about the arrays; what is empty is guessed.

    Attributes:
        loader: Name of the loader.
        inputs: Name of the inputs; several names with commas between them for the columns of a table.
        labels: Name of the labels, numbers or masks.
        class_names: Name of an array with the names of the classes, or a text file with one per line.
        layout: Where the channels of pictures are.
        value_range: Which numbers are black and white.
        shape: Shape of one input that is stored as plain bytes or as one long list.
        raw_dtype: Type of the values in plain bytes.
    """

    loader: str
    inputs: str = ""
    labels: str = ""
    class_names: str = ""
    layout: Layout = "auto"
    value_range: ValueRange = "auto"
    shape: tuple[int, ...] = ()
    raw_dtype: RawType = "uint8"

    @classmethod
    def from_config(cls, config: Config) -> ArraySettings:
        """The settings of a configuration; unknown arguments are left to the check of the configuration."""
        loader = config.data.loader
        known = {field.name for field in fields(cls)} - {"loader"}
        given: dict[str, Any] = {
            name: value for name, value in loader.arguments.items() if name in known and value is not None
        }
        return cls(loader.name, **{**given, "shape": shape_of(given.get("shape", ()))})

    @property
    def value_type(self) -> np.dtype[Any]:
        """Type of the values in plain bytes, in the order of Intel's processors."""
        return np.dtype(self.raw_dtype).newbyteorder("<")


def shape_of(value: Any) -> tuple[int, ...]:
    """A shape from a list of numbers.

    Raises:
        ConfigError: It is none.
    """
    try:
        shape = tuple(int(side) for side in value)
    except (TypeError, ValueError):
        shape = (0,)
    if any(side < 1 for side in shape):
        message = f"shape should be a list of whole numbers above 0 such as [32, 32, 3], received {value!r}."
        raise ConfigError((Problem("data.loader", message),))
    return shape


def path_of(data: DataSection, part: str) -> str:
    """The file or folder of `train`, `validation` or `test` as the configuration has it; empty where there is none."""
    return {"train": data.train_dir, "validation": data.val_dir or "", "test": data.test_dir or ""}[part]
