"""Arithmetic of boxes, given as left, top, right, bottom in pixels."""

from __future__ import annotations

from typing import Any

from keras import ops

_SMALL = 1e-7


def areas(boxes: Any) -> Any:
    """Areas of boxes of shape (..., 4), in square pixels; 0 for boxes turned inside out."""
    sides = ops.maximum(boxes[..., 2:] - boxes[..., :2], 0.0)
    return sides[..., 0] * sides[..., 1]


def overlaps(first: Any, second: Any) -> Any:
    """Intersection over union of boxes that broadcast against each other, shape (..., 4) to (...)."""
    shared, union = _shared_and_union(first, second)
    return shared / (union + _SMALL)


def generalized_overlaps(first: Any, second: Any) -> Any:
    """Generalized intersection over union, -1 to 1: it falls with distance where boxes do not meet.

    Source: Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630.
    """
    shared, union = _shared_and_union(first, second)
    start = ops.minimum(first[..., :2], second[..., :2])
    end = ops.maximum(first[..., 2:], second[..., 2:])
    hull = ops.maximum((end - start)[..., 0] * (end - start)[..., 1], _SMALL)
    return shared / (union + _SMALL) - (hull - union) / hull


def pairwise_overlaps(first: Any, second: Any) -> Any:
    """Intersection over union of each with each: shapes (..., N, 4) and (..., M, 4) to (..., N, M)."""
    return overlaps(ops.expand_dims(first, -2), ops.expand_dims(second, -3))


def clipped(boxes: Any, height: int, width: int) -> Any:
    """Boxes of shape (..., 4) cut off at the borders of a picture."""
    limits = ops.convert_to_tensor([width, height, width, height], dtype=boxes.dtype)
    return ops.minimum(ops.maximum(boxes, 0.0), limits)


def _shared_and_union(first: Any, second: Any) -> tuple[Any, Any]:
    start = ops.maximum(first[..., :2], second[..., :2])
    end = ops.minimum(first[..., 2:], second[..., 2:])
    sides = ops.maximum(end - start, 0.0)
    shared = sides[..., 0] * sides[..., 1]
    return shared, areas(first) + areas(second) - shared
