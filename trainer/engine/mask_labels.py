"""Masks as losses and metrics get them, as class numbers or one-hot, brought to one form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops


def one_hot_masks(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """The masks one-hot, and the scores for the same classes.

    A single score per pixel is that of class 1, the foreground; class 0 gets what is missing to 1.

    Args:
        y_true: Class numbers of shape (B, height, width) or (B, height, width, 1), where a number that stands for no
            class, such as 255, is not counted; or one-hot (or mixed) rows of shape (B, height, width, classes), where
            rows of zeros are not counted.
        y_pred: Scores from 0 to 1, shape (B, height, width, classes).

    Returns:
        Masks and scores, both float of shape (B, height, width, classes). Masks are 0 where they are not counted.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_pred.shape) != 4:
        raise ValueError(f"Scores of pixels have the shape (batch, height, width, classes), not {y_pred.shape}.")
    if y_pred.shape[-1] == 1:
        y_pred = ops.concatenate([1 - y_pred, y_pred], axis=-1)
    num_classes = y_pred.shape[-1]
    if len(y_true.shape) == 4 and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if len(y_true.shape) == 3:
        return ops.one_hot(ops.cast(y_true, "int32"), num_classes, dtype=y_pred.dtype), y_pred
    if len(y_true.shape) != 4 or y_true.shape[-1] != num_classes:
        raise ValueError(f"Masks of shape {y_true.shape} do not fit scores of shape {y_pred.shape}.")
    return ops.cast(y_true, y_pred.dtype), y_pred


def class_weights_tensor(class_weights: Sequence[float] | None, num_classes: int, dtype: Any) -> Any:
    """One weight per class, shape (classes,); all 1 for `None`.

    Raises:
        ValueError: There are more or fewer weights than classes, or one is negative.
    """
    if class_weights is None:
        return ops.ones((num_classes,), dtype=dtype)
    if len(class_weights) != num_classes or min(class_weights) < 0:
        raise ValueError(
            f"class_weights has the {len(class_weights)} numbers {list(class_weights)}; expected are {num_classes}, "
            "one per class in the order of the classes, none of them negative."
        )
    return ops.convert_to_tensor([float(weight) for weight in class_weights], dtype=dtype)
