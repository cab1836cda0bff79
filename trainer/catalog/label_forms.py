"""Losses that take class numbers, and augmentation that mixes labels and so needs them as one-hot rows."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.catalog.augmentation_support import MIXING_LAYERS, chosen_steps
from trainer.catalog.catalog import built_in
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.targets import UNCOUNTED_CLASS
from trainer.errors import Problem

_CLASS_NUMBER_LOSSES = frozenset({"CategoricalGeneralizedCrossEntropy"})
_SPARSE = "SparseCategoricalCrossentropy"


def takes_class_numbers(loss_name: str) -> bool:
    """Whether a loss takes class numbers, by its name; all others take one-hot rows.

    >>> takes_class_numbers("SparseCategoricalCrossentropy"), takes_class_numbers("Dice")
    (True, False)
    """
    return "sparse" in loss_name.lower() or loss_name in _CLASS_NUMBER_LOSSES


def has_one_hot_twin(loss: Component) -> bool:
    """Whether a loss is the sparse crossentropy as it also is for one-hot rows, under its name without `Sparse`."""
    entry = built_in("loss", loss)
    ignored = loss.arguments.get("ignore_class")
    return entry is not None and entry.name == _SPARSE and ignored in (None, UNCOUNTED_CLASS)


def mixing_problem(loss: Component, step: str) -> Problem:
    """The problem of a loss for class numbers with a step that mixes labels, such as `MixUp in data.augmentation…`."""
    message = f"{step} needs one-hot labels, but the loss {loss.name} takes class numbers."
    return Problem("training.loss", f"{message} Choose CategoricalCrossentropy.")


def label_form_problems(config: Config) -> Iterator[Problem]:
    """The same, for losses and steps that are built in."""
    loss = config.training.loss
    entry = built_in("loss", loss)
    if loss is None or entry is None or not takes_class_numbers(entry.name) or has_one_hot_twin(loss):
        return
    for key, steps in chosen_steps(config).items():
        for number, step in enumerate(steps):
            if step.file is None and step.name in MIXING_LAYERS:
                yield mixing_problem(loss, f"{step.name} in {key}.{number}")
                return
