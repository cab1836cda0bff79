"""What training cannot do with masks: losses that do not weigh pixels, and metrics that do not understand them."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.catalog.catalog import GROUP_OF_OURS, built_in
from trainer.config.config import Config
from trainer.errors import Problem

MASK_ACCURACIES = frozenset({"Accuracy", "SparseCategoricalAccuracy"})
"""Metrics of Keras that stand for PixelAccuracy where masks are predicted."""
MASK_CROSSENTROPY = "SparseCategoricalCrossentropy"
_METRICS_OF_KERAS = (*sorted(MASK_ACCURACIES), MASK_CROSSENTROPY)
_LOSSES_INSTEAD = {"Dice": "MaskDice", "Tversky": "MaskTversky"}
_METRICS_OF_OURS = "PixelAccuracy, MeanMaskIoU, MeanDice or BoundaryF1"


def mask_problems(config: Config, *, has_masks: bool | None = None) -> Iterator[Problem]:
    """Problems of loss and metrics with masks.

    Args:
        config: The configuration.
        has_masks: Whether masks are predicted; by default as the task says.
    """
    if config.training.outputs:
        return
    if has_masks is None:
        has_masks = config.project.task == "image_segmentation"
    yield from _weighing_problems(config, has_masks)
    if has_masks:
        yield from _loss_problems(config)
        yield from _metric_problems(config)


def _weighing_problems(config: Config, has_masks: bool) -> Iterator[Problem]:
    """Class weights become weights of pixels, but our losses for masks give one figure per picture."""
    key, training = "data.balance.method", config.training
    if config.data.balance.method != "class_weights":
        return
    if training.loss is None:
        if has_masks and training.label_smoothing:
            yield Problem(
                key,
                "With training.label_smoothing the loss is MaskCrossentropy, which gives one figure per picture, so "
                "pixels cannot be weighted. Choose none here, and MaskCrossentropy with its argument class_weights as "
                "training.loss.",
            )
        return
    entry = built_in("loss", training.loss)
    if entry is not None and entry.group == GROUP_OF_OURS:
        yield Problem(
            key,
            f"{entry.name} gives one figure per picture, so pixels cannot be weighted. Choose none here and give the "
            "loss its argument class_weights, or leave training.loss empty.",
        )


def _loss_problems(config: Config) -> Iterator[Problem]:
    """Losses of Keras that see a whole batch as one picture, or take the number 255 for a class."""
    loss = config.training.loss
    entry = built_in("loss", loss)
    if entry is None or entry.unusable_because or not entry.tasks or "image_segmentation" in entry.tasks:
        return
    instead = _LOSSES_INSTEAD.get(entry.name, "MaskCrossentropy, MaskDice or MaskFocal")
    yield Problem(
        "training.loss",
        f"{entry.name} can neither weigh the pixels of a mask nor leave out those that are not counted (255). Choose "
        f"{instead}.",
    )


def _metric_problems(config: Config) -> Iterator[Problem]:
    for index, metric in enumerate(config.training.metrics or ()):
        entry = built_in("metric", metric)
        if entry is None or entry.group == GROUP_OF_OURS or entry.name in _METRICS_OF_KERAS:
            continue
        yield Problem(
            f"training.metrics.{index}", f"{entry.name} does not understand masks. Choose {_METRICS_OF_OURS}."
        )
