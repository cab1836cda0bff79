"""How a table is read: the arguments of `CSVDataLoader`, known without TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trainer.config.config import Config

Delimiter = Literal["auto", "comma", "semicolon", "tab", "pipe"]
Decimal = Literal["auto", "point", "comma"]
DateOrder = Literal["auto", "day_first", "month_first"]
MissingNumbers = Literal["median", "mean", "most_frequent", "zero", "drop_row"]
MissingCategories = Literal["own_category", "most_frequent", "drop_row"]
TableNormalization = Literal["standard", "min_max", "robust", "none"]

DELIMITERS: dict[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


@dataclass(frozen=True, slots=True)
class TableOptions:
    """The arguments of `CSVDataLoader`, with the same defaults; they are explained there.

    Where a name or several are allowed, it is always a tuple here.
    """

    target_column: tuple[str, ...] = ()
    feature_columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    numeric_columns: tuple[str, ...] = ()
    category_columns: tuple[str, ...] = ()
    date_columns: tuple[str, ...] = ()
    missing_numbers: MissingNumbers = "median"
    missing_categories: MissingCategories = "own_category"
    missing_indicator: bool = False
    max_categories: int = 30
    min_category_rows: int = 5
    normalization: TableNormalization = "standard"
    scale_target: bool = True
    delimiter: Delimiter = "auto"
    decimal: Decimal = "auto"
    date_order: DateOrder = "auto"
    encoding: str = "auto"

    @classmethod
    def of(cls, **arguments: Any) -> TableOptions:
        """Options from plain values; lists become tuples, and one text where several are expected a tuple of it."""
        values: dict[str, Any] = {
            name: _plural(value) if name.endswith(("_column", "_columns")) else value
            for name, value in arguments.items()
        }
        return cls(**values)

    @classmethod
    def among(cls, values: Mapping[str, Any]) -> TableOptions:
        """Options from those values that are called like one."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls.of(**{name: value for name, value in values.items() if name in known})

    @classmethod
    def from_config(cls, config: Config) -> TableOptions:
        """What `data.loader` says; arguments that there are not are left to the check of the configuration."""
        return cls.among(config.data.loader.arguments)


def _plural(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)
    return (str(value),)
