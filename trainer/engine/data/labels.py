"""The form of labels that a loader gives, and its change into the form that the loss needs."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import tensorflow as tf

LabelKind = Literal["classes", "one_hot", "other"]
"""Class numbers of shape (B,) or (B, 1); one row of shape (B, classes) per sample; anything else, left as it is."""


def kind_of_labels(labels: Any) -> LabelKind:
    """The form of a batch of labels.

    Args:
        labels: A tensor, or a dictionary or tuple of tensors for several outputs.
    """
    if not tf.is_tensor(labels):
        return "other"
    shape = tuple(labels.shape)
    if len(shape) == 1 or (len(shape) == 2 and shape[1] == 1):
        return "classes" if _are_whole(labels.numpy()) else "other"
    return "one_hot" if len(shape) == 2 and (labels.dtype.is_floating or labels.dtype.is_integer) else "other"


def _are_whole(numbers: np.ndarray[Any, Any]) -> bool:
    if numbers.dtype.kind not in "biuf":
        return False
    return bool(np.all(numbers >= 0) and np.all(numbers == np.floor(numbers)))


def in_form(labels: Any, kind: LabelKind, *, one_hot: bool, num_classes: int) -> Any:
    """Labels as the loss needs them.

    Args:
        labels: Of the given kind.
        kind: As `kind_of_labels` says.
        one_hot: Rows of shape (B, classes), float32, instead of class numbers of shape (B,), int32.
        num_classes: Length of a row.
    """
    if kind == "other":
        return labels
    if kind == "classes":
        numbers = tf.cast(tf.reshape(labels, (-1,)), tf.int32)
        return tf.one_hot(numbers, num_classes) if one_hot else numbers
    return tf.cast(labels, tf.float32) if one_hot else tf.argmax(labels, axis=-1, output_type=tf.int32)
