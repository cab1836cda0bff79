"""Which losses can smooth labels."""

from __future__ import annotations

from pathlib import Path

from trainer.catalog.catalog import catalog
from trainer.catalog.entry import Entry
from trainer.config.config import Config
from trainer.errors import Problem

KEY = "training.label_smoothing"
_SPARSE = "SparseCategoricalCrossentropy"
"""Smoothed by its twin for one-hot labels."""


def label_smoothing_problem(config: Config, *, has_masks: bool | None = None) -> Problem | None:
    """What speaks against the configuration's label smoothing; `None` if nothing does.

    Args:
        config: The configuration.
        has_masks: Whether masks are predicted; by default as the task says.
    """
    training = config.training
    if has_masks is None:
        has_masks = config.project.task == "image_segmentation"
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
    if _can_smooth(entry.name):
        return _trains_uncounted(entry) if has_masks and not entry.tasks else None
    able = [name for name in catalog().names("loss") if _can_smooth(name)]
    if has_masks:
        able = [name for name in able if _is_for_masks(name)]
    return Problem(KEY, f"{entry.name} cannot smooth labels. Losses that can: {', '.join(able)}.")


def _trains_uncounted(entry: Entry) -> Problem:
    """Smoothing by Keras gives every pixel a share of each class, also those that stand for none."""
    message = f"Smoothed by {entry.name}, the pixels of a mask that are not counted (255) would be trained as well."
    return Problem(KEY, f"{message} Choose MaskCrossentropy, or leave training.loss empty.")


def _is_for_masks(name: str) -> bool:
    entry = catalog().find("loss", name)
    return entry is not None and "image_segmentation" in entry.tasks


def _can_smooth(name: str) -> bool:
    entry = catalog().find("loss", name)
    return name == _SPARSE or (entry is not None and entry.argument("label_smoothing") is not None)
