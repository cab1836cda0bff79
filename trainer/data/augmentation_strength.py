"""The ready strengths of augmentation: what light, medium and heavy mean."""

from __future__ import annotations

from typing import Final, Literal

from trainer.config.sections import AugmentationSection

Strength = Literal["light", "medium", "heavy"]

STRENGTHS: Final[dict[str, AugmentationSection]] = {
    "light": AugmentationSection(
        horizontal_flip=True,
        rotation_degrees=5,
        zoom_fraction=0.05,
        translation_fraction=0.05,
        contrast_fraction=0.1,
        brightness_fraction=0.05,
    ),
    "medium": AugmentationSection(
        horizontal_flip=True,
        rotation_degrees=10,
        zoom_fraction=0.1,
        translation_fraction=0.1,
        contrast_fraction=0.2,
        brightness_fraction=0.1,
    ),
    "heavy": AugmentationSection(
        horizontal_flip=True,
        rotation_degrees=25,
        zoom_fraction=0.25,
        translation_fraction=0.15,
        contrast_fraction=0.4,
        brightness_fraction=0.2,
    ),
}
_MOST_DEGREES_OF_BOXES = 5.0
"""A turned box is replaced by the upright one around it, which soon holds more background than object."""


def with_strength(
    section: AugmentationSection, *, target_kind: str, channels: int, further: Strength | None = None
) -> AugmentationSection:
    """What a strength and the settings below it come to: of each kind of change the stronger one.

    Args:
        section: The section `data.augmentation`.
        target_kind: What is predicted; boxes are turned by 5° at most by a strength.
        channels: Channels of the pictures. Single-channel pictures to classify, which may be letters or digits, are
            not mirrored by a strength.
        further: Another strength on top.

    Returns:
        A section whose strength is `own`.
    """
    values = {name: getattr(section, name) for name in _CHANGES}
    for strength in (section.strength, further):
        ready = STRENGTHS.get(strength or "own")
        if ready is not None:
            suited = _suited(ready, target_kind, channels)
            values = {name: max(value, getattr(suited, name)) for name, value in values.items()}
    return section.model_copy(update={"strength": "own", **values})


def _suited(ready: AugmentationSection, target_kind: str, channels: int) -> AugmentationSection:
    changes: dict[str, object] = {}
    if target_kind == "boxes":
        changes["rotation_degrees"] = min(ready.rotation_degrees, _MOST_DEGREES_OF_BOXES)
    if channels == 1 and target_kind in ("classes", "label_sets"):
        changes["horizontal_flip"] = False
    return ready.model_copy(update=changes)


_CHANGES = tuple(
    name for name in AugmentationSection.model_fields if name not in ("strength", "fresh_every_epoch", "steps")
)
