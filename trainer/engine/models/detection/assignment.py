"""Which points are to find which object.

Source: task-aligned assignment of Feng et al. 2021 (TOOD), https://arxiv.org/abs/2108.07755: an object goes to the
points that already predict it best, in class and in place together. So there are no anchors and no size ranges to set.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from trainer.engine.models.detection.boxes import pairwise_overlaps

_POINTS_PER_OBJECT = 10
_SCORE_POWER = 0.5
_OVERLAP_POWER = 6.0
_LEAST_QUALITY = 0.1
_NEARNESS = 1e-9


class Assignment(NamedTuple):
    """What each point is to predict.

    Attributes:
        boxes: float32 (B, points, 4), of the object; anything where `quality` is 0.
        scores: float32 (B, points, classes): `quality` at the object's class, else 0.
        quality: float32 (B, points), 0 to 1: how well the point is placed for its object; 0 for background.
    """

    boxes: Any
    scores: Any
    quality: Any


def assign(probabilities: Any, boxes: Any, points: Any, sides: Any, true_boxes: Any, true_labels: Any) -> Assignment:
    """Give each object its ten best points; a point that is wanted by several goes to the one it overlaps most.

    Args:
        probabilities: float32 (B, points, classes), of the present predictions.
        boxes: float32 (B, points, 4), of the present predictions, in pixels.
        points: float32 (points, 2), x and y in pixels.
        sides: float32 (points,), side of each point's cell in pixels.
        true_boxes: float32 (B, objects, 4) in pixels, padded.
        true_labels: int32 (B, objects), padded with -1.
    """
    is_object = ops.cast(true_labels >= 0, "float32")
    classes = ops.one_hot(ops.maximum(true_labels, 0), probabilities.shape[-1], dtype="float32")
    overlap = pairwise_overlaps(true_boxes, boxes)  # (B, objects, points)
    right_class = ops.matmul(classes, ops.transpose(probabilities, (0, 2, 1)))
    nearness = _nearness(true_boxes, points, sides)
    allowed = _allowed(true_boxes, points, sides) * is_object[..., None]
    fit = ops.power(right_class, _SCORE_POWER) * ops.power(overlap, _OVERLAP_POWER) + _NEARNESS * nearness
    fit = fit * allowed
    least = ops.top_k(fit, min(_POINTS_PER_OBJECT, points.shape[0]))[0][..., -1:]
    wanted = ops.cast(fit >= least, "float32") * allowed
    taken = _without_conflicts(wanted, overlap)
    quality = _quality(taken, fit, overlap)  # (B, objects, points)
    owner = ops.transpose(taken, (0, 2, 1))
    point_quality = ops.sum(quality, axis=1)
    scores = ops.matmul(owner, classes) * point_quality[..., None]
    return Assignment(ops.matmul(owner, true_boxes), scores, point_quality)


def _allowed(true_boxes: Any, points: Any, sides: Any) -> Any:
    """1 for points inside an object and for the cells that its centre is in, else 0: (B, objects, points)."""
    start, end = true_boxes[..., None, :2], true_boxes[..., None, 2:]
    is_inside = ops.all((points > start) & (points < end), axis=-1)
    away = ops.max(ops.abs(points - (start + end) / 2), axis=-1)
    return ops.cast(is_inside | (away <= sides / 2), "float32")


def _nearness(true_boxes: Any, points: Any, sides: Any) -> Any:
    """1 at the centre of an object, less the more cells away; decides where no prediction overlaps yet."""
    centres = (true_boxes[..., None, :2] + true_boxes[..., None, 2:]) / 2
    cells = (points - centres) / sides[:, None]
    return 1.0 / (1.0 + ops.sum(cells * cells, axis=-1))


def _without_conflicts(wanted: Any, overlap: Any) -> Any:
    best = ops.argmax(wanted * (overlap + _NEARNESS), axis=1)
    only = ops.one_hot(best, overlap.shape[1] or ops.shape(overlap)[1], axis=1, dtype="float32")
    return wanted * only


def _quality(taken: Any, fit: Any, overlap: Any) -> Any:
    """The fit of each point, scaled so that the best of an object has the best overlap that it reaches."""
    fit, overlap = fit * taken, overlap * taken
    best_fit = ops.max(fit, axis=-1, keepdims=True)
    best_overlap = ops.maximum(ops.max(overlap, axis=-1, keepdims=True), _LEAST_QUALITY)
    return ops.divide_no_nan(fit, best_fit) * best_overlap
