"""Metrics for masks, against scikit-learn and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.keras

Masks = NDArray[np.int32]
CLASSES = ["cell", "membrane", "dirt"]


def make(name: str, **arguments: Any) -> Any:
    from trainer.config.component import Component
    from trainer.engine.components import build

    return build("metric", Component(name=name, arguments=arguments))


def blobs(num_pictures: int = 4, num_classes: int = 3, seed: int = 1, uncounted: float = 0.1) -> tuple[Masks, Masks]:
    """Masks (some pixels 255) and predicted classes, in patches, so that they have outlines; 12 × 15 pixels."""
    random = np.random.default_rng(seed)
    true = random.integers(0, num_classes, (num_pictures, 4, 5)).repeat(3, 1).repeat(3, 2)
    predicted = np.where(random.random(true.shape) < 0.2, random.integers(0, num_classes, true.shape), true)
    true[random.random(true.shape) < uncounted] = 255
    return true.astype("int32"), predicted.astype("int32")


def as_scores(predicted: Masks, num_classes: int = 3) -> NDArray[np.float32]:
    noise = np.random.default_rng(0).random((*predicted.shape, num_classes)) * 0.4
    scores = (predicted[..., None] == np.arange(num_classes)) + noise
    return (scores / scores.sum(-1, keepdims=True)).astype("float32")


def measured(metric: Any, true: Masks, predicted: Masks, weights: Any = None) -> Any:
    """The figure after two batches of different size."""
    first = slice(0, 1), slice(1, None)
    for part in first:
        metric.update_state(true[part], as_scores(predicted[part]), None if weights is None else weights[part])
    result = metric.result()
    return {k: float(v) for k, v in result.items()} if isinstance(result, dict) else float(result)


def counted_pixels(true: Masks, predicted: Masks) -> tuple[Masks, Masks]:
    return true[true < 3], predicted[true < 3]


@pytest.mark.parametrize("weighted", ["plain", "pictures", "pixels"])
def test_accuracy_iou_and_dice_are_those_of_scikit_learn(weighted: str) -> None:
    from sklearn.metrics import accuracy_score, f1_score, jaccard_score

    true, predicted = blobs()
    random = np.random.default_rng(5)
    weights = {"plain": None, "pictures": random.random(4), "pixels": random.random(true.shape)}[weighted]
    of_pixels = None
    if weights is not None:
        of_pixels = np.broadcast_to(weights if weights.ndim == 3 else weights[:, None, None], true.shape)[true < 3]
    pixels = counted_pixels(true, predicted)
    accuracy = accuracy_score(*pixels, sample_weight=of_pixels)
    iou = jaccard_score(*pixels, average=None, sample_weight=of_pixels)
    dice = f1_score(*pixels, average=None, sample_weight=of_pixels)

    assert measured(make("PixelAccuracy"), true, predicted, weights) == pytest.approx(accuracy, abs=1e-6)
    assert measured(make("MeanMaskIoU"), true, predicted, weights) == pytest.approx(iou.mean(), abs=1e-6)
    expected = {"mean_dice": dice.mean()} | {f"dice_{name}": value for name, value in zip(CLASSES, dice, strict=True)}
    assert measured(make("MeanDice", class_names=CLASSES), true, predicted, weights) == pytest.approx(
        expected, abs=1e-6
    )


def test_mean_iou_is_keras_own_which_wants_more_to_be_told() -> None:
    import keras

    true, predicted = blobs()
    own = keras.metrics.MeanIoU(3, ignore_class=255)
    own.update_state(true, predicted)
    assert measured(make("MeanMaskIoU"), true, predicted) == pytest.approx(float(own.result()), abs=1e-6)


@pytest.mark.parametrize(("name", "prefix"), [("MeanMaskIoU", "iou"), ("MeanDice", "dice")])
def test_a_class_of_its_own_and_all_of_them_by_name(name: str, prefix: str) -> None:
    true, predicted = blobs()
    all_figures = measured(make(name, per_class=True, class_names=CLASSES), true, predicted)
    one = make(name, class_id=1, per_class=False, class_names=CLASSES)
    assert one.name == f"{prefix}_membrane"
    assert measured(one, true, predicted) == pytest.approx(all_figures[f"{prefix}_membrane"], abs=1e-7)
    assert sorted(all_figures) == sorted([f"mean_{prefix}", *(f"{prefix}_{label}" for label in CLASSES)])


def test_classes_without_names_are_called_by_their_numbers_and_many_classes_not_at_all() -> None:
    true, predicted = blobs()
    assert sorted(measured(make("MeanDice"), true, predicted)) == ["dice_0", "dice_1", "dice_2", "mean_dice"]
    many = make("MeanDice")
    many.update_state(true, as_scores(predicted, 21))
    assert list(many.result()) == ["mean_dice"]


def test_a_class_that_is_nowhere_is_left_out_of_the_mean() -> None:
    true = np.zeros((1, 4, 4), "int32")
    true[:, :2] = 1
    predicted = np.zeros_like(true)
    figures = measured_once(make("MeanDice"), true, predicted)
    assert figures == pytest.approx({"mean_dice": (2 / 3) / 2, "dice_0": 2 / 3, "dice_1": 0.0, "dice_2": 0.0})


def measured_once(metric: Any, true: Masks, predicted: Masks) -> dict[str, float]:
    metric.update_state(true, as_scores(predicted))
    return {name: float(value) for name, value in metric.result().items()}


def test_a_class_number_that_does_not_exist_is_refused() -> None:
    metric = make("MeanMaskIoU", class_id=3)
    metric.update_state(*_batch())
    with pytest.raises(ValueError, match="class_id is 3, but classes are numbered from 0 to 2"):
        metric.result()


def _batch() -> tuple[Masks, NDArray[np.float32]]:
    true, predicted = blobs()
    return true, as_scores(predicted)


def plain_boundary_f1(true: Masks, predicted: Masks, tolerance: float) -> NDArray[np.float64]:
    """F1 of each class, by distances to outlines that SciPy finds."""
    from scipy.ndimage import binary_erosion, distance_transform_edt

    sums, pictures = np.zeros(3), np.zeros(3)
    for mask, classes in zip(true, predicted, strict=True):
        counted = mask < 3
        for number in range(3):
            outlines, near = [], []
            for inside in ((mask == number) & counted, (classes == number) & counted):
                kept = binary_erosion(inside | ~counted, np.ones((3, 3)), border_value=1)
                outlines.append(inside & ~kept)
                distance = distance_transform_edt(~outlines[-1]) if outlines[-1].any() else np.full(mask.shape, np.inf)
                near.append(distance <= tolerance)
            if not (outlines[0].any() or outlines[1].any()):
                continue
            precision = near[0][outlines[1]].mean() if outlines[1].any() else 0.0
            recall = near[1][outlines[0]].mean() if outlines[0].any() else 0.0
            sums[number] += 2 * precision * recall / (precision + recall) if precision + recall else 0.0
            pictures[number] += 1
    figures: NDArray[np.float64] = sums / pictures
    return figures


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 1.5, 2.9])
def test_boundary_f1_is_that_of_distances_between_outlines(tolerance: float) -> None:
    true, predicted = blobs(num_pictures=5)
    expected = plain_boundary_f1(true, predicted, tolerance)
    assert measured(make("BoundaryF1", tolerance_px=tolerance), true, predicted) == pytest.approx(
        expected.mean(), abs=1e-6
    )
    one = make("BoundaryF1", tolerance_px=tolerance, class_id=2)
    assert one.name == "boundary_f1_2" and measured(one, true, predicted) == pytest.approx(expected[2], abs=1e-6)


def test_boundary_f1_forgives_a_shift_up_to_its_tolerance() -> None:
    true = np.zeros((1, 20, 20), "int32")
    true[:, :10] = 1
    shifted = np.roll(true, 2, axis=1)
    shifted[:, :2] = 1
    figures = [measured_of_two(true, shifted, tolerance) for tolerance in (1.0, 2.0)]
    assert figures == pytest.approx([0.0, 1.0])


def measured_of_two(true: Masks, predicted: Masks, tolerance: float) -> float:
    metric = make("BoundaryF1", tolerance_px=tolerance)
    metric.update_state(true, as_scores(predicted, 2))
    return float(metric.result())


@pytest.mark.parametrize("name", ["PixelAccuracy", "MeanMaskIoU", "MeanDice", "BoundaryF1"])
def test_metrics_take_every_form_of_masks_begin_anew_and_survive_serialization(name: str) -> None:
    import keras

    true, predicted = blobs()
    metric = make(name)
    expected = measured(metric, true, predicted)
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    one_hot = (true[..., None] == np.arange(3)).astype("float32")
    again.update_state(one_hot, as_scores(predicted))
    result = again.result()
    plain = {k: float(v) for k, v in result.items()} if isinstance(result, dict) else float(result)
    assert type(again) is type(metric) and plain == pytest.approx(expected, abs=1e-6)
    metric.reset_state()
    metric.update_state(predicted, as_scores(predicted))
    result = metric.result()
    assert np.allclose(list(result.values()) if isinstance(result, dict) else result, 1, atol=1e-6)


def test_a_fit_reports_every_figure_by_name() -> None:
    import keras

    true, predicted = blobs(num_pictures=8)
    inputs = as_scores(predicted)
    scores = keras.layers.Conv2D(3, 1, activation="softmax")
    model = keras.Sequential([keras.Input((12, 15, 3)), scores])
    names = ("PixelAccuracy", "MeanMaskIoU", "BoundaryF1")
    metrics = [make("MeanDice", class_names=CLASSES), *(make(name) for name in names)]
    from trainer.engine.losses.mask_dice import MaskDice

    model.compile("adam", MaskDice(), metrics=metrics)
    history = model.fit(inputs, true, validation_data=(inputs, true), batch_size=3, epochs=2, verbose=0).history
    own = {"mean_dice", "dice_cell", "dice_membrane", "dice_dirt", "pixel_accuracy", "mean_iou", "boundary_f1"}
    assert set(history) == {"loss", "val_loss"} | own | {f"val_{figure}" for figure in own}
    after = model.predict(inputs, verbose=0).argmax(-1).astype("int32")
    right = (after == true)[true < 3].mean()
    assert history["val_pixel_accuracy"][-1] == pytest.approx(right, abs=1e-6)
