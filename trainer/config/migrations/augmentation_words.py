"""Random changes to training pictures: the guide's ready pipelines, the plan's fields, mixing of pictures."""

from __future__ import annotations

import math
from typing import Any

from trainer.config.migrations.foreign_keys import ForeignKeys, component, number, shown

_READY: dict[str, Any] = {
    "horizontal_flip": True,
    "rotation_degrees": 15.0,
    "zoom_fraction": 0.1,
    "translation_fraction": 0.1,
    "contrast_fraction": 0.2,
    "brightness_fraction": 0.2,
}
"""What the guide's own pipeline does, as far as our settings name it."""
_STRENGTHS: dict[Any, float] = {True: 1.0, "basic": 1.0, "standard": 1.0, "advanced": 1.0, "heavy": 1.5}
_WITH_FURTHER_STEPS = ("advanced", "heavy")
_PLANS_RESIZE_SCALE = [0.8, 1.0]
_MIXING = {"mixup_alpha": ("MixUp", "alpha"), "cutmix_alpha": ("CutMix", "factor")}


def map_augmentation(foreign: ForeignKeys) -> None:
    """Augmentation by a word, by fields, and by mixing."""
    _by_word(foreign)
    if foreign.value("augmentation.enabled") is False:
        _switched_off(foreign)
        return
    foreign.drop("augmentation.enabled", "each change below is switched on by its own setting")
    _places(foreign)
    _colors(foreign)
    _mixing(foreign)
    _automatic(foreign)


def _by_word(foreign: ForeignKeys) -> None:
    word = foreign.first("data_augmentation", "augmentation")
    if word is None:
        return
    received = foreign.value(word)
    received = received.lower() if isinstance(received, str) else received
    if received is False or received is None or received == "none":
        foreign.drop(word, "pictures stay as they are unless a setting of data.augmentation changes them")
        return
    if not isinstance(received, (str, bool)) or received not in _STRENGTHS:
        return
    told = foreign.told(word)
    foreign.take(word)
    strength = _STRENGTHS[received]
    settings = {name: value if value is True else round(value * strength, 3) for name, value in _READY.items()}
    for name, value in settings.items():
        foreign.put(f"data.augmentation.{name}", value, word)
    steps = _further_steps(strength) if received in _WITH_FURTHER_STEPS else []
    _add_steps(foreign, steps, word)
    changes = ", ".join([*(f"{name} {shown(value)}" for name, value in settings.items()), *map(shown, steps)])
    foreign.note(f"{told} became data.augmentation with the changes of the guide's own pipeline: {changes}.")


def _further_steps(strength: float) -> list[dict[str, Any]]:
    return [
        _saturation(0.2 * strength),
        _hue(0.1 * strength),
        component("RandomGaussianBlur", {"factor": [0.2, 0.2], "sigma": [0.1, 2.0]}),
        component("RandomErasing", {"factor": [0.1, 0.1], "scale": [0.02, 0.1]}),
    ]


def _switched_off(foreign: ForeignKeys) -> None:
    reason = "augmentation is switched off"
    for word in (
        "enabled",
        "random_flip",
        "random_rotation",
        "random_crop",
        "resize_scale",
        "color_jitter",
        *(f"color_jitter.{name}" for name in ("brightness", "contrast", "saturation", "hue")),
        "random_grayscale",
        "gaussian_blur",
        *_MIXING,
        "auto_augment",
    ):
        foreign.drop(f"augmentation.{word}", reason)


def _places(foreign: ForeignKeys) -> None:
    foreign.move("augmentation.random_flip", "data.augmentation.horizontal_flip")
    foreign.move("augmentation.random_rotation", "data.augmentation.rotation_degrees")
    crop, scale = (foreign.value(f"augmentation.{name}") for name in ("random_crop", "resize_scale"))
    if crop is False:
        for word in ("augmentation.random_crop", "augmentation.resize_scale"):
            foreign.drop(word, "random cropping is switched off")
        return
    if crop is True and "augmentation.resize_scale" not in foreign:
        scale = _PLANS_RESIZE_SCALE
    least = number(scale[0]) if isinstance(scale, list) and len(scale) == 2 else None
    if isinstance(least, (int, float)) and 0.01 <= least <= 1:
        told = foreign.told("augmentation.random_crop", "augmentation.resize_scale")
        foreign.take("augmentation.random_crop")
        foreign.take("augmentation.resize_scale")
        zoom = round(1 - math.sqrt(least), 3)
        for name in ("zoom_fraction", "translation_fraction"):
            foreign.put(f"data.augmentation.{name}", zoom)
        foreign.note(
            f"{told} became data.augmentation.zoom_fraction and translation_fraction {zoom}: a crop of that share of "
            "the area is a zoom by its side, moved about."
        )


