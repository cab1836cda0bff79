"""What D-FINE learns from.

Source: Peng et al. 2024 (D-FINE), https://arxiv.org/abs/2410.13842, with the weights of its authors' program. Boxes are
centre x, centre y, width, height in fractions of the picture. Queries and objects are paired by `matched`, float32
(B, queries, objects), so that padding has no share in anything.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

from trainer.engine.models.detection.boxes import generalized_overlaps, overlaps
from trainer.engine.models.detection.losses import batch_loss

_FOCUS = 2.0
_CLASS_COST, _PLACE_COST, _OVERLAP_COST = 2.0, 5.0, 2.0
_COST_BALANCE = 0.25
_SCORE_BALANCE = 0.75
_PLACE_WEIGHT, _OVERLAP_WEIGHT, _FINE_WEIGHT, _TEACHING_WEIGHT = 5.0, 2.0, 0.15, 1.5
_TEMPERATURE = 5.0
_SMALL = 1e-8


class Truth(NamedTuple):
    """The objects of a batch.

    Attributes:
        boxes: float32 (B, objects, 4).
        classes: float32 (B, objects, classes), one-hot; zeros for padding.
        is_object: float32 (B, objects): 0 for padding.
    """

    boxes: Any
    classes: Any
    is_object: Any


class Layers(NamedTuple):
    """What the layers of a decoder predict.

    Attributes:
        scores: float32 (B, sets, queries, classes), logits. Sets are: the beginning, the layers, and perhaps others.
        boxes: float32 (B, sets, queries, 4).
        edges: float32 (B, layers, queries, 4, bins), logits of the distances of left, top, right and bottom.
        references: float32 (B, queries, 4): the boxes from which distances are measured.
    """

    scores: Any
    boxes: Any
    edges: Any
    references: Any


def truth_of(labels: dict[str, Any], num_classes: int, width: int, height: int) -> Truth:
    """Objects from `{"boxes": (B, M, 4) corners in pixels, "labels": (B, M)}`, both padded with -1."""
    numbers = ops.cast(labels["labels"], "int32")
    is_object = ops.cast(numbers >= 0, "float32")
    corners = ops.cast(labels["boxes"], "float32") / ops.convert_to_tensor([width, height, width, height], "float32")
    centres, sides = (corners[..., :2] + corners[..., 2:]) / 2, corners[..., 2:] - corners[..., :2]
    classes = ops.one_hot(ops.maximum(numbers, 0), num_classes, dtype="float32") * is_object[..., None]
    return Truth(ops.concatenate([centres, sides], axis=-1) * is_object[..., None], classes, is_object)


def corners_of(boxes: Any) -> Any:
    """Left, top, right, bottom of boxes (..., 4), in the same units."""
    half = boxes[..., 2:] / 2
    return ops.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], axis=-1)


def matching_costs(scores: Any, boxes: Any, truth: Truth) -> Any:
    """How badly each query fits each object: (B, sets, queries, objects) of scores and boxes (B, sets, queries, …)."""
    chances = ops.sigmoid(scores)
    found = _COST_BALANCE * ops.power(1 - chances, _FOCUS) * -ops.log(chances + _SMALL)
    missed = (1 - _COST_BALANCE) * ops.power(chances, _FOCUS) * -ops.log(1 - chances + _SMALL)
    class_cost = ops.einsum("bsqc,bmc->bsqm", found - missed, truth.classes)
    true_boxes = truth.boxes[:, None, None]
    boxes = ops.expand_dims(boxes, -2)
    place_cost = ops.sum(ops.abs(boxes - true_boxes), axis=-1)
    overlap = generalized_overlaps(corners_of(boxes), corners_of(true_boxes))
    return _CLASS_COST * class_cost + _PLACE_COST * place_cost - _OVERLAP_COST * overlap


def layers_loss(
    layers: Layers, matched: Any, shared: Any, truth: Truth, scale: Any, weights: Any, counted: Any = None
) -> Any:
    """Loss of all sets of a decoder's predictions, per object.

    Args:
        layers: The predictions.
        matched: float32 (B, sets, queries, objects): whom each set's scores are to find.
        shared: float32 (B, queries, objects): whom the boxes of all sets are to find.
        truth: The objects.
        scale: Distances are in sides of the references divided by this.
        weights: float32 (B,) of the pictures, or `None`.
        counted: float32 (B, queries): 0 for queries that are none; `None` where all are.
    """
    num_layers = layers.edges.shape[1]
    several = shared[:, None]
    finer = layers.boxes[:, 1 : num_layers + 1]
    scored = score_loss(layers.scores, layers.boxes, matched, truth)
    scored = scored if counted is None else scored * counted[:, None]
    placed = ops.sum(place_loss(layers.boxes, several, truth), axis=(1, 2))
    refined = edge_loss(layers.edges, layers.references[:, None], finer, several, truth, scale)
    loss = batch_loss(ops.sum(scored, axis=(1, 2)), ops.sum(matched[:, 0], axis=(1, 2)), weights)
    loss = loss + batch_loss(placed + ops.sum(refined, axis=(1, 2)), ops.sum(shared, axis=(1, 2)), weights)
    if num_layers == 1:
        return loss
    sureness = ops.max(ops.sigmoid(layers.scores[:, num_layers]), axis=-1)
    differences = teaching_loss(layers.edges, finer, sureness, several, truth)
    return loss + _balanced(ops.sum(differences, axis=1), ops.sum(shared, axis=-1), weights)


def score_loss(scores: Any, boxes: Any, matched: Any, truth: Truth) -> Any:
    """Varifocal loss (https://arxiv.org/abs/2008.13367): a score is to say how well its box overlaps the object.

    Args:
        scores: float32 (B, sets, queries, classes), logits.
        boxes: float32 (B, sets, queries, 4).
        matched: float32 (B, sets, queries, objects).
        truth: The objects.

    Returns:
        float32 (B, sets, queries).
    """
    overlap = _matched_overlaps(boxes, matched, truth)
    classes = ops.matmul(matched, truth.classes[:, None])
    target = overlap[..., None] * classes
    weight = _SCORE_BALANCE * ops.power(ops.stop_gradient(ops.sigmoid(scores)), _FOCUS) * (1 - classes) + target
    crossentropy = ops.maximum(scores, 0.0) - scores * target + ops.log1p(ops.exp(-ops.abs(scores)))
    return ops.sum(weight * crossentropy, axis=-1)


def place_loss(boxes: Any, matched: Any, truth: Truth) -> Any:
    """Distance of centres and sides, and 1 - generalized overlap.

    Args:
        boxes: float32 (B, sets, queries, 4).
        matched: float32 (B, sets or 1, queries, objects).
        truth: The objects.

    Returns:
        float32 (B, sets, queries), 0 without an object.
    """
    wanted, is_matched = ops.matmul(matched, truth.boxes[:, None]), ops.sum(matched, axis=-1)
    distance = ops.sum(ops.abs(boxes - wanted), axis=-1)
    misplaced = 1 - generalized_overlaps(corners_of(boxes), corners_of(wanted))
    return (_PLACE_WEIGHT * distance + _OVERLAP_WEIGHT * misplaced) * is_matched


def edge_loss(edges: Any, references: Any, boxes: Any, matched: Any, truth: Truth, scale: Any) -> Any:
    """Fine-grained localization loss: crossentropy of the two bins on either side of each true distance.

    Args:
        edges: float32 (B, layers, queries, 4, bins), logits.
        references: float32 (B, 1, queries, 4): the boxes from which distances are measured.
        boxes: float32 (B, layers, queries, 4): what the edges stand for. The better they are, the more they count.
        matched: float32 (B, 1, queries, objects).
        truth: The objects.
        scale: Distances are in sides of `references` divided by this.

    Returns:
        float32 (B, layers, queries).
    """
    wanted = ops.matmul(matched, truth.boxes[:, None])
    shares = ops.stop_gradient(_bin_shares(wanted, references, edges.shape[-1], scale))
    crossentropy = -ops.sum(shares * ops.log_softmax(edges, axis=-1), axis=(-2, -1))
    return _FINE_WEIGHT * crossentropy * _matched_overlaps(boxes, matched, truth)


def teaching_loss(edges: Any, boxes: Any, sureness: Any, matched: Any, truth: Truth) -> Any:
    """Decoupled distillation focal loss: the edges of a layer are to be like those of the last, for all queries.

    Args:
        edges: float32 (B, layers, queries, 4, bins), logits.
        boxes: float32 (B, layers, queries, 4): what the edges stand for.
        sureness: float32 (B, queries), 0 to 1, of the last layer: what queries without an object count by.
        matched: float32 (B, 1, queries, objects).
        truth: The objects.

    Returns:
        float32 (B, layers - 1, queries), the mean of four edges.
    """
    known = ops.stop_gradient(ops.log_softmax(edges[:, -1:] / _TEMPERATURE, axis=-1))
    learned = ops.log_softmax(edges[:, :-1] / _TEMPERATURE, axis=-1)
    differences = ops.mean(ops.sum(ops.exp(known) * (known - learned), axis=-1), axis=-1)
    overlap = _matched_overlaps(boxes[:, :-1], matched, truth)
    weight = ops.where(ops.sum(matched, axis=-1) > 0, overlap, ops.stop_gradient(sureness)[:, None])
    return _TEACHING_WEIGHT * _TEMPERATURE**2 * weight * differences


def _balanced(losses: Any, is_matched: Any, weights: Any) -> Any:
    """Mean over matched queries and mean over the others, weighted by the roots of their numbers."""
    total, share = 0.0, 0.0
    for group in (is_matched, 1 - is_matched):
        size = ops.sum(group, axis=-1)
        root = ops.sqrt(ops.sum(size))
        total = total + root * batch_loss(ops.sum(losses * group, axis=-1), size, weights)
        share = share + root
    return total / ops.maximum(share, 1.0)


def _matched_overlaps(boxes: Any, matched: Any, truth: Truth) -> Any:
    """Overlap of boxes (B, sets, queries, 4) with their objects, 0 without one: (B, sets, queries), a constant."""
    overlap = overlaps(corners_of(boxes), corners_of(ops.matmul(matched, truth.boxes[:, None])))
    return ops.stop_gradient(overlap * ops.sum(matched, axis=-1))


def _bin_shares(wanted: Any, references: Any, num_bins: int, scale: Any) -> Any:
    """How the true distances of the four edges divide between the two nearest bins: (…, queries, 4, bins)."""
    corners, sides = corners_of(wanted), references[..., 2:] / scale + _SMALL
    away = ops.concatenate(
        [(references[..., :2] - corners[..., :2]) / sides, (corners[..., 2:] - references[..., :2]) / sides], axis=-1
    )
    distances = away - 0.5 * scale
    values = bin_values(num_bins, scale)
    left = ops.sum(ops.cast(values <= distances[..., None], "int32"), axis=-1) - 1
    left = ops.clip(left, 0, num_bins - 2)
    start, end = ops.take(values, left), ops.take(values, left + 1)
    share = ops.clip((distances - start) / (end - start), 0.0, 1.0)[..., None]
    return (1 - share) * ops.one_hot(left, num_bins) + share * ops.one_hot(left + 1, num_bins)


def bin_values(num_bins: int, scale: Any) -> Any:
    """Distances that the bins of an edge stand for, (bins,): close together around 0, the two outermost far away."""
    bound = 0.5 * scale
    steps = ops.arange(1 - num_bins // 2, num_bins // 2, dtype="float32")
    growth = ops.power(bound + 1, 2 / (num_bins - 3))
    inner = ops.sign(steps) * (ops.power(growth, ops.abs(steps)) - 1)
    ends = ops.reshape(2 * bound, (1,))
    return ops.concatenate([-ends, inner, ends], axis=0)
