"""What loss, model and smoothing cannot do with the kind of target there is.

The task says that kind, except for the task `custom`, which takes any data: then the data does. The engine refuses by
these rules once the data is read, and the data check before training.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainer.catalog.catalog import built_in, catalog
from trainer.catalog.label_smoothing import label_smoothing_problem
from trainer.catalog.mask_support import mask_problems
from trainer.catalog.task_fit import label_set_problems
from trainer.config.config import Config
from trainer.config.targets import TargetKind, task_of
from trainer.config.task import TASKS
from trainer.errors import Problem


def target_problems(config: Config, kind: TargetKind) -> Iterator[Problem]:
    """What speaks against the configuration, as far as the kind of target decides it and the task does not.

    Args:
        config: The configuration.
        kind: What there is to predict.
    """
    if kind == "label_sets":
        yield from label_set_problems(config)
    if config.project.task != "custom":
        return
    if smoothing := label_smoothing_problem(config, kind):
        yield smoothing
    if kind == "masks":
        yield from mask_problems(config, has_masks=True)


def model_problem(config: Config, kind: TargetKind) -> Problem | None:
    """Why one of the built-in models cannot predict masks or boxes; `None` where it can, or is the user's own.

    Args:
        config: Names the model.
        kind: What there is to predict.
    """
    architecture = config.model.architecture
    entry = built_in("model", architecture)
    task = task_of(kind, has_pictures=True)
    if kind not in ("masks", "boxes") or entry is None or task in entry.tasks:
        return None
    fitting = ", ".join(other.name for other in catalog().entries("model") if task in other.tasks)
    return Problem(
        "model.architecture",
        f"{entry.name} is not made for {TASKS[task].title.lower()}, which {kind} need. Choose one of {fitting}.",
    )


def takes_tables(config: Config) -> bool:
    """Whether the model can learn from columns of numbers; the user's own may."""
    architecture = config.model.architecture
    entry = built_in("model", architecture)
    return entry is None or any(task.startswith("tabular") for task in entry.tasks)


def only_for_pictures(config: Config, received: str) -> Problem:
    """The problem of a model that gets something else than pictures.

    Args:
        config: Names the model.
        received: What the loader gives, such as `inputs of shape (7,)`.
    """
    return Problem(
        "model.architecture",
        f"{config.model.architecture.name} takes pictures of (height, width, channels), but the loader gives "
        f"{received}. Choose MLP where these are the columns of a table, or a model of your own.",
    )
