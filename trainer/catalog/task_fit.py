"""Which task a model, a loss or a metric is for, and what to choose where it is for another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainer.catalog.catalog import built_in
from trainer.catalog.entry import ComponentKind, Entry
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.task import TASKS, Task
from trainer.errors import Problem

OF_A_DETECTOR = "A detector has its own loss and is judged by its average precision. Leave this empty."
"""What is said of a loss or metrics that are chosen for a detector."""
_NEEDS_ONE_CLASS: dict[ComponentKind, tuple[tuple[str, ...], frozenset[str], str]] = {
    "loss": (
        ("Sparse", "Categorical"),
        frozenset({"KLDivergence", "CosineSimilarity"}),
        "BinaryCrossentropy",
    ),
    "metric": (
        ("Sparse", "Categorical", "TopK", "OneHot"),
        frozenset({"IoU", "MeanIoU", "KLDivergence", "PearsonCorrelation"}),
        "BinaryAccuracy, AUC, F1Score, Precision or Recall",
    ),
}
"""What compares one class per sample: how names begin, further names, and what to choose for several classes."""
_SHARES = "compares shares from 0 to 1, which predicted numbers are not bound to"
_LOGITS = f"{_SHARES} (with from_logits any will do)"
_LOGARITHM = "takes the logarithm of what is predicted, and is no number where a linear output is below 0"
_SIGNS = "expects targets of -1 and 1"
_CORRELATION = "compares the numbers of one sample (with axis 0, the samples of a batch)"
_OF_NUMBERS: dict[ComponentKind, dict[str, str]] = {
    "loss": {
        "BinaryCrossentropy": _LOGITS,
        "BinaryFocalCrossentropy": _LOGITS,
        "CosineSimilarity": "compares the direction of several numbers, and learns nothing from a single one",
        "Hinge": _SIGNS,
        "KLDivergence": _SHARES,
        "Poisson": _LOGARITHM,
        "SquaredHinge": _SIGNS,
    },
    "metric": {
        "BinaryCrossentropy": _LOGITS,
        "ConcordanceCorrelation": _CORRELATION,
        "Hinge": _SIGNS,
        "KLDivergence": _SHARES,
        "PearsonCorrelation": _CORRELATION,
        "Poisson": _LOGARITHM,
        "SquaredHinge": _SIGNS,
    },
}
"""What only some numbers fit: it may be meant, so it warns."""
_MEANT: dict[str, dict[str, Any]] = {
    "BinaryCrossentropy": {"from_logits": True},
    "BinaryFocalCrossentropy": {"from_logits": True},
    "PearsonCorrelation": {"axis": 0},
    "ConcordanceCorrelation": {"axis": 0},
}
"""Arguments with which it is meant for numbers."""


def is_for_task(entry: Entry, task: Task) -> bool:
    """Whether something built in fits a task; everything may fit the task `custom`, which takes any data.

    A model that names no task is for the classification of pictures; a detector brings its loss and its figures.
    """
    if task == "custom":
        return True
    if entry.kind == "model":
        return task in (entry.tasks or ("image_classification",))
    if entry.kind in ("loss", "metric") and task == "object_detection":
        return False
    return not entry.tasks or task in entry.tasks


def fit_problems(config: Config) -> Iterator[Problem]:
    """Loss and metrics that are for another task; those for masks are told in `mask_support`."""
    task, training = config.project.task, config.training
    if task in ("custom", "image_segmentation") or training.outputs:
        return
    for key, kind, component in _chosen(config):
        entry = _built_in(kind, component)
        if entry is None:
            continue
        if task == "tabular_regression" and entry.name in _OF_NUMBERS[kind]:
            if not _is_meant(entry.name, component):
                message = f"{entry.name} {_OF_NUMBERS[kind][entry.name]}. {_usual(kind, task)} fits all numbers."
                yield Problem(key, message, severity="warning")
        elif not is_for_task(entry, task):
            yield Problem(key, OF_A_DETECTOR if task == "object_detection" else _message(entry, task))


def label_set_problems(config: Config) -> Iterator[Problem]:
    """Loss and metrics that compare one class per sample, where each sample has several."""
    if config.training.outputs:
        return
    for key, kind, component in _chosen(config):
        entry = _built_in(kind, component)
        starts, names, instead = _NEEDS_ONE_CLASS[kind]
        if entry is not None and (entry.name.startswith(starts) or entry.name in names):
            yield Problem(
                key,
                f"{entry.name} expects one class per sample, but the samples have several. Choose {instead}.",
            )


def _chosen(config: Config) -> Iterator[tuple[str, ComponentKind, Component]]:
    if config.training.loss is not None:
        yield "training.loss", "loss", config.training.loss
    for index, metric in enumerate(config.training.metrics or ()):
        yield f"training.metrics.{index}", "metric", metric


def _built_in(kind: ComponentKind, component: Component) -> Entry | None:
    entry = built_in(kind, component)
    return None if entry is None or entry.unusable_because else entry


def _is_meant(name: str, component: Component) -> bool:
    given = _MEANT.get(name, {})
    return bool(given) and all(component.arguments.get(argument) == value for argument, value in given.items())


def _message(entry: Entry, task: Task) -> str:
    title = TASKS[task].title.lower()
    return f"{entry.name} is not made for {title}. Choose {_usual(entry.kind, task)}, or leave this empty."


def _usual(kind: ComponentKind, task: Task) -> str:
    facts = TASKS[task]
    return facts.loss if kind == "loss" else ", ".join(facts.metrics)
