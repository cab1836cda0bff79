"""Pictures in class folders."""

from __future__ import annotations

from pathlib import Path

from trainer.config.config import Config
from trainer.engine.data.prepare import PreparedData, prepare_data
from trainer.engine.reporting import Reporter


def ImageDataLoader(data_dir: Path, config: Config, reporter: Reporter) -> PreparedData:
    """Reads JPEG, PNG, BMP and GIF pictures from one folder per class.

    Args:
        data_dir: Folder that relative folders of the configuration start from.
        config: The run's configuration.
        reporter: Told counts, progress and unreadable pictures.

    Raises:
        DataError: A folder is missing, empty or of another layout, or too many pictures are unreadable.
    """
    return prepare_data(config, data_dir, reporter)
