"""Which augmentation steps suit which task, and the probability that every step has."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.catalog.entry import Argument, Entry
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.task import Task
from trainer.errors import Problem

PROBABILITY = "probability"
STEPS_KEY = "data.augmentation.steps"
VARIATION_STEPS_KEY = "data.balance.variation_steps"
MOVING_LAYERS = frozenset(
    {
        "RandomFlip",
        "RandomRotation",
        "RandomZoom",
        "RandomTranslation",
        "RandomShear",
        "RandomPerspective",
        "RandomElasticTransform",
        "RandomCrop",
        "RandAugment",
    }
)
"""Keras layers that move what is in a picture; all others of Keras change its colours or blend it with others."""
_MIXES = "{name} blends pictures and their class labels. It suits image classification only."
_NO_MASKS = {
    "MixUp": _MIXES,
    "CutMix": _MIXES,
    "AugMix": "AugMix blends differently moved copies of a picture, which no mask fits. Choose RandomAffine and "
    "RandomColorJitter.",
    "RandomElasticTransform": "Keras' RandomElasticTransform bends the mask in another way than the picture. Choose "
    "ElasticDeformation.",
}
_NO_BOXES = {
    "MixUp": _MIXES,
    "CutMix": _MIXES,
    "AugMix": "AugMix blends differently moved copies of a picture, which no box fits. Choose RandomAffine and "
    "RandomColorJitter.",
    "RandomElasticTransform": "Keras' RandomElasticTransform does not move boxes. Choose ElasticDeformation.",
    "RandomShear": "Keras' RandomShear moves boxes by another amount than the picture. Choose RandomAffine.",
    "RandAugment": "Keras' RandAugment moves boxes in another order than the picture. Choose RandomAffine and "
    "RandomColorJitter.",
    "RandomCrop": "Keras' RandomCrop exchanges height and width for boxes. Choose RandomAffine.",
}
_RESIZING = frozenset({"Resizing", "CenterCrop", "PadToSize"})
_TARGET_KINDS: dict[Task, str] = {"image_segmentation": "masks", "object_detection": "boxes"}
_WITHOUT_CLASSES = {
    "object_detection": "Boxes of several classes share a picture, so pictures cannot be balanced by class. "
    "Choose none.",
    "tabular_regression": "There are no classes to balance in a regression. Choose none.",
}


def with_probability(entry: Entry) -> Entry:
    """The entry of an augmentation step with the argument that says how often it is applied, unless it has its own."""
    if entry.kind != "augmentation" or entry.unusable_because or entry.argument(PROBABILITY) is not None:
        return entry
    argument = Argument(
        name=PROBABILITY,
        kind="float",
        default=1.0,
        minimum=0.0,
        maximum=1.0,
        description="Share of the pictures that this step is applied to, drawn for each picture.",
    )
    return entry.model_copy(update={"arguments": (*entry.arguments, argument)})


def unsuited_because(name: str, target_kind: str) -> str:
    """Why a step of Keras' cannot be used where this is predicted; empty where it can.

    Args:
        name: The step's name.
        target_kind: `classes`, `label_sets`, `numbers`, `masks`, `boxes` or `other`.
    """
    if target_kind == "masks":
        return _NO_MASKS.get(name, "").format(name=name)
    if target_kind == "boxes":
        return _NO_BOXES.get(name, "").format(name=name)
    return _MIXES.format(name=name) if target_kind == "numbers" and name in ("MixUp", "CutMix") else ""


def chosen_steps(config: Config) -> dict[str, tuple[Component, ...]]:
    """The augmentation steps that are applied, by the key of their list: to all samples, and to added copies alone."""
    steps = {STEPS_KEY: config.data.augmentation.steps}
    if config.data.balance.method == "variations":
        steps[VARIATION_STEPS_KEY] = config.data.balance.variation_steps
    return steps


def data_step_problems(config: Config) -> Iterator[Problem]:
    """Steps and balancing that do not suit the configuration's task."""
    target_kind = _TARGET_KINDS.get(config.project.task, "")
    for key, steps in chosen_steps(config).items():
        for index, step in enumerate(steps):
            if step.file is None and (message := unsuited_because(step.name, target_kind)):
                yield Problem(f"{key}.{index}", message)
    for index, step in enumerate(config.data.preprocessing):
        if step.file is None and target_kind and step.name in _RESIZING:
            message = (
                f"{step.name} would change the pictures' size but not that of their {target_kind}. Set data.image_size."
            )
            yield Problem(f"data.preprocessing.{index}", message)
    yield from _balance_problems(config)


def _balance_problems(config: Config) -> Iterator[Problem]:
    task, method = config.project.task, config.data.balance.method
    if method == "none":
        return
    message = _WITHOUT_CLASSES.get(task, "")
    if config.data.loader.file is not None:
        message = "Your own loader gives batches that are taken as they are. Balance there, and choose none here."
    if task == "image_segmentation" and method != "class_weights":
        message = "A picture with a mask has pixels of many classes. Choose class_weights, or none."
    if method == "variations" and task.startswith("tabular"):
        message = "Rows of a table cannot be varied like pictures. Choose oversample."
    if message:
        yield Problem("data.balance.method", message)
