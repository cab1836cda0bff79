"""Which losses can smooth labels."""

from __future__ import annotations

from pathlib import Path

from trainer.catalog.catalog import catalog
from trainer.config.config import Config
from trainer.errors import Problem

KEY = "training.label_smoothing"
_SPARSE = "SparseCategoricalCrossentropy"
"""Smoothed by its twin for one-hot labels."""


def label_smoothing_problem(config: Config) -> Problem | None:
    """What speaks against the configuration's label smoothing; `None` if nothing does."""
    training = config.training
    if not training.label_smoothing:
        return None
    if training.outputs:
        return Problem(KEY, "With training.outputs, give label_smoothing to the loss of the output that needs it.")
    loss = training.loss
    if loss is None:
        return None
    if loss.file is not None:
        return Problem(KEY, f"The loss {loss.name or Path(loss.file).stem} is your own and has to smooth by itself.")
    entry = catalog().find("loss", loss.name)
    if entry is None:
        return None  # told by its own name
    if "label_smoothing" in loss.arguments:
        return Problem(KEY, f"{entry.name} has an argument label_smoothing as well. Set one of the two.")
    if entry.name == _SPARSE and loss.arguments.get("ignore_class") is not None:
        return Problem(KEY, f"{entry.name} cannot smooth labels while it ignores a class.")
    if entry.name == _SPARSE or entry.argument("label_smoothing") is not None:
        return None
    able = [name for name in catalog().names("loss") if _can_smooth(name)]
    return Problem(KEY, f"{entry.name} cannot smooth labels. Losses that can: {', '.join(able)}.")


def _can_smooth(name: str) -> bool:
    entry = catalog().find("loss", name)
    return name == _SPARSE or (entry is not None and entry.argument("label_smoothing") is not None)
