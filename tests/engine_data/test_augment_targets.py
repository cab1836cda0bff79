"""Masks and boxes move with their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.engine_data.shapes import HEIGHT, WIDTH, box_errors, mask_agreement, rectangles
from trainer.config.sections import AugmentationSection
from trainer.engine.data.augment import Copies, augment_sample_batch, draw_randomness
from trainer.engine.data.warp import BOX_FILL

pytestmark = pytest.mark.keras
SHAPES = rectangles()
DRAWS = draw_randomness(24, 3, tf.constant(0, tf.int64))
FLIPS = AugmentationSection(horizontal_flip=True, vertical_flip=True)
MOVES = AugmentationSection(horizontal_flip=True, rotation_degrees=30, zoom_fraction=0.3, translation_fraction=0.1)


def changed(kind: str, section: AugmentationSection, copies: Copies | None = None) -> tuple[np.ndarray, Any]:
    images, targets = augment_sample_batch(
        tf.constant(SHAPES.pictures),
        SHAPES.targets(kind),
        kind,
        DRAWS,
        section,
        copies,  # type: ignore[arg-type]
    )
    return images.numpy(), tf.nest.map_structure(lambda part: part.numpy(), targets)


@pytest.mark.parametrize(("section", "least"), [(FLIPS, 1.0), (MOVES, 0.99)], ids=["flips", "moves"])
def test_masks_move_as_their_pictures_do(section: AugmentationSection, least: float) -> None:
    images, masks = changed("masks", section)
    assert np.abs(images - SHAPES.pictures).max() > 100
    assert masks.dtype == np.uint8 and masks.shape == SHAPES.masks.shape
    assert set(np.unique(masks)) == {0, 1}
    assert mask_agreement(images, masks) >= least


@pytest.mark.parametrize(("section", "most"), [(FLIPS, 0.0), (MOVES, 2.0)], ids=["flips", "moves"])
def test_boxes_move_as_their_pictures_do(section: AugmentationSection, most: float) -> None:
    images, targets = changed("boxes", section)
    errors = box_errors(images, targets)
    assert len(errors) == 24
    assert errors.max() <= most
    assert (targets["boxes"][:, 1:] == -1).all() and (targets["labels"][:, 1:] == -1).all()
    assert np.array_equal(targets["labels"][:, 0], SHAPES.labels[:, 0])


def test_light_and_colour_leave_targets_alone() -> None:
    section = AugmentationSection(contrast_fraction=0.5, brightness_fraction=0.3)
    assert np.array_equal(changed("masks", section)[1], SHAPES.masks)
    assert np.array_equal(changed("boxes", section)[1]["boxes"], SHAPES.boxes)


def test_boxes_of_which_too_little_is_left_are_dropped_and_others_cut() -> None:
    section = AugmentationSection(translation_fraction=0.5)
    far_left = tf.tensor_scatter_nd_update(tf.zeros((2, 8)), [[0, 5], [1, 5]], [-1.0, -1.0])
    boxes = np.full((2, 2, 4), -1, np.float32)
    boxes[:, 0] = [[10, 10, 56, 30], [10, 10, 60, 30]]  # 8 of 46 pixels are left (17 %), and 12 of 50 (24 %)
    labels = np.array([[1, -1], [1, -1]], np.int32)
    targets = {"boxes": tf.constant(boxes), "labels": tf.constant(labels)}
    pictures = tf.zeros((2, HEIGHT, WIDTH, 3))
    _, moved = augment_sample_batch(pictures, targets, "boxes", far_left, section)
    assert moved["labels"].numpy().tolist() == [[-1, -1], [1, -1]]
    np.testing.assert_allclose(moved["boxes"].numpy()[0], -1)
    np.testing.assert_allclose(moved["boxes"].numpy()[1, 0], [0, 10, 12, 30], atol=1e-4)


def test_what_comes_in_mirrors_masks_but_is_grey_beside_boxes() -> None:
    section = AugmentationSection(translation_fraction=0.9)
    to_the_right = tf.tensor_scatter_nd_update(tf.zeros((1, 8)), [[0, 5]], [0.5])
    picture = np.zeros((1, HEIGHT, WIDTH, 3), np.uint8)
    picture[:, :, :10] = 250
    mask = (picture[..., :1] > 0).astype(np.uint8)
    images, masks = augment_sample_batch(picture, tf.constant(mask), "masks", to_the_right, section)
    assert mask_agreement(images.numpy(), masks.numpy()) > 0.99
    assert masks.numpy()[0, 5, 34:54, 0].sum() == 20 - 1  # the edge and its mirror image
    boxes = {"boxes": tf.constant([[[0.0, 0.0, 10.0, 64.0]]]), "labels": tf.constant([[0]])}
    images, _ = augment_sample_batch(picture, boxes, "boxes", to_the_right, section)
    assert (images.numpy()[0, :, :42] == BOX_FILL).all()


@pytest.mark.parametrize("kind", ["classes", "masks", "boxes"])
def test_copies_are_changed_more_than_originals(kind: str) -> None:
    are_copies = np.arange(24) % 2 == 0
    originals, _ = changed(kind, AugmentationSection(brightness_fraction=0.02))
    both, _ = changed(kind, AugmentationSection(brightness_fraction=0.02), Copies(tf.constant(are_copies), "heavy"))
    np.testing.assert_allclose(both[~are_copies], originals[~are_copies], atol=0.05)
    assert (np.abs(both - originals)[are_copies].max(axis=(1, 2, 3)) > 20).all()


def test_copies_are_what_their_strength_alone_would_make_of_them() -> None:
    copies, _ = changed("masks", AugmentationSection(), Copies(tf.fill((24,), True), "medium"))
    medium, _ = changed("masks", AugmentationSection(strength="medium"))
    np.testing.assert_allclose(copies, medium, atol=1e-3)
