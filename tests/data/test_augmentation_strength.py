from __future__ import annotations

import pytest

from trainer.config.sections import AugmentationSection
from trainer.data.augmentation_strength import STRENGTHS, with_strength


def combined(
    section: AugmentationSection, kind: str = "classes", channels: int = 3, **more: str
) -> AugmentationSection:
    return with_strength(section, target_kind=kind, channels=channels, **more)  # type: ignore[arg-type]


def test_own_is_what_is_set() -> None:
    section = AugmentationSection(rotation_degrees=3, vertical_flip=True)
    assert combined(section) == section


def test_what_is_set_counts_on_top_of_a_strength() -> None:
    section = AugmentationSection(strength="light", rotation_degrees=90, zoom_fraction=0.01, vertical_flip=True)
    both = combined(section)
    assert both.strength == "own"
    assert (both.rotation_degrees, both.vertical_flip, both.horizontal_flip) == (90, True, True)
    assert both.zoom_fraction == STRENGTHS["light"].zoom_fraction > 0.01


def test_each_strength_changes_more_than_the_one_before() -> None:
    light, medium, heavy = (STRENGTHS[name] for name in ("light", "medium", "heavy"))
    for name in ("rotation_degrees", "zoom_fraction", "translation_fraction", "contrast_fraction"):
        assert 0 < getattr(light, name) < getattr(medium, name) < getattr(heavy, name)


def test_a_strength_does_not_mirror_what_may_be_digits() -> None:
    section = AugmentationSection(strength="heavy")
    assert not combined(section, "classes", 1).horizontal_flip
    assert combined(section, "classes", 3).horizontal_flip
    assert combined(section, "masks", 1).horizontal_flip
    assert combined(section.model_copy(update={"horizontal_flip": True}), "classes", 1).horizontal_flip


def test_a_strength_hardly_turns_boxes() -> None:
    section = AugmentationSection(strength="heavy")
    assert combined(section, "boxes").rotation_degrees == 5
    assert combined(section.model_copy(update={"rotation_degrees": 30}), "boxes").rotation_degrees == 30


@pytest.mark.parametrize("strength", ["own", "light"])
def test_copies_are_changed_more(strength: str) -> None:
    section = AugmentationSection.model_validate({"strength": strength})
    assert combined(section, further="heavy") == STRENGTHS["heavy"]


def test_the_tooltip_tells_every_amount() -> None:
    text = AugmentationSection.model_fields["strength"].description or ""
    for ready in STRENGTHS.values():
        assert f"{ready.rotation_degrees:g}°" in text
        for name in ("zoom_fraction", "translation_fraction", "contrast_fraction", "brightness_fraction"):
            assert f"{getattr(ready, name):.0%}".replace("%", " %") in text
