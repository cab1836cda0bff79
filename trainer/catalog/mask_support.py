"""What training cannot do with masks: losses that do not weigh pixels, and metrics that do not understand them."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.catalog.catalog import catalog
from trainer.config.config import Config
from trainer.errors import Problem

MASK_ACCURACIES = frozenset({"Accuracy", "SparseCategoricalAccuracy"})
"""Metrics of Keras that stand for PixelAccuracy where masks are predicted."""
MASK_CROSSENTROPY = "SparseCategoricalCrossentropy"
_METRICS_OF_KERAS = (*sorted(MASK_ACCURACIES), MASK_CROSSENTROPY)
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
    entry = catalog().find("loss", training.loss.name) if training.loss.file is None else None
    if entry is not None and entry.tasks:
        yield Problem(
            key,
            f"{entry.name} gives one figure per picture, so pixels cannot be weighted. Choose none here and give the "
            "loss its argument class_weights, or leave training.loss empty.",
        )


def _metric_problems(config: Config) -> Iterator[Problem]:
    for index, metric in enumerate(config.training.metrics or ()):
        entry = catalog().find("metric", metric.name) if metric.file is None else None
        if entry is None or entry.tasks or entry.name in _METRICS_OF_KERAS:
            continue
        yield Problem(
            f"training.metrics.{index}", f"{entry.name} does not understand masks. Choose {_METRICS_OF_OURS}."
        )
