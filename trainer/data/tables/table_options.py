"""How a table is read: the arguments of `CSVDataLoader`, known without TensorFlow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from trainer.config.config import Config

Delimiter = Literal["auto", "comma", "semicolon", "tab", "pipe"]
Decimal = Literal["auto", "point", "comma"]
MissingNumbers = Literal["median", "mean", "most_frequent", "zero", "drop_row"]
MissingCategories = Literal["own_category", "most_frequent", "drop_row"]
TableNormalization = Literal["standard", "min_max", "robust", "none"]

DELIMITERS: dict[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


@dataclass(frozen=True, slots=True)
class TableOptions:
    """The arguments of `CSVDataLoader`, with the same defaults; they are explained there."""

    target_column: str = ""
    feature_columns: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    numeric_columns: tuple[str, ...] = ()
    category_columns: tuple[str, ...] = ()
    missing_numbers: MissingNumbers = "median"
    missing_categories: MissingCategories = "own_category"
    missing_indicator: bool = False
    max_categories: int = 30
    min_category_rows: int = 5
    normalization: TableNormalization = "standard"
    scale_target: bool = True
    delimiter: Delimiter = "auto"
    decimal: Decimal = "auto"
    encoding: str = "auto"

    @classmethod
    def of(cls, **arguments: Any) -> TableOptions:
        """Options from plain values; lists become tuples, and one text where several are expected a tuple of it."""
        values: dict[str, Any] = {
            name: _plural(value) if name.endswith("_columns") else value for name, value in arguments.items()
        }
        return cls(**values)

    @classmethod
    def from_config(cls, config: Config) -> TableOptions:
        """What `data.loader` says; arguments that there are not are left to the check of the configuration."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls.of(**{name: value for name, value in config.data.loader.arguments.items() if name in known})


def _plural(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)
