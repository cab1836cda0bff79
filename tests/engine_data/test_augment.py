from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.catalog.augmentation_support import is_active
from trainer.config.sections import AugmentationSection
from trainer.engine.data.augment import augment, draw_randomness

pytestmark = pytest.mark.keras
DRAWS = ("horizontal_flip", "vertical_flip", "rotation", "zoom", "shift_down", "shift_right", "contrast", "brightness")


def changed(image: np.ndarray, draws: dict[str, float], **settings: Any) -> np.ndarray:
    """One picture, changed as if these numbers had been drawn (0.5 for all others: no flip)."""
    row = [draws.get(name, 0.5 if "flip" in name else 0.0) for name in DRAWS]
    result = augment(tf.constant(image[np.newaxis]), tf.constant([row]), AugmentationSection(**settings))
    return result.numpy()[0]


@pytest.fixture
def image(random_pixels: Callable[..., np.ndarray]) -> np.ndarray:
    return random_pixels(9, 9)


@pytest.mark.parametrize("others", [{}, {"rotation_degrees": 30}], ids=["alone", "in the transform"])
def test_flips_mirror_half_of_the_pictures(image: np.ndarray, others: dict[str, float]) -> None:
    flips = {"horizontal_flip": True, "vertical_flip": True, **others}
    assert np.allclose(changed(image, {"horizontal_flip": -0.1}, **flips), image[:, ::-1], atol=0.01)
    assert np.allclose(changed(image, {"vertical_flip": -0.1}, **flips), image[::-1], atol=0.01)
    assert np.allclose(changed(image, {}, **flips), image, atol=0.01)


def test_a_quarter_turn_is_exact(image: np.ndarray) -> None:
    turned = changed(image, {"rotation": 0.5}, rotation_degrees=180)
    assert np.allclose(turned, np.rot90(image, 1), atol=0.5) or np.allclose(turned, np.rot90(image, -1), atol=0.5)


def test_a_turn_of_the_other_sign_turns_the_other_way(image: np.ndarray) -> None:
    left = changed(image, {"rotation": 0.5}, rotation_degrees=180)
    right = changed(image, {"rotation": -0.5}, rotation_degrees=180)
    assert np.allclose(left[::-1, ::-1], right, atol=0.5)


def test_a_shift_moves_down_and_right_and_mirrors_the_edge() -> None:
    image = np.zeros((10, 10, 1), np.uint8)
    image[4, 4] = 200
    moved = changed(image, {"shift_down": 1.0, "shift_right": -1.0}, translation_fraction=0.2)
    assert np.argwhere(moved[..., 0] > 100).tolist() == [[6, 2]]
    assert changed(np.full((10, 10, 1), 7, np.uint8), {"shift_down": 1.0}, translation_fraction=0.5).min() == 7


def test_zoom_enlarges_around_the_middle() -> None:
    image = np.zeros((11, 11, 1), np.uint8)
    image[4:7, 4:7] = 200
    larger = changed(image, {"zoom": 1.0}, zoom_fraction=0.9)
    smaller = changed(image, {"zoom": -1.0}, zoom_fraction=0.4)
    assert (larger > 100).sum() > 9 > (smaller > 100).sum() > 0
    assert larger[5, 5, 0] == 200


def test_contrast_spreads_around_each_pictures_mean(image: np.ndarray) -> None:
    more = changed(image, {"contrast": 1.0}, contrast_fraction=0.2)
    mean = image.mean(axis=(0, 1))
    assert np.allclose(more, np.clip((image - mean) * 1.2 + mean, 0, 255), atol=0.01)
    assert np.allclose(changed(image, {"contrast": -1.0}, contrast_fraction=1.0), mean, atol=0.01)


def test_brightness_is_a_share_of_the_full_range(image: np.ndarray) -> None:
    darker = changed(image, {"brightness": -1.0}, brightness_fraction=0.5)
    assert np.allclose(darker, np.clip(image - 127.5, 0, 255), atol=0.01)


def test_opacity_is_not_lightened(image: np.ndarray) -> None:
    with_opacity = np.concatenate([image, np.full((9, 9, 1), 100, np.uint8)], axis=-1)
    darker = changed(with_opacity, {"brightness": -1.0}, brightness_fraction=0.2, contrast_fraction=0.1)
    assert (darker[..., 3] == 100).all()
    assert darker[..., :3].mean() < image.mean()


def test_randomness_follows_from_seed_and_epoch() -> None:
    first = draw_randomness(100, 3, tf.constant(1, tf.int64)).numpy()
    assert first.shape == (100, len(DRAWS))
    assert -1 <= first.min() < -0.9 < 0.9 < first.max() < 1
    assert np.array_equal(first, draw_randomness(100, 3, tf.constant(1, tf.int64)).numpy())
    assert not np.array_equal(first, draw_randomness(100, 3, tf.constant(2, tf.int64)).numpy())
    assert not np.array_equal(first, draw_randomness(100, 4, tf.constant(1, tf.int64)).numpy())


def test_switched_off_changes_nothing() -> None:
    assert not is_active(None)
    assert not is_active(AugmentationSection())
    assert is_active(AugmentationSection(zoom_fraction=0.1))
