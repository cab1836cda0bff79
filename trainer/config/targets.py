"""What can be predicted, and which of it each task takes."""

from __future__ import annotations

from typing import Final, Literal

from trainer.config.task import TASKS, Task
from trainer.errors import Problem

TargetKind = Literal["classes", "label_sets", "numbers", "masks", "boxes", "other"]
"""One class per sample, several classes each, numbers, masks, boxes, or what only a user's loader knows."""

UNCOUNTED_CLASS: Final = 255
"""In a mask: this pixel stands for no class."""
_CLASSES: Final[tuple[TargetKind, ...]] = ("classes", "label_sets", "other")
# The usual kind of each task comes first.
_TARGETS: Final[dict[Task, tuple[TargetKind, ...]]] = {
    "image_classification": _CLASSES,
    "image_segmentation": ("masks", "other"),
    "object_detection": ("boxes", "other"),
    "tabular_classification": _CLASSES,
    "tabular_regression": ("numbers", "other"),
    "custom": ("classes", "label_sets", "numbers", "masks", "boxes", "other"),
}
_TEXTS: Final[dict[TargetKind, str]] = {
    "classes": "classes",
    "label_sets": "several classes each",
    "numbers": "numbers",
    "masks": "masks",
    "boxes": "boxes",
    "other": "labels of the loader's own",
}
_TASK_OF: Final[dict[TargetKind, Task]] = {
    "numbers": "tabular_regression",
    "masks": "image_segmentation",
    "boxes": "object_detection",
    "other": "custom",
}


def task_of(kind: TargetKind, *, has_pictures: bool) -> Task:
    """The task that samples of a kind are made for.

    >>> task_of("classes", has_pictures=False)
    'tabular_classification'
    """
    return _TASK_OF.get(kind, "image_classification" if has_pictures else "tabular_classification")


def usual_target(task: Task) -> TargetKind | None:
    """What a task predicts as long as nothing is known of its data; `None` where that may be anything.

    >>> usual_target("image_segmentation")
    'masks'
    """
    return None if task == "custom" else _TARGETS[task][0]


def task_problem(task: Task, kind: TargetKind, *, has_pictures: bool | None = None) -> Problem | None:
    """Why the data does not fit the task; `None` where it does.

    Args:
        task: As configured.
        kind: What there is to predict.
        has_pictures: Whether the samples are pictures, which are no rows of a table; where that is not known, as the
            task says.
    """
    what = "The samples are pictures that" if has_pictures else "The samples"
    has_pictures = TASKS[task].is_pictures if has_pictures is None else has_pictures
    if kind in _TARGETS[task] and not (has_pictures and task.startswith("tabular") and kind != "other"):
        return None
    fitting = task_of(kind, has_pictures=has_pictures)
    return Problem(
        "project.task",
        f"{what} come with {_TEXTS[kind]}: that is {TASKS[fitting].title.lower()}, not {TASKS[task].title.lower()}. "
        f"Choose {fitting}, or another layout of the loader.",
    )
