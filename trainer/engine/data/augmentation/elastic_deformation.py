"""Bends pictures like rubber."""

from __future__ import annotations

from typing import Annotated, Any

import tensorflow as tf

from trainer.engine.data.prepared import TargetKind
from trainer.engine.data.sample_random import sample_uniforms
from trainer.engine.data.warp import clipped_boxes, hull

_POINTS_PER_SIDE = 5


class ElasticDeformation:
    """Bends pictures like rubber, as U-Net was trained with (Ronneberger et al., 2015). Masks and boxes move along.

    Points of a coarse grid are shifted at random; everything between follows smoothly. What comes in from outside
    repeats the edge.

    Args:
        displacement_fraction: How far a point of the grid moves at most, as a share of the distance between two.
        grid_cells: Cells of the grid along the shorter side. More bend smaller details.
    """

    def __init__(
        self,
        displacement_fraction: Annotated[float, "0..0.5"] = 0.25,
        grid_cells: Annotated[int, "1..32"] = 4,
    ) -> None:
        self._displacement = displacement_fraction
        self._cells = grid_cells

    def apply(self, images: Any, targets: Any, target_kind: TargetKind, seeds: Any) -> tuple[Any, Any]:
        """See `SampleStep.apply`."""
        height, width = images.shape[1], images.shape[2]
        flow = self._flow(seeds, height, width)
        rows, columns = tf.meshgrid(
            tf.range(height, dtype=tf.float32), tf.range(width, dtype=tf.float32), indexing="ij"
        )
        places = tf.stack([rows, columns], axis=-1) + flow
        if target_kind == "masks":
            targets = tf.gather_nd(targets, _inside(tf.round(places), height, width), batch_dims=1)
        if target_kind == "boxes":
            targets = _moved_boxes(targets, flow, height, width)
        return _bilinear(images, places, height, width), targets

    def _flow(self, seeds: Any, height: int, width: int) -> Any:
        """How far away each pixel of the result comes from: float32, shape (B, height, width, 2), down and right."""
        cell = min(height, width) / self._cells
        grid = (max(1, round(height / cell)) + 3, max(1, round(width / cell)) + 3)
        draws = sample_uniforms(seeds, grid[0] * grid[1] * 2) * 2 - 1
        points = tf.reshape(draws, (-1, *grid, 2)) * (self._displacement * cell)
        # A cubic in place of bends at the grid's lines; the outermost points lie outside of the picture.
        size = (round(cell * grid[0]), round(cell * grid[1]))
        smooth = tf.image.resize(points, size, method="bicubic")
        top, left = (size[0] - height) // 2, (size[1] - width) // 2
        return smooth[:, top : top + height, left : left + width]


def _inside(places: Any, height: int, width: int) -> Any:
    return tf.clip_by_value(tf.cast(places, tf.int32), 0, [height - 1, width - 1])


def _bilinear(images: Any, places: Any, height: int, width: int) -> Any:
    whole = tf.floor(places)
    down, right = tf.split(places - whole, 2, axis=-1)

    def at(row: int, column: int) -> Any:
        places = _inside(whole + tf.constant([row, column], tf.float32), height, width)
        return tf.gather_nd(images, places, batch_dims=1)

    upper = at(0, 0) * (1 - right) + at(0, 1) * right
    lower = at(1, 0) * (1 - right) + at(1, 1) * right
    return upper * (1 - down) + lower * down


def _moved_boxes(targets: dict[str, Any], flow: Any, height: int, width: int) -> dict[str, Any]:
    """Upright boxes around where points along the edges of a box go to."""
    left, top, right, bottom = tf.split(targets["boxes"], 4, axis=-1)
    shares = tf.linspace(0.0, 1.0, _POINTS_PER_SIDE)
    across, along = left + (right - left) * shares, top + (bottom - top) * shares
    x = tf.concat([across, across, tf.tile(left, (1, 1, 5)), tf.tile(right, (1, 1, 5))], axis=-1)
    y = tf.concat([tf.tile(top, (1, 1, 5)), tf.tile(bottom, (1, 1, 5)), along, along], axis=-1)
    moved_x, moved_y = x, y
    # The flow leads from the result back to the picture; its inverse is found by going there twice.
    for _ in range(3):
        places = _inside(tf.stack([moved_y - 0.5, moved_x - 0.5], axis=-1), height, width)
        shift = tf.gather_nd(flow, places, batch_dims=1)
        moved_x, moved_y = x - shift[..., 1], y - shift[..., 0]
    return clipped_boxes(targets, hull(moved_x, moved_y), height, width)
