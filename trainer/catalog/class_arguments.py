"""Arguments that name classes by their number or have one value for each, which only the data can rule out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainer.catalog.catalog import GROUP_OF_OURS, built_in
from trainer.catalog.entry import ComponentKind
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.targets import TargetKind
from trainer.errors import Problem


def class_argument_problems(config: Config, kind: TargetKind, num_classes: int) -> Iterator[Problem]:
    """Problems of our losses and metrics for masks, of which only those take classes in their arguments.

    Args:
        config: The configuration.
        kind: What there is to predict.
        num_classes: Classes of the data; 0 where that is not known.
    """
    training = config.training
    if kind != "masks" or not num_classes or training.outputs:
        return
    if training.loss is not None:
        yield from _problems("training.loss", "loss", training.loss, num_classes)
    for number, metric in enumerate(training.metrics or ()):
        yield from _problems(f"training.metrics.{number}", "metric", metric, num_classes)


def _problems(key: str, kind: ComponentKind, component: Component, num_classes: int) -> Iterator[Problem]:
    entry = built_in(kind, component)
    if entry is None or entry.group != GROUP_OF_OURS:
        return
    for name, find_fault in (("class_weights", _weights_fault), ("class_id", _number_fault)):
        value = component.arguments.get(name)
        if value is not None and (message := find_fault(value, num_classes)):
            yield Problem(f"{key}.arguments.{name}", message)


def _weights_fault(weights: Any, num_classes: int) -> str:
    if not isinstance(weights, list | tuple):
        return ""  # told by the check of types
    are_numbers = all(isinstance(weight, int | float) and not isinstance(weight, bool) for weight in weights)
    if are_numbers and len(weights) == num_classes and min(weights) >= 0:
        return ""
    return (
        f"Expected {num_classes} numbers, one per class in the order of the classes, none of them negative; received "
        f"{list(weights)}."
    )


def _number_fault(number: Any, num_classes: int) -> str:
    if not isinstance(number, int) or 0 <= number < num_classes:
        return ""
    return f"Expected the number of a class, from 0 to {num_classes - 1}, received {number}."
