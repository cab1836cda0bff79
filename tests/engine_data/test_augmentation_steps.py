"""Steps of an augmentation: masks and boxes, probability, randomness per sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.engine_data.shapes import box_errors, mask_agreement, rectangles
from trainer.config.component import Component
from trainer.config.sections import AugmentationSection
from trainer.engine.data.batch_step import build_step
from trainer.engine.data.split import Split
from trainer.engine.data.steps import DataSteps
from trainer.errors import ConfigError, UserCodeError

pytestmark = pytest.mark.keras
SHAPES = rectangles()
MOVING: list[tuple[str, dict[str, Any]]] = [
    ("RandomAffine", {"shear_degrees": 20, "horizontal_flip": True, "rotation_degrees": 30}),
    ("ElasticDeformation", {"displacement_fraction": 0.3}),
    ("RandomFlip", {}),
    ("RandomRotation", {"factor": 0.05}),
    ("RandomZoom", {"height_factor": 0.3}),
    ("RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1, "probability": 0.5}),
    ("RandomPerspective", {"scale": 0.3}),
]
STAYING: list[tuple[str, dict[str, Any]]] = [
    ("RandomNoise", {"deviation_fraction": 0.2}),
    ("RandomColorJitter", {"brightness_factor": 0.3}),
    ("RandomErasing", {}),
    ("RandomGaussianBlur", {"sigma": 1.0}),
    ("RandomGrayscale", {"factor": 1.0}),
]


def steps(kind: str, *chosen: tuple[str, dict[str, Any]], **more: Any) -> DataSteps:
    return DataSteps(
        tuple(
            build_step("augmentation", Component(name=name, arguments=arguments), None, kind, **more)  # type: ignore[arg-type]
            for name, arguments in chosen
        )
    )


def first_batch(split: Split, **changed: Any) -> tuple[np.ndarray, Any]:
    arguments = {
        "batch_size": 24,
        "shuffle": False,
        "seed": 5,
        "augmentation": AugmentationSection(),
        "one_hot": False,
        "repeat": False,
    }
    images, targets, *_ = next(iter(split.dataset(**(arguments | changed))))
    return images.numpy(), tf.nest.map_structure(lambda part: part.numpy(), targets)


def own(tmp_path: Path, code: str, kind: str, name: str, **arguments: Any) -> DataSteps:
    file = tmp_path / "own_steps.py"
    file.write_text("import tensorflow as tf\n" + code)
    component = Component(file=str(file), name=name, arguments=arguments)
    return DataSteps((build_step("augmentation", component, None, kind),))  # type: ignore[arg-type]


@pytest.mark.parametrize("step", MOVING, ids=[name for name, _ in MOVING])
def test_masks_and_boxes_move_along(step: tuple[str, dict[str, Any]]) -> None:
    images, masks = first_batch(SHAPES.split("masks", steps=steps("masks", step)))
    assert np.abs(images - SHAPES.pictures).max() > 100
    assert masks.dtype == np.int32 and set(np.unique(masks)) <= {0, 1, 255}
    assert mask_agreement(images, masks[..., None]) > 0.985
    images, targets = first_batch(SHAPES.split("boxes", steps=steps("boxes", step)))
    errors = box_errors(images, targets)
    assert len(errors) >= 20 and errors.max() <= 2.5
    assert (targets["boxes"][targets["labels"] == -1] == -1).all()


@pytest.mark.parametrize("step", STAYING, ids=[name for name, _ in STAYING])
def test_steps_that_change_colours_leave_masks_and_boxes_alone(step: tuple[str, dict[str, Any]]) -> None:
    images, masks = first_batch(SHAPES.split("masks", steps=steps("masks", step)))
    assert np.abs(images - SHAPES.pictures).max() > 0.01
    assert np.array_equal(masks, SHAPES.masks[..., 0])
    _, targets = first_batch(SHAPES.split("boxes", steps=steps("boxes", step)))
    assert np.array_equal(targets["boxes"], SHAPES.boxes)


@pytest.mark.parametrize(("kind", "name"), [("masks", "MixUp"), ("boxes", "RandomShear"), ("numbers", "CutMix")])
def test_what_would_leave_targets_behind_is_refused(kind: str, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        steps(kind, (name, {}))


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_pictures_are_mixed_with_their_labels(name: str) -> None:
    _, labels = first_batch(SHAPES.split("classes", steps=steps("classes", (name, {}))), one_hot=True)
    np.testing.assert_allclose(labels.sum(axis=1), 1, atol=1e-6)
    assert ((labels > 0.01) & (labels < 0.99)).any()


@pytest.mark.parametrize("name", ["RandomNoise", "RandomInvert"])
def test_a_step_is_applied_to_its_share_of_the_pictures(name: str) -> None:
    shapes = rectangles(400)
    arguments = {"factor": [1.0, 1.0], "probability": 0.25} if name == "RandomInvert" else {"probability": 0.25}
    split = shapes.split("classes", steps=steps("classes", (name, arguments)))
    images, _ = first_batch(split, batch_size=400)
    is_changed = np.abs(images - shapes.pictures).max(axis=(1, 2, 3)) > 0
    assert 0.17 < is_changed.mean() < 0.33
    unchanged, _ = first_batch(shapes.split("classes", steps=steps("classes", (name, {"probability": 0}))))
    assert np.array_equal(unchanged, shapes.pictures[:24])


@pytest.mark.parametrize("name", ["RandomAffine", "ElasticDeformation", "RandomNoise"])
def test_our_steps_change_a_picture_alike_whatever_batch_it_is_in(name: str) -> None:
    split = SHAPES.split("classes", steps=steps("classes", (name, {"probability": 0.7})))
    whole, _ = first_batch(split)
    parts = split.dataset(
        batch_size=7, shuffle=False, seed=5, augmentation=AugmentationSection(), one_hot=False, repeat=False
    )
    np.testing.assert_allclose(np.concatenate([images.numpy() for images, _ in parts]), whole, atol=1e-3)
    other, _ = first_batch(split, epoch=1)
    assert np.abs(other - whole).max() > 5


@pytest.mark.parametrize("name", ["RandomAffine", "RandomRotation", "built in"])
def test_pictures_that_are_not_fresh_look_the_same_in_every_epoch(name: str) -> None:
    arguments = {"factor": 0.2} if name == "RandomRotation" else {}
    split = SHAPES.split("masks", steps=DataSteps() if name == "built in" else steps("masks", (name, arguments)))
    strength = "medium" if name == "built in" else "own"
    section = AugmentationSection.model_validate({"strength": strength, "fresh_every_epoch": False})
    seen: list[dict[bytes, tuple[np.ndarray, np.ndarray]]] = []
    for epoch in (0, 1):
        images, masks = first_batch(split, epoch=epoch, shuffle=True, augmentation=section)
        seen.append({mask.tobytes(): (image, mask) for image, mask in zip(images, masks, strict=True)})
    assert seen[0].keys() == seen[1].keys() and len(seen[0]) > 20
    for key, (image, _) in seen[0].items():
        np.testing.assert_allclose(seen[1][key][0], image, atol=1e-3)
    fresh, _ = first_batch(split, epoch=1, augmentation=section.model_copy(update={"fresh_every_epoch": True}))
    fixed, _ = first_batch(split, epoch=1, augmentation=section)
    assert np.abs(fresh - fixed).max() > 10


def test_validation_is_not_augmented() -> None:
    images, masks = first_batch(SHAPES.split("masks", steps=steps("masks", *MOVING[:2])), augmentation=None)
    assert np.array_equal(images, SHAPES.pictures) and np.array_equal(masks, SHAPES.masks[..., 0])


def test_a_function_gets_masks_as_labels_and_may_move_them(tmp_path: Path) -> None:
    code = "def upside_down(images, labels):\n    return images[:, ::-1], labels[:, ::-1]\n"
    split = SHAPES.split("masks", steps=own(tmp_path, code, "masks", "upside_down", probability=0.5))
    images, masks = first_batch(split)
    is_turned = (images != SHAPES.pictures).any(axis=(1, 2, 3))
    assert 4 < is_turned.sum() < 20
    assert mask_agreement(images, masks[..., None]) == 1


def test_a_function_gets_boxes_as_labels(tmp_path: Path) -> None:
    code = (
        "def mirrored(images, labels, seeds):\n"
        "    left, top, right, bottom = tf.unstack(labels['boxes'], axis=-1)\n"
        "    boxes = tf.stack([96 - right, top, 96 - left, bottom], axis=-1)\n"
        "    return images[:, :, ::-1], {'boxes': boxes, 'labels': labels['labels']}\n"
    )
    images, targets = first_batch(SHAPES.split("boxes", steps=own(tmp_path, code, "boxes", "mirrored")))
    assert box_errors(images, targets).max() == 0


def test_a_function_with_a_probability_of_its_own_gets_it(tmp_path: Path) -> None:
    code = "def brighter(image, probability=0.0):\n    return image + 10 * probability\n"
    split = SHAPES.split("classes", steps=own(tmp_path, code, "classes", "brighter", probability=0.5))
    images, _ = first_batch(split)
    np.testing.assert_allclose(images, SHAPES.pictures + np.float32(5))


def test_masks_of_another_size_are_refused(tmp_path: Path) -> None:
    code = "def halved(images, labels):\n    return images, labels[:, ::2]\n"
    with pytest.raises(UserCodeError, match="Expected labels of shape"):
        own(tmp_path, code, "masks", "halved").tried(SHAPES.pictures[:4], SHAPES.masks[:4, ..., 0])


def test_preprocessing_that_changes_the_size_of_pictures_with_masks_is_refused() -> None:
    step = build_step("preprocessing", Component(name="CenterCrop", arguments={"height": 8, "width": 8}), None, "masks")
    with pytest.raises(ConfigError, match=r"Set data\.image_size instead"):
        DataSteps(preprocessing=(step,)).tried(SHAPES.pictures[:4], SHAPES.masks[:4, ..., 0])


def test_a_function_of_one_picture_preprocesses_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "own_steps.py"
    file.write_text("def halved(image, part: float = 0.5):\n    return image[::2] * part\n")
    step = build_step("preprocessing", Component(file=str(file), name="halved"), None)
    tried = DataSteps(preprocessing=(step,)).tried(SHAPES.pictures[:4], SHAPES.labels[:4, 0])
    images, _ = first_batch(SHAPES.split("classes", steps=tried), augmentation=None)
    np.testing.assert_allclose(images, SHAPES.pictures[:, ::2] * 0.5)


def test_a_built_in_step_is_known_however_it_is_spelled() -> None:
    with pytest.raises(ConfigError, match="MixUp blends pictures"):
        build_step("augmentation", Component(name="mix_up"), None, "masks")
    step = build_step("augmentation", Component(name="random-zoom", arguments={"height_factor": 0.3}), None, "boxes")
    assert step.target.fill_mode == "constant"
