"""True objects with noise, which a decoder learns to correct beside the objects that it has to find itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
from keras import ops

from trainer.engine.models.detection.set_losses import Truth, corners_of

_LABEL_NOISE = 0.25
_BLOCKED = -1e9
_EDGE = 1e-5


class NoisyObjects(NamedTuple):
    """Queries made of true objects.

    Attributes:
        queries: float32 (B, noisy, width).
        references: float32 (B, noisy, 4): logits of their boxes.
        matched: float32 (B, noisy, objects): 1 where the query is to become the object, 0 for those to be rejected.
        counted: float32 (B, noisy): 0 in pictures without objects.
        group: int32 (B, noisy): queries of the same group may see each other.
    """

    queries: Any
    references: Any
    matched: Any
    counted: Any
    group: Any


@keras.saving.register_keras_serializable("ModelGardener")
class Denoising(keras.layers.Layer):  # type: ignore[misc]
    """Makes queries of true objects: half near them, to be corrected, half further away, to be rejected.

    The objects of a picture are repeated until all queries are used, each repetition a group of its own. In a picture
    with more objects than fit, some are drawn.

    Source: Zhang et al. 2022 (DINO), https://arxiv.org/abs/2203.03605.

    Args:
        num_queries: Noisy queries per picture.
        num_classes: Number of classes.
        width: Numbers per query.
        options: Those of every Keras layer.
    """

    def __init__(self, num_queries: int, num_classes: int, width: int, **options: Any) -> None:
        super().__init__(**options)
        self.num_queries, self.num_classes, self.width = num_queries, num_classes, width
        self.seed_generator = keras.random.SeedGenerator()

    def build(self, input_shape: Any = None) -> None:  # noqa: ARG002
        """Make the vector of each class."""
        self.vectors = self.add_weight(name="vectors", shape=(self.num_classes, self.width))
        self.built = True

    def call(self, truth: Truth) -> NoisyObjects:
        """Draw noisy objects; anew at each call."""
        picked, group, is_far = self._picked(truth)
        counted = ops.sum(picked, axis=-1)
        classes = ops.matmul(picked, truth.classes)
        drawn = keras.random.randint(ops.shape(counted), 0, self.num_classes, seed=self.seed_generator)
        is_drawn = (self._uniform(counted) < _LABEL_NOISE)[..., None]
        classes = ops.where(is_drawn, ops.one_hot(drawn, self.num_classes, dtype="float32"), classes)
        references = self._moved(ops.matmul(picked, truth.boxes), is_far)
        matched = picked * (1 - is_far)[..., None]
        return NoisyObjects(ops.matmul(classes, self.vectors), references, matched, counted, group)

    def get_config(self) -> dict[str, Any]:
        """What the layer can be made from again."""
        own = {"num_queries": self.num_queries, "num_classes": self.num_classes, "width": self.width}
        return {**super().get_config(), **own}

    def _picked(self, truth: Truth) -> tuple[Any, Any, Any]:
        """The object of each query, one-hot; the query's group; 1 where it is to be rejected."""
        half = self.num_queries // 2
        present = ops.sum(truth.is_object, axis=-1, keepdims=True)
        count = ops.cast(ops.maximum(present, 1.0), "int32")
        places = ops.arange(half, dtype="int32")[None]
        order = ops.argsort(ops.where(truth.is_object > 0, self._uniform(truth.is_object), 2.0), axis=-1)
        numbers = ops.take_along_axis(ops.cast(order, "int32"), places % count, axis=1)
        num_objects = truth.is_object.shape[-1] or ops.shape(truth.is_object)[-1]
        picked = ops.one_hot(numbers, num_objects, dtype="float32") * ops.minimum(present, 1.0)[..., None]
        group = places // count
        is_far = ops.concatenate([ops.zeros((half,)), ops.ones((half,))], axis=0)
        return ops.concatenate([picked, picked], axis=1), ops.concatenate([group, group], axis=1), is_far

    def _moved(self, boxes: Any, is_far: Any) -> Any:
        """Logits of boxes whose edges have moved by up to half a side, or by half to a whole one where `is_far`."""
        half_sides = ops.concatenate([boxes[..., 2:], boxes[..., 2:]], axis=-1) / 2
        way = self._uniform(boxes) + is_far[:, None]
        sign = ops.where(self._uniform(boxes) < 0.5, -1.0, 1.0)
        corners = ops.clip(corners_of(boxes) + sign * way * half_sides, 0.0, 1.0)
        start, end = corners[..., :2], corners[..., 2:]
        moved = ops.concatenate([(start + end) / 2, ops.abs(end - start)], axis=-1)
        return ops.log(ops.maximum(moved, _EDGE) / ops.maximum(1 - moved, _EDGE))

    def _uniform(self, like: Any) -> Any:
        return keras.random.uniform(ops.shape(like), seed=self.seed_generator)


def attention_mask(noisy: NoisyObjects, num_queries: int) -> Any:
    """What is added to the attention of noisy queries followed by ordinary ones, float32 (B, all, all).

    Noisy queries see their group and the ordinary ones; these do not see what would give the objects away.
    """
    num_noisy = noisy.queries.shape[1]
    same = ops.cast(noisy.group[:, :, None] == noisy.group[:, None, :], "float32")
    hidden = ops.pad(1 - same, ((0, 0), (0, num_queries), (0, num_queries)))
    is_noisy = ops.concatenate([ops.ones((num_noisy,)), ops.zeros((num_queries,))], axis=0)
    return _BLOCKED * (hidden + (1 - is_noisy)[:, None] * is_noisy[None])
