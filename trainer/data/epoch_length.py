"""How many training steps an epoch has, from what is known of the data without reading it."""

from __future__ import annotations

from pathlib import Path

from trainer.config.config import Config
from trainer.data.open_data import open_data
from trainer.data.part_samples import divided_parts
from trainer.errors import ConfigError, DataError


def count_steps_per_epoch(config: Config, base_dir: Path) -> int | None:
    """Batches of an epoch, before any picture is opened; those that turn out to be unreadable are counted too.

    Args:
        config: The configuration.
        base_dir: Folder that relative paths start from.

    Returns:
        At least 1; `None` where the data cannot be looked at, a loader of the user's own reads it, or balancing changes
        how many samples there are.
    """
    if not config.data.train_dir or changes_counts(config):
        return None
    try:
        train = divided_parts(config, open_data(config, base_dir))[0]
    except (DataError, ConfigError):
        return None
    return steps_of(config, train.num_samples)


def changes_counts(config: Config) -> bool:
    """Whether balancing changes how many samples an epoch has."""
    return config.data.balance.method in ("oversample", "undersample", "variations")


def steps_of(config: Config, num_samples: int) -> int:
    """Batches of an epoch of so many training samples: at least 1."""
    steps = max(1, -(-num_samples // config.data.batch_size))
    return min(steps, config.training.max_train_batches or steps)
