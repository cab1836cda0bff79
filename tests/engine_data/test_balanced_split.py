"""Balanced training samples: repeated, left out, weighed, or varied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engine_data.conftest import Heard
from tests.engine_data.shapes import Rectangles, rectangles
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.sections import AugmentationSection
from trainer.engine.data.balanced_split import balance_training
from trainer.engine.data.batch_step import build_step
from trainer.engine.data.split import Split
from trainer.engine.data.steps import DataSteps
from trainer.errors import ConfigError

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def shapes() -> Rectangles:
    """18 pictures of class 0 and 6 of class 1."""
    found = rectangles()
    found.labels[:, 0] = np.arange(24) >= 18
    return found


def balanced(split: Split, heard: Heard, **balance: Any) -> tuple[Split, Any, Any]:
    return balance_training(split, Config.model_validate({"data": {"balance": balance}}), heard)


def batch(split: Split, augmentation: AugmentationSection | None, **changed: Any) -> list[np.ndarray]:
    size = {"batch_size": split.num_samples, "shuffle": False, "seed": 1, "one_hot": False, "repeat": False} | changed
    return [part.numpy() for part in next(iter(split.dataset(augmentation=augmentation, **size)))]


@pytest.mark.parametrize("method", ["oversample", "variations"])
def test_rare_classes_come_as_often_as_the_target_ratio_says(shapes: Rectangles, heard: Heard, method: str) -> None:
    split, before, after = balanced(shapes.split("classes"), heard, method=method, target_ratio=0.5)
    assert (before.tolist(), after.tolist()) == ([18, 6], [18, 9])
    assert split.num_samples == 27 and split.labels is not None
    assert heard.lines == ["[DATA] Balance: other 18 → 18", "[DATA] Balance: rectangle 6 → 9"]
    images, labels = batch(split, None)
    assert np.array_equal(images[:24], shapes.pictures) and (labels[24:] == 1).all()


def test_variations_change_the_copies_and_only_them(shapes: Rectangles, heard: Heard) -> None:
    split, *_ = balanced(shapes.split("classes"), heard, method="variations", intensity="heavy")
    assert split.are_copies is not None and split.are_copies.sum() == 12
    plain, _ = batch(split, None)
    varied, _ = batch(split, AugmentationSection())
    difference = np.abs(varied - plain.astype(np.float32)).max(axis=(1, 2, 3))
    assert (difference[:24] == 0).all()
    assert (difference[24:] > 10).all()
    assert len({image.tobytes() for image in varied[24:]}) == 12


def test_copies_made_by_oversampling_stay_as_they_are(shapes: Rectangles, heard: Heard) -> None:
    split, *_ = balanced(shapes.split("classes"), heard, method="oversample")
    assert np.array_equal(batch(split, AugmentationSection())[0], batch(split, None)[0])


@pytest.mark.parametrize("epoch", [0, 2])
def test_variations_follow_from_seed_epoch_and_sample(shapes: Rectangles, heard: Heard, epoch: int) -> None:
    split, *_ = balanced(shapes.split("classes"), heard, method="variations")
    settings = {"shuffle": True, "batch_size": 5, "repeat": True, "augmentation": AugmentationSection()}
    whole = split.dataset(seed=1, one_hot=False, **settings)
    later = split.dataset(seed=1, one_hot=False, epoch=epoch, step=3, **settings)
    skipped = epoch * split.num_batches(5) + 3
    for one, other in zip(whole.skip(skipped).take(3), later.take(3), strict=True):
        assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


def test_a_step_for_variations_is_applied_to_copies_alone(shapes: Rectangles, heard: Heard) -> None:
    step = Component(name="RandomInvert", arguments={"factor": [1.0, 1.0]})
    steps = DataSteps((build_step("augmentation", step, None, "classes", only_copies=True),))
    split, *_ = balanced(shapes.split("classes", steps=steps), heard, method="variations", intensity="light")
    plain, _ = batch(split, None)
    varied, _ = batch(split, AugmentationSection())
    assert np.array_equal(varied[:24], plain[:24])
    assert varied[24:].mean() > 150 > plain[24:].mean()


def test_class_weights_reach_every_sample(shapes: Rectangles, heard: Heard) -> None:
    split, before, after = balanced(shapes.split("classes"), heard, method="class_weights")
    assert np.array_equal(before, after)
    assert heard.lines == ["[DATA] Class weights: other 0.667, rectangle 2"]
    _, labels, weights = batch(split, AugmentationSection(strength="medium"))
    np.testing.assert_allclose(weights, np.where(labels == 1, 2, 2 / 3), rtol=1e-6)


def test_class_weights_reach_every_pixel_and_move_with_the_mask(shapes: Rectangles, heard: Heard) -> None:
    split, *_ = balanced(shapes.split("masks"), heard, method="class_weights")
    assert split.class_weights is not None
    rare = float((shapes.masks == 1).mean())
    np.testing.assert_allclose(split.class_weights, [0.5 / (1 - rare), 0.5 / rare], rtol=1e-5)
    _, masks, weights = batch(split, AugmentationSection(rotation_degrees=40, horizontal_flip=True))
    assert masks.shape == weights.shape and not np.array_equal(masks, shapes.masks[..., 0])
    np.testing.assert_allclose(weights, split.class_weights[masks], rtol=1e-6)


def test_given_weights_need_no_counting(shapes: Rectangles, heard: Heard) -> None:
    given = {"method": "class_weights", "weighting": "given", "class_weights": "rectangle=3"}
    assert balanced(shapes.split("masks"), heard, **given)[0].class_weights.tolist() == [1, 3]


@pytest.mark.parametrize(("kind", "method"), [("boxes", "class_weights"), ("masks", "oversample")])
def test_what_has_no_single_class_cannot_be_balanced(shapes: Rectangles, heard: Heard, kind: str, method: str) -> None:
    with pytest.raises(ConfigError) as refused:
        balanced(shapes.split(kind), heard, method=method)
    assert refused.value.problems[0].key == "data.balance.method"
