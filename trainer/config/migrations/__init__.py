"""Older and foreign forms of a configuration, turned into the current one. Works on plain data.

`enhanced_system` reads the forms that the enhanced training system printed. The other modules read those of two
PyTorch trainers, a guide's JSON and a plan's fields and presets, which share most of their words: `foreign_keys`
finds the words, and one module per topic says what becomes of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from trainer.config.config import SCHEMA_VERSION
from trainer.config.migrations.augmentation_words import map_augmentation
from trainer.config.migrations.data_words import map_data
from trainer.config.migrations.enhanced_system import ENHANCED_SYSTEM_FORMS
from trainer.config.migrations.foreign_keys import ForeignKeys
from trainer.config.migrations.model_words import map_model
from trainer.config.migrations.optimizer_words import map_optimizer
from trainer.config.migrations.plan_fields import flatten_fields
from trainer.config.migrations.schedule_words import map_schedule
from trainer.config.migrations.training_words import map_training

Values = dict[str, Any]

_FEWEST_FOREIGN_KEYS = 2
"""One unknown key is more likely a slip of the pen, which deserves its error and suggestion."""
_TOPICS: tuple[Callable[[ForeignKeys], None], ...] = (
    map_model,
    map_data,
    map_augmentation,
    map_optimizer,
    map_schedule,
    map_training,
)
_UPGRADES: dict[int, Callable[[Values, list[str]], None]] = {}


@dataclass(frozen=True, slots=True)
class Migrated:
    """What migration made of plain values.

    Attributes:
        values: The values in the current form.
        notes: One sentence per key that was moved, changed or does not apply.
        moved: The dotted key in the file by the dotted key that it became.
    """

    values: Values
    notes: tuple[str, ...] = ()
    moved: dict[str, str] = field(default_factory=dict)


def migrate(values: Values) -> Migrated:
    """Bring a configuration to the current schema version.

    Args:
        values: Plain values as read; not changed.

    Returns:
        The migrated values with notes. Values that need no migration come back equal, without notes. Keys that
        belong to no known form stay as they are, for the validation to name.
    """
    migrated = copy.deepcopy(values)
    notes: list[str] = []
    for step in ENHANCED_SYSTEM_FORMS:
        step(migrated, notes)
    flatten_fields(migrated, notes)
    migrated, moved = _without_foreign_words(migrated, notes)
    version = migrated.get("schema_version", SCHEMA_VERSION)
    while isinstance(version, int) and version in _UPGRADES:
        _UPGRADES[version](migrated, notes)
        version += 1
        migrated["schema_version"] = version
    return Migrated(migrated, tuple(notes), moved)


def _without_foreign_words(values: Values, notes: list[str]) -> tuple[Values, dict[str, str]]:
    """The values with other trainers' words mapped, and what moved; or as they were, if a key would be written over."""
    mapped, said = copy.deepcopy(values), list[str]()
    foreign = ForeignKeys(mapped, said)
    if foreign.count < _FEWEST_FOREIGN_KEYS:
        return values, {}
    for map_topic in _TOPICS:
        map_topic(foreign)
    if foreign.lost():
        return values, {}
    foreign.drop_empty_groups()
    notes += said
    return mapped, foreign.moved
