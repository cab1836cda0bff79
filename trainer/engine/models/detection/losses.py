"""What a detector without anchors is trained by."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from keras import ops

from trainer.engine.models.detection.assignment import Assignment
from trainer.engine.models.detection.boxes import generalized_overlaps

_BOX_WEIGHT = 2.5
_total_of_shares: ContextVar[Callable[[Any], Any] | None] = ContextVar("total_of_shares", default=None)


def assigned_loss(logits: Any, boxes: Any, target: Assignment) -> Any:
    """Loss of each picture: crossentropy of the scores, and 1 - generalized overlap of the boxes.

    Args:
        logits: float32 (B, points, classes).
        boxes: float32 (B, points, 4) in pixels.
        target: What each point is to predict.

    Returns:
        float32 (B,), not divided by the number of objects.
    """
    crossentropy = ops.maximum(logits, 0.0) - logits * target.scores + ops.log1p(ops.exp(-ops.abs(logits)))
    misplaced = (1.0 - generalized_overlaps(boxes, target.boxes)) * target.quality
    return ops.sum(crossentropy, axis=(1, 2)) + _BOX_WEIGHT * ops.sum(misplaced, axis=1)


def batch_loss(losses: Any, normalizers: Any, sample_weight: Any) -> Any:
    """Loss of a batch per unit of `normalizers`, such as objects; pictures count by their weights.

    Inside `share_of_batch` the units are those of the whole batch, so that the losses of all shares add up to its loss.

    Args:
        losses: float32 (B,), sums over each picture.
        normalizers: float32 (B,), what each picture has of objects.
        sample_weight: float32 (B,), or `None`.
    """
    if sample_weight is not None:
        losses = losses * ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
    units = ops.sum(normalizers)
    if (total := _total_of_shares.get()) is not None:
        units = total(ops.stop_gradient(units))
    return ops.sum(losses) / ops.maximum(units, 1.0)


@contextlib.contextmanager
def share_of_batch(total: Callable[[Any], Any]) -> Iterator[None]:
    """Inside, `batch_loss` sees one of the shares into which a batch is divided among copies of a network.

    Args:
        total: Gives the sum over all shares of what each has.
    """
    token = _total_of_shares.set(total)
    try:
        yield
    finally:
        _total_of_shares.reset(token)
