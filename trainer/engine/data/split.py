"""One part of the data (training, validation or test) and the batches made of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.catalog.augmentation_support import is_active
from trainer.config.sections import AugmentationSection
from trainer.data.augmentation_strength import Strength
from trainer.engine.data.augment import Copies, augment_sample_batch, draw_randomness
from trainer.engine.data.batches import BatchPlan, in_parallel, index_dataset, without_filling, without_sign
from trainer.engine.data.batches_together import BatchesTogether, are_late, are_read_together, look, without_empty
from trainer.engine.data.counted import Counted
from trainer.engine.data.dataset_options import fixed_options
from trainer.engine.data.decode_folder import CALLS_PER_CORE, num_cores
from trainer.engine.data.pixels import Pixels
from trainer.engine.data.prepared import TargetKind
from trainer.engine.data.steps import NO_STEPS, DataSteps
from trainer.engine.data.targets import BoxTargets, ClassTargets, MaskTargets, NumberTargets, Targets

_LEAST_BATCHES_AHEAD = 2
_MOST_BATCHES_AHEAD = 32
_BYTES_AHEAD = 64 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Samples of one part of the data.

    Attributes:
        place: The folder that `names` are relative to, or the file.
        names: One per sample: a path, or a place in the file.
        inputs: All inputs of the folder or file, by row.
        rows: int64, shape (num_samples,): where each sample is in `inputs`.
        targets: What is to be predicted, by sample.
        input_shape: Height, width and channels, or the number of columns.
        class_names: Classes by label; empty where nothing is classified.
        class_weights: float32, shape (classes,): how much each class counts; `None` where all count the same.
        steps: What is done to whole batches after that.
        are_copies: bool, shape (num_samples,): which were added to balance classes and are to differ from their
            originals; `None` without any.
        copy_strength: How much more these are changed.
    """

    place: Path
    names: Sequence[str]
    inputs: Pixels
    rows: NDArray[np.int64]
    targets: Targets
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...] = ()
    class_weights: NDArray[np.float32] | None = None
    steps: DataSteps = NO_STEPS
    are_copies: NDArray[np.bool_] | None = None
    copy_strength: Strength = "medium"

    @property
    def num_samples(self) -> int:
        """Number of samples."""
        return len(self.rows)

    @property
    def labels(self) -> NDArray[np.int32] | None:
        """Class of every sample, int32 of shape (num_samples,), where each has one."""
        return self.targets.labels if isinstance(self.targets, ClassTargets) else None

    @property
    def target_kind(self) -> TargetKind:
        """What is to be predicted."""
        if isinstance(self.targets, ClassTargets):
            return "classes"
        if isinstance(self.targets, NumberTargets):
            return "label_sets" if self.class_names else "numbers"
        return "boxes" if isinstance(self.targets, BoxTargets) else "masks"

    @property
    def first_batch_size(self) -> int:
        """0: the size of batches is still open."""
        return 0

    def num_batches(self, batch_size: int) -> int:
        """Batches per epoch, counting a smaller last one."""
        return -(-self.num_samples // batch_size)

    def describe(self, part: str) -> str:
        """How many there are; `part` is `training` or the like."""
        return f"{self.num_samples:,} {part} {'pictures' if len(self.input_shape) == 3 else 'samples'}"

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
            Batches (inputs, targets), with a weight per sample or pixel as a third where classes are weighted. Pictures
            are in 0–255: uint8, or float32 where they are augmented or `steps` change them. Targets are what
            `Targets.finish` gives. With files that are decoded while training, one that breaks meanwhile ends the
            iteration with a TensorFlow error; `explain_decode_failure` then names it. Of so many that they were not
            all read before, a broken one is left out of its batch instead.
        """
        is_changed = augmentation is not None and (
            is_active(augmentation) or self.are_copies is not None or bool(self.steps.augmentation)
        )
        plan = BatchPlan(self.num_samples, batch_size, epoch, step, shuffle, seed, repeat, max_batches)

        def randomness(epoch: Any) -> Any:
            is_fresh = augmentation is None or augmentation.fresh_every_epoch
            return draw_randomness(self.num_samples, seed, epoch if is_fresh else tf.zeros_like(epoch))

        def finish(inputs: Any, beside: Any, indices: Any, *draws: Any) -> Any:
            targets = self.targets.read(indices, beside)
            if augmentation is not None and is_changed:
                return self._augmented(inputs, targets, indices, draws[0], augmentation, one_hot=one_hot)
            inputs = tf.ensure_shape(inputs, (None, *self.input_shape))
            return inputs, *self._finished(targets, one_hot=one_hot)

        ready = self._map_batches(plan, randomness if is_changed else None, finish)
        num_batches = tf.data.INFINITE_CARDINALITY if repeat else plan.num_batches_left
        ahead = self._batches_ahead(batch_size, is_changed)
        if self._is_late and not repeat:
            ready = without_empty(ready).prefetch(ahead)
            return Counted(self.steps.preprocess(ready.with_options(fixed_options())), num_batches)
        ready = ready.apply(tf.data.experimental.assert_cardinality(num_batches)).prefetch(ahead)
        return self.steps.preprocess(ready.with_options(fixed_options()))

    def _augmented(
        self, images: Any, targets: Any, indices: Any, draws: Any, augmentation: AugmentationSection, *, one_hot: bool
    ) -> tuple[Any, ...]:
        """A batch as `dataset` gives it, from inputs and targets as they were read."""
        kind, are_copies, copies = self.target_kind, None, None
        if self.are_copies is not None:
            are_copies = tf.gather(_held(self.are_copies), indices)
            copies = Copies(are_copies, self.copy_strength)
        if is_active(augmentation) or copies is not None:
            images, targets = augment_sample_batch(images, targets, kind, draws, augmentation, copies)
        images = tf.ensure_shape(images, (None, *self.input_shape))
        one_by_one = not augmentation.fresh_every_epoch
        if kind in ("masks", "boxes"):  # they are moved as they are; class labels are mixed as the loss takes them
            images, targets = self.steps.augment(images, targets, draws, are_copies=are_copies, one_by_one=one_by_one)
            return images, *self._finished(targets, one_hot=one_hot)
        labels, *weights = self._finished(targets, one_hot=one_hot)
        images, labels = self.steps.augment(images, labels, draws, are_copies=are_copies, one_by_one=one_by_one)
        return images, labels, *weights

    def _finished(self, targets: Any, *, one_hot: bool) -> tuple[Any, ...]:
        return self.targets.finish(targets, one_hot=one_hot), *self._weights(targets)

    def _weights(self, targets: Any) -> tuple[Any, ...]:
        """Weight of every sample, or of every pixel of a mask; those that stand for no class count nothing."""
        if self.class_weights is None:
            return ()
        classes = targets[..., 0] if isinstance(self.targets, MaskTargets) else targets
        classes = tf.cast(classes, tf.int32)
        is_class = classes < len(self.class_weights)
        weights = tf.gather(_held(self.class_weights), tf.where(is_class, classes, 0))
        return (tf.where(is_class, weights, 0.0),)

    def take(self, numbers: NDArray[np.int64]) -> Split:
        """Some samples of this part, in that order; a number may come several times."""
        names = [self.names[number] for number in numbers.tolist()]
        are_copies = None if self.are_copies is None else self.are_copies[numbers]
        targets = self.targets.take(numbers)
        return dataclasses.replace(self, names=names, rows=self.rows[numbers], targets=targets, are_copies=are_copies)

    def readable(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some samples that can be read, in that order; without looking where that was done before.

        Raises:
            DataError: More of the data cannot be read than is tolerated.
        """
        if not self._is_late:
            return numbers
        sources = (self.inputs,) if self.targets.source is None else (self.inputs, self.targets.source)
        return numbers[look(self.rows[numbers], *sources)]

    def images(self, indices: Sequence[int]) -> NDArray[np.uint8]:
        """Inputs of the given samples, unchanged: shape (len(indices), *input_shape)."""
        rows = self.rows[list(indices)]
        if self.inputs.whole_batches:
            whole: NDArray[np.uint8] = self.inputs.read(tf.constant(rows)).numpy()
            return whole
        single = in_parallel(tf.data.Dataset.from_tensor_slices(rows), self.inputs.read, calls=num_cores())
        single = single.with_options(fixed_options())
        return np.array(list(single.as_numpy_iterator()), np.uint8).reshape(len(rows), *self.input_shape)

    @property
    def _is_late(self) -> bool:
        return are_late(self.inputs, self.targets.source)

    def _batches_ahead(self, batch_size: int, is_float: bool) -> int:
        # Left to AUTOTUNE, up to 512 batches pile up: gigabytes of large pictures.
        batch_bytes = batch_size * math.prod(self.input_shape) * (4 if is_float else 1)
        return max(_LEAST_BATCHES_AHEAD, min(_MOST_BATCHES_AHEAD, _BYTES_AHEAD // batch_bytes))

    def _map_batches(self, plan: BatchPlan, randomness: Callable[[Any], Any] | None, finish: Callable[..., Any]) -> Any:
        """Call `finish(inputs, beside, indices, *draws)` for every batch of the plan."""
        with tf.device("CPU:0"):
            rows = tf.constant(self.rows)
        beside = self.targets.source

        sources = (self.inputs,) if beside is None else (self.inputs, beside)
        whole = any(source.whole_batches for source in sources)

        def read(numbers: Any) -> tuple[Any, ...]:
            places = tf.gather(rows, numbers)
            return tuple(source.read(places) for source in sources)

        def read_batch(*columns: Any) -> Any:
            kept = without_filling(columns[0], *columns)
            return handed_over(*read(kept[0]), *kept)

        def handed_over(inputs: Any, *others: Any) -> Any:
            return finish(inputs, *(others if beside is not None else (None, *others)))

        def read_sample(index: Any, *draws: Any) -> Any:
            return *read(without_sign(index)), index, *draws

        def finish_batch(*columns: Any) -> Any:
            indices = columns[1 if beside is None else 2]
            return handed_over(*without_filling(indices, *columns))

        if are_read_together(*sources):
            return BatchesTogether(rows, sources, self.num_samples).batches(plan, randomness, handed_over)
        if whole:
            return in_parallel(index_dataset(plan, randomness), read_batch, calls=num_cores())
        samples = index_dataset(plan, randomness, batched=False)
        pictures = in_parallel(samples, read_sample, calls=CALLS_PER_CORE * num_cores())
        return in_parallel(pictures.batch(plan.batch_size), finish_batch, calls=num_cores())


def _held(array: NDArray[Any]) -> Any:
    """The array outside of the graph that is being made, which would otherwise hold a copy."""
    with tf.init_scope(), tf.device("CPU:0"):
        return tf.constant(array)
