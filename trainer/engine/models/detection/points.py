"""The points from which a detector without anchors measures boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

_START_IN_STRIDES = 2.0


def grid_points(image_size: Sequence[int], strides: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centres of the cells of all levels of a feature pyramid, the finest level first, row by row.

    >>> points, cell_sides = grid_points((8, 16), (8,))
    >>> points.tolist(), cell_sides.tolist()
    ([[4.0, 4.0], [12.0, 4.0]], [8.0, 8.0])

    Args:
        image_size: Height and width in pixels.
        strides: Pixels between neighbouring cells, for each level.

    Returns:
        Points as x and y in pixels, float32 of shape (points, 2), and the stride of each, float32 of shape (points,).
    """
    points, sides = [], []
    for stride in strides:
        rows, columns = (math.ceil(length / stride) for length in image_size)
        y, x = np.mgrid[:rows, :columns]
        level = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride
        points.append(level.astype(np.float32))
        sides.append(np.full(len(level), stride, np.float32))
    return np.concatenate(points), np.concatenate(sides)


@keras.saving.register_keras_serializable("ModelGardener")
class PointBoxes(keras.layers.Layer):  # type: ignore[misc]
    """Boxes from four raw numbers per point: the softened distances to the left, top, right and bottom side.

    Input and output have shape (B, points, 4); the output is left, top, right, bottom in pixels, float32. A zero stands
    for about one and a half strides, so that untrained boxes of each level have the size that the level is for.

    Args:
        image_size: Height and width in pixels.
        strides: Pixels between neighbouring cells, for each level.
        options: Those of every Keras layer.
    """

    def __init__(self, image_size: Sequence[int], strides: Sequence[int], **options: Any) -> None:
        super().__init__(**{"dtype": "float32", **options})
        self.image_size = tuple(int(length) for length in image_size)
        self.strides = tuple(int(stride) for stride in strides)
        self.points, self.sides = grid_points(self.image_size, self.strides)

    def call(self, raw: Any) -> Any:
        """Boxes in pixels."""
        distances = ops.softplus(ops.cast(raw, "float32")) * (_START_IN_STRIDES * self.sides[:, None])
        return ops.concatenate([self.points - distances[..., :2], self.points + distances[..., 2:]], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The same as the input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What the layer can be made from again."""
        return {**super().get_config(), "image_size": list(self.image_size), "strides": list(self.strides)}
