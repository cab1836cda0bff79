"""What the losses for masks are made of. All give one figure per picture, so that pictures can be weighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from trainer.engine.mask_labels import class_weights_tensor, one_hot_masks

_LEAST_SCORE = 1e-7
_IN_PICTURE = (1, 2)


def pixel_loss(
    y_true: Any,
    y_pred: Any,
    class_weights: Sequence[float] | None = None,
    gamma: float = 0.0,
    label_smoothing: float = 0.0,
) -> Any:
    """Crossentropy of the pixels, each weighted by its class and by (1 − score)^gamma, shape (B,).

    Divided by the summed class weights of the counted pixels: weights shift the balance and leave the size as it is.
    """
    masks, scores = one_hot_masks(y_true, y_pred)
    num_classes = scores.shape[-1]
    weights = class_weights_tensor(class_weights, num_classes, scores.dtype)
    is_counted = ops.sum(masks, axis=-1, keepdims=True)
    smoothed = masks * (1 - label_smoothing) + label_smoothing / num_classes * is_counted
    scores = ops.clip(scores, _LEAST_SCORE, 1.0)
    losses = -smoothed * ops.log(scores)
    if gamma:
        # The slope of a root is infinite at 0.
        losses = losses * ops.power(ops.maximum(1 - scores, _LEAST_SCORE), gamma)
    pixel_weights = ops.sum(masks * weights, axis=-1, keepdims=True)
    total = ops.sum(losses * pixel_weights, axis=(1, 2, 3))
    return ops.divide_no_nan(total, ops.sum(pixel_weights, axis=(1, 2, 3)))


def overlap_loss(
    y_true: Any,
    y_pred: Any,
    false_positives: float,
    false_negatives: float,
    smooth: float,
    class_weights: Sequence[float] | None = None,
    gamma: float = 1.0,
) -> Any:
    """(1 − Tversky index)^gamma of each class in each picture, averaged over the classes by their weights, shape (B,).

    With 0.5 for both kinds of mistakes the Tversky index is the Dice coefficient.
    """
    masks, scores = one_hot_masks(y_true, y_pred)
    weights = class_weights_tensor(class_weights, scores.shape[-1], scores.dtype)
    scores = scores * ops.sum(masks, axis=-1, keepdims=True)
    hit = ops.sum(masks * scores, axis=_IN_PICTURE)
    excess = ops.sum(scores, axis=_IN_PICTURE) - hit
    missed = ops.sum(masks, axis=_IN_PICTURE) - hit
    index = ops.divide_no_nan(hit + smooth, hit + false_positives * excess + false_negatives * missed + smooth)
    losses = 1 - index
    if gamma != 1:
        losses = ops.power(ops.maximum(losses, _LEAST_SCORE), gamma)
    return ops.divide_no_nan(ops.sum(losses * weights, axis=-1), ops.sum(weights))