def _colors(foreign: ForeignKeys) -> None:
    prefix = "augmentation.color_jitter"
    if foreign.value(prefix) is None:
        foreign.drop(prefix, "colors stay as they are")
    foreign.move(f"{prefix}.brightness", "data.augmentation.brightness_fraction")
    foreign.move(f"{prefix}.contrast", "data.augmentation.contrast_fraction")
    _step(foreign, f"{prefix}.saturation", _saturation)
    _step(foreign, f"{prefix}.hue", _hue)
    _step(foreign, "augmentation.random_grayscale", lambda share: component("RandomGrayscale", {"factor": share}))
    _step(foreign, "augmentation.gaussian_blur", lambda share: component("RandomGaussianBlur", {"factor": [share] * 2}))


def _mixing(foreign: ForeignKeys) -> None:
    if foreign.value("use_mixup") is False:
        foreign.drop("mixup_alpha", "mixing of pictures is switched off")
        foreign.drop("use_mixup", "pictures are mixed only by a step of data.augmentation.steps")
    elif foreign.value("use_mixup") is True and "mixup_alpha" not in foreign:
        told = foreign.told("use_mixup")
        foreign.take("use_mixup")
        _add_steps(foreign, [component("MixUp")], "use_mixup")
        foreign.note(f"{told} became the step MixUp of data.augmentation.steps.")
    elif foreign.value("use_mixup") is True:
        foreign.drop("use_mixup", "pictures are mixed where data.augmentation.steps has the step MixUp")
    for name, (layer, argument) in _MIXING.items():
        for word in (f"augmentation.{name}", name):
            _step(foreign, word, lambda share, layer=layer, argument=argument: component(layer, {argument: share}))


def _automatic(foreign: ForeignKeys) -> None:
    word = "augmentation.auto_augment"
    received = foreign.value(word)
    if received is None:
        foreign.drop(word, "no pipeline was chosen")
    elif isinstance(received, str) and received.lower() in ("randaugment", "autoaugment"):
        told = foreign.told(word)
        foreign.take(word)
        _add_steps(foreign, [component("RandAugment")], word)
        why = "" if received.lower() == "randaugment" else ": Keras has no AutoAugment; this one is its successor"
        foreign.note(f"{told} became the step RandAugment of data.augmentation.steps{why}.")


def _step(foreign: ForeignKeys, word: str, make: Any) -> None:
    """A share becomes a Keras layer; 0 means that there is none."""
    if word not in foreign:
        return
    share = number(foreign.value(word))
    if share == 0 or share is None:
        foreign.drop(word, "0 leaves the pictures as they are")
    elif isinstance(share, (int, float)) and not isinstance(share, bool) and 0 < share <= 1:
        told, step = foreign.told(word), make(share)
        foreign.take(word)
        _add_steps(foreign, [step], word)
        foreign.note(f"{told} became the step {shown(step)} of data.augmentation.steps.")


def _add_steps(foreign: ForeignKeys, steps: list[dict[str, Any]], word: str) -> None:
    present = foreign.setting("data.augmentation.steps") or []
    if steps and isinstance(present, list):
        foreign.put("data.augmentation.steps", [*present, *steps], word)


def _saturation(jitter: float) -> dict[str, Any]:
    """PyTorch multiplies the saturation by 1 ± jitter; Keras by f / (1 − f)."""
    low, high = ((1 + sign * jitter) / (2 + sign * jitter) for sign in (-1, 1))
    return component("RandomSaturation", {"factor": [round(low, 3), round(high, 3)]})


def _hue(jitter: float) -> dict[str, Any]:
    """PyTorch turns the hue by up to the jitter; Keras by half of its factor."""
    return component("RandomHue", {"factor": round(2 * jitter, 3)})
