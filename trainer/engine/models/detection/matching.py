"""Which query is to find which object, so that all of them together fit best."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

_HOPELESS = 1e6
"""Cost where a prediction is not a number: the matching goes on, and the loss itself tells that training failed."""


def match(costs: Any, is_object: Any) -> Any:
    """Give each object one query of its own, at the least sum of costs.

    Source: Carion et al. 2020 (DETR), https://arxiv.org/abs/2005.12872. The Hungarian method, by SciPy on the CPU: with
    TensorFlow only, and not where XLA compiles.

    Args:
        costs: float32 (B, sets, queries, objects): of each query for each object, in sets that are matched separately.
        is_object: float32 (B, objects): 1 for objects, 0 for padding, which is given to no query.

    Returns:
        float32 (B, sets, queries, objects): 1 where the query has the object, else 0. Where there are more objects than
        queries, the dearest are left without one.
    """
    costs = ops.stop_gradient(costs)
    matched = tf.numpy_function(_least_costs, [costs, is_object], tf.float32, stateful=False)
    return tf.ensure_shape(matched, costs.shape)


def most_matched(matched: Any) -> Any:
    """For each query the object that it has in most of the sets, of those it has in any.

    Args:
        matched: float32 (B, sets, queries, objects), as `match` gives it.

    Returns:
        float32 (B, queries, objects). Several queries may have the same object.
    """
    votes = ops.sum(matched, axis=1)
    chosen = ops.one_hot(ops.argmax(votes, axis=-1), votes.shape[-1] or ops.shape(votes)[-1], dtype="float32")
    return ops.minimum(votes, 1.0) * chosen


def _least_costs(costs: NDArray[np.float32], is_object: NDArray[np.float32]) -> NDArray[np.float32]:
    # Imported here: only who trains such a network waits for it.
    from scipy.optimize import linear_sum_assignment

    matched = np.zeros_like(costs)
    costs = np.nan_to_num(costs, nan=_HOPELESS, posinf=_HOPELESS, neginf=-_HOPELESS)
    for picture, present in enumerate(is_object > 0):
        objects = np.flatnonzero(present)
        for number, cost in enumerate(costs[picture, :, :, objects].transpose(1, 2, 0)):
            queries, chosen = linear_sum_assignment(cost)
            matched[picture, number, queries, objects[chosen]] = 1
    return matched
