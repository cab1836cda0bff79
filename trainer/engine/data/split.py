"""One part of the data (training, validation or test) and the batches made of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.config.sections import AugmentationSection
from trainer.data.path_list import PathList
from trainer.engine.data.augment import augment, draw_randomness, is_active
from trainer.engine.data.batches import BatchPlan, index_dataset, without_sign
from trainer.engine.data.dataset_options import fixed_options
from trainer.engine.data.decode_folder import CALLS_PER_CORE, num_cores
from trainer.engine.data.pixels import Pixels
from trainer.engine.data.steps import NO_STEPS, DataSteps

_LEAST_BATCHES_AHEAD = 2
_MOST_BATCHES_AHEAD = 32
_BYTES_AHEAD = 64 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Samples of one part of the data.

    Attributes:
        folder: What `paths` are relative to.
        paths: The pictures, one per sample.
        labels: int32, shape (num_samples,).
        class_names: Classes by label.
        image_shape: Height, width, channels.
        rows: int64, shape (num_samples,): where each sample is in `pixels`.
        pixels: All pictures of the folder.
        steps: What is done to whole batches after that.
    """

    folder: Path
    paths: PathList
    labels: NDArray[np.int32]
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    rows: NDArray[np.int64]
    pixels: Pixels
    steps: DataSteps = NO_STEPS

    @property
    def num_samples(self) -> int:
        """Number of pictures."""
        return len(self.labels)

    @property
    def first_batch_size(self) -> int:
        """0: the size of batches is still open."""
        return 0

    def num_batches(self, batch_size: int) -> int:
        """Batches per epoch, counting a smaller last one."""
        return -(-self.num_samples // batch_size)

    def describe(self, part: str) -> str:
        """How many pictures there are; `part` is `training` or the like."""
        return f"{self.num_samples:,} {part} pictures"

    def dataset(
        self,
        *,
        batch_size: int,
        epoch: int = 0,
        step: int = 0,
        shuffle: bool,
        seed: int,
        augmentation: AugmentationSection | None,
        one_hot: bool,
        repeat: bool,
        max_batches: int = 0,
    ) -> Any:
        """Batches as `DataPart.dataset` describes them, a pure function of the arguments.

        The batches from (epoch, step) on are bit for bit those that a dataset started at the beginning would give
        there; what lies before is neither read nor decoded. Batches never cross epochs; the last one of an epoch
        may be smaller.

        Returns:
            Batches (images, labels). Images have shape (B, height, width, channels) in 0–255: uint8, or float32
            where they are augmented or `steps` change them. Labels are int32 of shape (B,), or float32 of shape
            (B, classes) if one-hot. With files that are decoded while training, a broken one ends the iteration with
            a TensorFlow error; `explain_decode_failure` then names it.
        """
        active = augmentation if is_active(augmentation) else None
        plan = BatchPlan(self.num_samples, batch_size, epoch, step, shuffle, seed, repeat, max_batches)
        randomness = (lambda number: draw_randomness(self.num_samples, seed, number)) if active else None
        with tf.device("CPU:0"):
            labels = tf.constant(self.labels)

        def finish(images: Any, indices: Any, *draws: Any) -> Any:
            if active is not None:
                images = augment(images, draws[0], active)
            images = tf.ensure_shape(images, (None, *self.image_shape))
            classes = tf.gather(labels, indices)
            return images, tf.one_hot(classes, len(self.class_names)) if one_hot else classes

        ready = self._map_batches(plan, randomness, finish)
        num_batches = tf.data.INFINITE_CARDINALITY if repeat else plan.num_batches_left
        ahead = self._batches_ahead(batch_size, active is not None)
        ready = ready.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(ahead)
        first = epoch * plan.num_batches + step
        return self.steps.apply(
            ready.with_options(fixed_options()),
            augmented=augmentation is not None,
            seed=seed,
            first=first,
            num_batches=plan.num_batches,
        )

    def images(self, indices: Sequence[int]) -> NDArray[np.uint8]:
        """Pictures of the given samples, unchanged: uint8, shape (len(indices), height, width, channels)."""
        rows = self.rows[list(indices)]
        if self.pixels.whole_batches:
            whole: NDArray[np.uint8] = self.pixels.read(tf.constant(rows)).numpy()
            return whole
        single = _in_parallel(tf.data.Dataset.from_tensor_slices(rows), self.pixels.read, calls=num_cores())
        single = single.with_options(fixed_options())
        return np.array(list(single.as_numpy_iterator()), np.uint8).reshape(len(rows), *self.image_shape)

    def _batches_ahead(self, batch_size: int, is_float: bool) -> int:
        # Left to AUTOTUNE, up to 512 batches pile up: gigabytes of large pictures.
        batch_bytes = batch_size * math.prod(self.image_shape) * (4 if is_float else 1)
        return max(_LEAST_BATCHES_AHEAD, min(_MOST_BATCHES_AHEAD, _BYTES_AHEAD // batch_bytes))

    def _map_batches(self, plan: BatchPlan, randomness: Callable[[Any], Any] | None, finish: Callable[..., Any]) -> Any:
        """Call `finish(images, indices, *draws)` for every batch of the plan."""
        with tf.device("CPU:0"):
            rows = tf.constant(self.rows)

        def read_batch(*columns: Any) -> Any:
            kept = _without_filling(columns[0], *columns)
            return finish(self.pixels.read(tf.gather(rows, kept[0])), *kept)

        def read_sample(index: Any, *draws: Any) -> Any:
            return self.pixels.read(tf.gather(rows, without_sign(index))), index, *draws

        def finish_batch(images: Any, indices: Any, *draws: Any) -> Any:
            return finish(*_without_filling(indices, images, indices, *draws))

        if self.pixels.whole_batches:
            return _in_parallel(index_dataset(plan, randomness), read_batch, calls=num_cores())
        samples = index_dataset(plan, randomness, batched=False)
        pictures = _in_parallel(samples, read_sample, calls=CALLS_PER_CORE * num_cores())
        return _in_parallel(pictures.batch(plan.batch_size), finish_batch, calls=num_cores())


def _in_parallel(dataset: Any, function: Callable[..., Any], calls: int) -> Any:
    # Nothing in there branches in Python; converting it for that would only take time.
    function = tf.autograph.experimental.do_not_convert(function)
    return dataset.map(function, num_parallel_calls=calls, deterministic=True)


def _without_filling(indices: Any, *columns: Any) -> tuple[Any, ...]:
    num_samples = tf.math.count_nonzero(indices >= 0)
    return tuple(column[:num_samples] for column in columns)
