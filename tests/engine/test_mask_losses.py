"""Losses for masks, against scikit-learn and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.keras

NAMES = ["MaskCrossentropy", "MaskDice", "MaskDiceCrossentropy", "MaskFocal", "MaskTversky"]
Array = NDArray[np.float64]


def make(name: str, **arguments: Any) -> Any:
    from trainer.config.component import Component
    from trainer.engine.components import build

    return build("loss", Component(name=name, arguments=arguments))


def masks_and_scores(num_classes: int = 3, uncounted: float = 0.0) -> tuple[NDArray[np.int32], Array]:
    """Two pictures of 6 × 7: masks (some pixels 255), and scores that sum to 1."""
    random = np.random.default_rng(4)
    masks = random.integers(0, num_classes, (2, 6, 7)).astype("int32")
    masks[random.random(masks.shape) < uncounted] = 255
    return masks, random.dirichlet(np.ones(num_classes), masks.shape)


def one_hot(masks: NDArray[np.int32], num_classes: int = 3) -> NDArray[np.float32]:
    return (masks[..., None] == np.arange(num_classes)).astype("float32")


def soft_counts(masks: NDArray[np.int32], scores: Array) -> tuple[Array, Array, Array]:
    """Hits, excess and missed of each class in each picture, by plain NumPy."""
    hot = one_hot(masks).astype("float64")
    counted = scores * (masks < 3)[..., None]
    hit = (hot * counted).sum((1, 2))
    return hit, counted.sum((1, 2)) - hit, hot.sum((1, 2)) - hit


@pytest.mark.parametrize("weights", [None, [0.2, 1.0, 3.0]])
def test_crossentropy_is_scikit_learns_log_loss_of_the_counted_pixels(weights: list[float] | None) -> None:
    from sklearn.metrics import log_loss

    masks, scores = masks_and_scores(uncounted=0.3)
    expected = []
    for mask, score in zip(masks, scores, strict=True):
        true, counted = mask[mask < 3], score[mask < 3]
        pixel_weights = None if weights is None else np.array(weights)[true]
        expected.append(log_loss(true, counted, labels=[0, 1, 2], sample_weight=pixel_weights))
    loss = float(make("MaskCrossentropy", class_weights=weights)(masks, scores))
    assert loss == pytest.approx(np.mean(expected), abs=1e-6)


def test_smoothed_crossentropy_is_that_of_smoothed_rows() -> None:
    masks, scores = masks_and_scores()
    smoothed = one_hot(masks) * 0.9 + 0.1 / 3
    expected = -(smoothed * np.log(scores)).sum(-1).mean()
    assert float(make("MaskCrossentropy", label_smoothing=0.1)(masks, scores)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_focal_loss_weighs_each_pixel_by_what_is_missing(gamma: float) -> None:
    masks, scores = masks_and_scores(uncounted=0.2)
    weights = np.array([1.0, 2.0, 4.0])
    expected = []
    for mask, score in zip(masks, scores, strict=True):
        true = mask[mask < 3]
        right = score[mask < 3][np.arange(true.size), true]
        expected.append((-weights[true] * (1 - right) ** gamma * np.log(right)).sum() / weights[true].sum())
    loss = float(make("MaskFocal", gamma=gamma, class_weights=weights.tolist())(masks, scores))
    assert loss == pytest.approx(np.mean(expected), abs=1e-6)


@pytest.mark.parametrize("weights", [None, [0.0, 1.0, 3.0]])
def test_dice_of_each_class_in_each_picture(weights: list[float] | None) -> None:
    masks, scores = masks_and_scores(uncounted=0.2)
    hit, excess, missed = soft_counts(masks, scores)
    dice = (2 * hit + 1.5) / (2 * hit + excess + missed + 1.5)
    expected = np.average(1 - dice, axis=-1, weights=weights).mean()
    loss = float(make("MaskDice", smooth=1.5, class_weights=weights)(masks, scores))
    assert loss == pytest.approx(expected, abs=1e-6)


def test_hard_dice_without_smoothing_is_scikit_learns_f1() -> None:
    from sklearn.metrics import f1_score

    masks, scores = masks_and_scores()
    hard = one_hot(scores.argmax(-1).astype("int32"))
    expected = [
        f1_score(mask.ravel(), score.argmax(-1).ravel(), average="macro")
        for mask, score in zip(masks, scores, strict=True)
    ]
    loss = float(make("MaskDice", smooth=0.0)(masks, hard))
    assert loss == pytest.approx(1 - np.mean(expected), abs=1e-6)


def test_tversky_prices_both_kinds_of_mistakes() -> None:
    masks, scores = masks_and_scores(uncounted=0.2)
    hit, excess, missed = soft_counts(masks, scores)
    expected = ((1 - (hit + 1) / (hit + 0.2 * excess + 0.8 * missed + 1)) ** 0.75).mean()
    loss = float(make("MaskTversky", alpha=0.2, beta=0.8, gamma=0.75)(masks, scores))
    assert loss == pytest.approx(expected, abs=1e-6)


def test_dice_crossentropy_is_the_weighted_sum() -> None:
    masks, scores = masks_and_scores(uncounted=0.1)
    expected = 2 * float(make("MaskDice")(masks, scores)) + 0.5 * float(make("MaskCrossentropy")(masks, scores))
    loss = float(make("MaskDiceCrossentropy", dice_weight=2.0, crossentropy_weight=0.5)(masks, scores))
    assert loss == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_form_of_masks_gives_the_same_loss(name: str) -> None:
    masks, scores = masks_and_scores(uncounted=0.3)
    loss = make(name)
    expected = float(loss(masks, scores))
    assert float(loss(masks[..., None], scores)) == expected
    assert float(loss(one_hot(masks), scores)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_pixels_that_are_not_counted_change_neither_loss_nor_slope(name: str) -> None:
    import tensorflow as tf

    masks, scores = masks_and_scores(uncounted=0.3)
    changed = np.where((masks == 255)[..., None], scores[..., ::-1], scores)
    loss = make(name)
    assert float(loss(masks, scores)) == pytest.approx(float(loss(masks, changed)), abs=1e-7)
    variable = tf.Variable(scores, dtype="float32")
    with tf.GradientTape() as tape:
        value = loss(masks, variable)
    slope = tape.gradient(value, variable).numpy()
    assert np.all(slope[masks == 255] == 0)
    assert np.any(slope[masks < 3] != 0) and np.all(np.isfinite(slope))


@pytest.mark.parametrize("name", NAMES)
def test_loss_is_least_and_its_slope_finite_where_all_is_right(name: str) -> None:
    import tensorflow as tf

    masks, scores = masks_and_scores()
    perfect = tf.Variable(one_hot(masks))
    loss = make(name)
    with tf.GradientTape() as tape:
        value = loss(masks, perfect)
    assert float(value) == pytest.approx(0, abs=1e-5) and float(loss(masks, scores)) > 0.2
    assert np.all(np.isfinite(tape.gradient(value, perfect).numpy()))


@pytest.mark.parametrize("name", NAMES)
def test_pictures_can_be_weighted_and_one_without_counted_pixels_costs_nothing(name: str) -> None:
    masks, scores = masks_and_scores()
    loss = make(name)
    first = float(loss(masks[:1], scores[:1]))
    assert float(loss(masks, scores, sample_weight=[1.0, 0.0])) == pytest.approx(first / 2, abs=1e-6)
    empty = np.full_like(masks[:1], 255)
    assert float(loss(empty, scores[:1])) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_single_score_per_pixel_is_that_of_the_foreground(name: str) -> None:
    masks, scores = masks_and_scores(num_classes=2, uncounted=0.2)
    loss = make(name)
    assert float(loss(masks, scores[..., 1:])) == pytest.approx(float(loss(masks, scores)), abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_losses_survive_keras_serialization(name: str) -> None:
    import keras

    masks, scores = masks_and_scores()
    loss = make(name, class_weights=[1.0, 2.0, 3.0])
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss) and float(again(masks, scores)) == float(loss(masks, scores))


def test_class_weights_of_another_number_of_classes_are_refused() -> None:
    masks, scores = masks_and_scores()
    with pytest.raises(ValueError, match=r"class_weights has the 2 numbers .* expected are 3"):
        make("MaskDice", class_weights=[1.0, 2.0])(masks, scores)


def test_scores_of_whole_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="Scores of pixels have the shape"):
        make("MaskDice")(np.zeros((2, 3)), np.zeros((2, 3)))
