"""What a network can learn, and what each of these tasks means for loss, metrics and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Task = Literal[
    "image_classification",
    "image_segmentation",
    "object_detection",
    "tabular_classification",
    "tabular_regression",
    "custom",
]


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What follows from a task.

    Attributes:
        title: For a person.
        is_pictures: Whether inputs are pictures.
        loss: The loss that fits; empty where the model or the user's loader decides.
        metrics: The metrics that fit.
        model: The model to start with.
        monitor: The figure that says which epoch was best.
    """

    title: str
    is_pictures: bool
    loss: str
    metrics: tuple[str, ...]
    model: str
    monitor: str = "val_loss"


TASKS: Final[dict[Task, TaskFacts]] = {
    "image_classification": TaskFacts(
        "Image classification", True, "SparseCategoricalCrossentropy", ("Accuracy",), "SmallCNN"
    ),
    "image_segmentation": TaskFacts(
        "Image segmentation",
        True,
        "SparseCategoricalCrossentropy",
        ("PixelAccuracy", "MeanMaskIoU", "MeanDice"),
        "UNet",
    ),
    "object_detection": TaskFacts("Object detection", True, "", (), "LightDetector", monitor="val_map50"),
    "tabular_classification": TaskFacts(
        "Classification of table rows", False, "SparseCategoricalCrossentropy", ("Accuracy",), "MLP"
    ),
    "tabular_regression": TaskFacts(
        "Regression of table rows", False, "MeanSquaredError", ("MeanAbsoluteError",), "MLP"
    ),
    "custom": TaskFacts("Custom", True, "SparseCategoricalCrossentropy", ("Accuracy",), "SmallCNN"),
}
PICTURE_TASKS: Final[tuple[Task, ...]] = tuple(task for task, facts in TASKS.items() if facts.is_pictures)
"""Those whose inputs are pictures."""
