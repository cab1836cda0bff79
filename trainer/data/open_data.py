"""What is known of a configuration's data without TensorFlow, whatever its loader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from trainer.config.config import Config
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

Part = str
OpenPart = Callable[[Config, Path, Part], SampleIndex]
PARTS = ("train", "validation", "test")


def open_data(config: Config, base_dir: Path) -> dict[str, SampleIndex]:
    """Look at the data of a configuration; nothing is decoded.

    Args:
        config: The section `data` says what to look at.
        base_dir: Folder that relative paths start from.

    Returns:
        `train`, and `validation` and `test` where there is data of their own.

    Raises:
        DataError: The data cannot be used; or a user's own loader reads it, which is not run for this.
    """
    loader = config.data.loader
    if loader.file is None and loader.name == "ImageDataLoader":
        from trainer.data.pictures.image_index import index_picture_parts

        # Some data sets of pictures say themselves what belongs to which part.
        return index_picture_parts(config, base_dir)
    open_part = _opener(config)
    return {part: open_part(config, base_dir, part) for part in PARTS if place_of(config, part) or part == "train"}


def place_of(config: Config, part: str) -> str:
    """The folder or file of a part as the configuration has it; empty where it has none of its own."""
    data = config.data
    return {"train": data.train_dir, "validation": data.val_dir or "", "test": data.test_dir or ""}[part]


def _opener(config: Config) -> OpenPart:
    loader = config.data.loader
    if loader.file is not None:
        raise DataError(
            f"The data is read by your own loader {loader.name}, which is only run in training. Try it shows what it "
            "gives."
        )
    if loader.name == "CSVDataLoader":
        from trainer.data.tables.table_index import index_table

        return index_table
    from trainer.data.arrays.array_index import index_arrays

    return index_arrays
