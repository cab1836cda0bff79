"""Which steps of preprocessing and augmentation suit which task and which pictures."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.catalog.balance_support import balance_problem
from trainer.catalog.catalog import built_in
from trainer.catalog.entry import ComponentKind
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.sections import AugmentationSection
from trainer.config.targets import TargetKind, usual_target
from trainer.config.task import TASKS
from trainer.errors import Problem

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
MIXING_LAYERS = ("MixUp", "CutMix")
"""Keras layers that blend class labels as they blend pictures."""
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
_NEEDS_RGB = frozenset({"RandomHue", "RandomSaturation"})
_NO_OPACITY = frozenset({"AugMix", "RandAugment", "RandomColorDegeneration", "RandomGrayscale"})


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
    return _MIXES.format(name=name) if target_kind == "numbers" and name in MIXING_LAYERS else ""


def unsuited_colors(step: Component, color_mode: str) -> str:
    """Why a step of Keras' cannot change pictures with these channels; empty where it can.

    Args:
        step: The step with its arguments.
        color_mode: `rgb`, `grayscale` or `rgba`.
    """
    given = {name for name, value in step.arguments.items() if value is not None}
    shifts_hue = step.name == "RandomColorJitter" and bool(given & {"saturation_factor", "hue_factor"})
    if color_mode != "rgb" and (step.name in _NEEDS_RGB or shifts_hue):
        what = "with hue_factor or saturation_factor " if shifts_hue else ""
        return f"{step.name} {what}takes rgb pictures only, received {color_mode}. Leave it out."
    is_plain = step.name == "AugMix" and step.arguments.get("all_ops") is False
    if color_mode == "rgba" and step.name in _NO_OPACITY and not is_plain:
        return f"{step.name} takes no pictures with opacity (rgba). Leave it out, or set data.color_mode to rgb."
    return ""


def chosen_steps(config: Config) -> dict[str, tuple[Component, ...]]:
    """The augmentation steps that are applied, by the key of their list: to all samples, and to added copies alone.

    What is built in has its own spelling, however the configuration spells it.
    """
    steps = {STEPS_KEY: _own_spelling("augmentation", config.data.augmentation.steps)}
    if config.data.balance.method == "variations":
        steps[VARIATION_STEPS_KEY] = _own_spelling("augmentation", config.data.balance.variation_steps)
    return steps


def _own_spelling(kind: ComponentKind, steps: tuple[Component, ...]) -> tuple[Component, ...]:
    """The steps with the names of the catalog, where `mixup` finds MixUp."""
    found = [built_in(kind, step) for step in steps]
    return tuple(
        step if entry is None else step.model_copy(update={"name": entry.name})
        for step, entry in zip(steps, found, strict=True)
    )


def _unsuited_colors(config: Config, step: Component) -> str:
    """As `unsuited_colors`; a loader of the user's decides itself about the channels."""
    return unsuited_colors(step, config.data.color_mode) if config.data.loader.file is None else ""


def is_active(augmentation: AugmentationSection | None) -> bool:
    """Whether it changes anything, its further steps aside."""
    return augmentation is not None and bool(_changes(augmentation))


def _changes(augmentation: AugmentationSection) -> tuple[str, ...]:
    """Its settings that change something, its further steps aside."""
    nothing = AugmentationSection()
    names = (name for name in AugmentationSection.model_fields if name not in ("steps", "fresh_every_epoch"))
    return tuple(name for name in names if getattr(augmentation, name) != getattr(nothing, name))


def picture_step_problem(config: Config, received: str) -> Problem | None:
    """A step for pictures where the loader gives none; `None` where there is no such step.

    Args:
        config: The configuration.
        received: What the loader gives instead, such as `inputs of shape (7,)`.
    """
    data = config.data
    keys = ["data.preprocessing"] if data.preprocessing else []
    keys += [STEPS_KEY] if data.augmentation.steps else []
    keys += [f"data.augmentation.{name}" for name in _changes(data.augmentation)]
    if not keys:
        return None
    message = f"This works on pictures of (height, width, channels), but the loader gives {received}."
    return Problem(keys[0], f"{message} Leave it out, or do it in a loader of your own.")


def data_step_problems(
    config: Config, target_kind: TargetKind | None = None, *, has_pictures: bool | None = None
) -> Iterator[Problem]:
    """Steps and balancing that do not suit what is predicted.

    Args:
        config: The configuration.
        target_kind: What is predicted; by default as the task says.
        has_pictures: Whether the samples are pictures; by default as the task says.
    """
    task = config.project.task
    kind = target_kind or (TASKS[task].is_pictures and usual_target(task)) or ""
    for key, steps in chosen_steps(config).items():
        for index, step in enumerate(steps):
            if step.file is None and (message := unsuited_because(step.name, kind) or _unsuited_colors(config, step)):
                yield Problem(f"{key}.{index}", message)
    for index, step in enumerate(_own_spelling("preprocessing", config.data.preprocessing)):
        if step.file is None and kind in ("masks", "boxes") and step.name in _RESIZING:
            message = f"{step.name} would change the pictures' size but not that of their {kind}. Set data.image_size."
            yield Problem(f"data.preprocessing.{index}", message)
    if (balance := balance_problem(config, target_kind, has_pictures=has_pictures)) is not None:
        yield balance
