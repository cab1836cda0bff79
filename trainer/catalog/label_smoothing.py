"""Which losses can smooth labels."""

from __future__ import annotations

from pathlib import Path

from trainer.catalog.catalog import GROUP_OF_OURS, catalog
from trainer.catalog.entry import Entry
from trainer.config.config import Config
from trainer.config.targets import TargetKind, task_of
from trainer.config.task import Task
from trainer.errors import Problem

KEY = "training.label_smoothing"
_SPARSE = "SparseCategoricalCrossentropy"
"""Smoothed by its twin for one-hot labels."""
_WITHOUT_CLASSES: dict[Task, str] = {
    "tabular_regression": "Numbers are predicted, which cannot be smoothed like classes. Set this to 0.",
    "object_detection": "A detector brings its own loss, which smooths no labels. Set this to 0.",
}


def label_smoothing_problem(config: Config, kind: TargetKind | None = None) -> Problem | None:
    """What speaks against the configuration's label smoothing; `None` if nothing does.

    Args:
        config: The configuration.
        kind: What is predicted; by default as the task says.
    """
    training = config.training
    if not training.label_smoothing:
        return None
    task = task_of(kind, has_pictures=True) if kind is not None else config.project.task
    has_masks = task == "image_segmentation"
    if training.outputs:
        return Problem(KEY, "With training.outputs, give label_smoothing to the loss of the output that needs it.")
    loss = training.loss
    if loss is None or task == "object_detection":
        return Problem(KEY, _WITHOUT_CLASSES[task]) if task in _WITHOUT_CLASSES else None
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
        return _trains_uncounted(entry) if has_masks and entry.group != GROUP_OF_OURS else None
    if task in _WITHOUT_CLASSES:
        return Problem(KEY, _WITHOUT_CLASSES[task])
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
    return entry is not None and entry.group == GROUP_OF_OURS and "image_segmentation" in entry.tasks


def _can_smooth(name: str) -> bool:
    entry = catalog().find("loss", name)
    return name == _SPARSE or (entry is not None and entry.argument("label_smoothing") is not None)
