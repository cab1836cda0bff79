from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import ops
from numpy.typing import NDArray

from trainer.engine.models.detection.assignment import assign
from trainer.engine.models.detection.boxes import generalized_overlaps, overlaps, pairwise_overlaps
from trainer.engine.models.detection.points import grid_points
from trainer.engine.models.detection.suppression import Detections, suppress

SIZE = (64, 64)


def as_boxes(*corners: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(corners, np.float32)


@pytest.mark.parametrize(
    ("other", "overlap", "generalized"),
    [
        ((0, 0, 10, 10), 1.0, 1.0),
        ((5, 0, 15, 10), 1 / 3, 1 / 3),
        ((20, 0, 30, 10), 0.0, -1 / 3),
        ((2, 2, 4, 7), 0.1, 0.1),
    ],
)
def test_overlaps_are_those_computed_by_hand(
    other: tuple[float, float, float, float], overlap: float, generalized: float
) -> None:
    box = as_boxes((0, 0, 10, 10))
    assert float(overlaps(box, as_boxes(other))[0]) == pytest.approx(overlap, abs=1e-5)
    assert float(generalized_overlaps(box, as_boxes(other))[0]) == pytest.approx(generalized, abs=1e-5)


def test_each_is_compared_with_each() -> None:
    found = np.asarray(pairwise_overlaps(as_boxes((0, 0, 2, 2), (0, 0, 1, 1)), as_boxes((0, 0, 2, 2), (5, 5, 6, 6))))
    np.testing.assert_allclose(found, [[1, 0], [0.25, 0]], atol=1e-5)


def greedy(boxes: NDArray[np.float32], probabilities: NDArray[np.float32], threshold: float) -> list[tuple[int, int]]:
    """Point and class of what stays, one after the other, as every text book has it."""
    kept: list[tuple[int, int]] = []
    overlap = np.asarray(pairwise_overlaps(boxes, boxes))
    for number in np.argsort(-probabilities, axis=None, kind="stable"):
        point, label = divmod(int(number), probabilities.shape[1])
        rivals = [other for other, of_class in kept if of_class == label]
        if all(overlap[point, other] <= threshold for other in rivals):
            kept.append((point, label))
    return kept


def test_suppression_keeps_what_the_greedy_rule_keeps() -> None:
    random = np.random.default_rng(4)
    start = random.uniform(0, 30, (2, 40, 2))
    boxes = np.concatenate([start, start + random.uniform(5, 25, start.shape)], axis=-1).astype(np.float32)
    probabilities = random.permutation(160).reshape(2, 40, 2).astype(np.float32) / 160 + 0.001
    found = suppress(boxes, probabilities, confidence_threshold=0, iou_threshold=0.3, max_boxes=80)
    for picture in range(2):
        expected = greedy(boxes[picture], probabilities[picture], 0.3)
        assert 5 < len(expected) < 60
        count = len(expected)
        assert np.asarray(found.labels[picture]).tolist() == [label for _, label in expected] + [-1] * (80 - count)
        np.testing.assert_array_equal(found.boxes[picture][:count], boxes[picture][[point for point, _ in expected]])
        assert float(found.confidences[picture][count]) == 0


def test_unsure_boxes_are_left_out_and_the_surest_come_first() -> None:
    boxes = as_boxes((0, 0, 10, 10), (20, 20, 30, 30), (40, 40, 50, 50))[None]
    probabilities = np.array([[[0.2], [0.9], [0.4]]], np.float32)
    found = suppress(boxes, probabilities, confidence_threshold=0.3, iou_threshold=0.5, max_boxes=3)
    assert isinstance(found, Detections)
    np.testing.assert_allclose(found.confidences[0], [0.9, 0.4, 0])
    assert np.asarray(found.labels[0]).tolist() == [0, 0, -1]
    np.testing.assert_array_equal(found.boxes[0], as_boxes((20, 20, 30, 30), (40, 40, 50, 50), (-1, -1, -1, -1)))


def assigned(true_boxes: NDArray[np.float32], labels: list[int], num_classes: int = 2) -> tuple[Any, Any, Any]:
    """What points with small boxes around themselves and no opinion are to predict."""
    points, sides = grid_points(SIZE, (8, 16))
    half = sides[:, None]
    boxes = np.concatenate([points - half, points + half], axis=-1)[None]
    probabilities = np.full((1, len(points), num_classes), 0.01, np.float32)
    target = assign(
        ops.convert_to_tensor(probabilities),
        ops.convert_to_tensor(boxes),
        ops.convert_to_tensor(points),
        ops.convert_to_tensor(sides),
        ops.convert_to_tensor(true_boxes[None]),
        ops.convert_to_tensor(np.array([labels], np.int32)),
    )
    return np.asarray(target.boxes[0]), np.asarray(target.scores[0]), np.asarray(target.quality[0])


def test_each_object_gets_its_best_points_and_a_point_one_object() -> None:
    true_boxes = as_boxes((0, 0, 16, 16), (24, 24, 60, 60), (-1, -1, -1, -1))
    boxes, scores, quality = assigned(true_boxes, [1, 0, -1])
    is_taken = quality > 0
    assert 2 <= is_taken.sum() <= 20
    for box, score, worth in zip(boxes[is_taken], scores[is_taken], quality[is_taken], strict=True):
        number = [tuple(box) == tuple(true) for true in true_boxes].index(True)
        assert np.argmax(score) == [1, 0][number]
        assert score.max() == pytest.approx(worth) and np.count_nonzero(score) == 1
    assert {tuple(box) for box in boxes[is_taken]} == {tuple(box) for box in true_boxes[:2]}


@pytest.mark.parametrize("box", [(30, 30, 31, 31), (0, 0, 2, 1), (1, 1, 63, 63), (62, 62, 64, 64)])
def test_no_object_is_too_small_or_too_large_to_be_learned(box: tuple[float, float, float, float]) -> None:
    _, _, quality = assigned(as_boxes(box), [0])
    assert quality.max() >= 0.1


def test_padding_is_assigned_to_no_point() -> None:
    _, scores, quality = assigned(as_boxes((-1, -1, -1, -1), (-1, -1, -1, -1)), [-1, -1])
    assert not quality.any() and not scores.any()
