"""How many training steps an epoch has, from the names of the files alone."""

from __future__ import annotations

from pathlib import Path

from trainer.config.config import Config
from trainer.config.paths import resolve
from trainer.data.image_folder import scan_image_folder
from trainer.data.split import stratified_split
from trainer.errors import DataError


def count_steps_per_epoch(config: Config, base_dir: Path) -> int | None:
    """Batches of an epoch, before any picture is opened; unreadable ones are counted too.

    Args:
        config: The configuration.
        base_dir: Folder that relative paths start from.

    Returns:
        At least 1; `None` where the folder cannot be listed, or a loader of the user's own reads the data.
    """
    data = config.data
    if data.loader.file is not None or data.loader.name != "ImageDataLoader" or not data.train_dir:
        return None
    try:
        labels = scan_image_folder(resolve(data.train_dir, base_dir)).labels
    except DataError:
        return None
    fraction = 0.0 if data.val_dir else data.validation_fraction
    kept, _ = stratified_split(labels, fraction, config.runtime.seed)
    steps = -(-len(kept) // data.batch_size)
    return min(steps, config.training.max_train_batches or steps)
