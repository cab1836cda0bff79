"""One part of the data as a user's loader gives it: ready batches in an order of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from trainer.catalog.augmentation_support import is_active
from trainer.config.sections import AugmentationSection
from trainer.engine.data.augment import augment, draw_rows
from trainer.engine.data.batch_seeds import batch_seed
from trainer.engine.data.decode_folder import num_cores
from trainer.engine.data.labels import LabelKind, in_form
from trainer.engine.data.part import InputShape
from trainer.engine.data.steps import NO_STEPS, DataSteps

_BATCHES_AHEAD = 2
_BUILT_IN_AUGMENTATION = -1
"""In the place of a step's number."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadySplit:
    """Batches of a user's loader.

    Attributes:
        ready: The user's `tf.data.Dataset` of (inputs, labels) or (inputs, labels, weights).
        num_ready_batches: Batches in one pass over it.
        num_samples: Samples in one pass; `None` if nobody counted.
        first_batch_size: Samples in its first batch.
        input_shape: Shape of one sample's input; by name where there are several.
        label_kind: The form of its labels.
        class_names: Classes by label; empty where labels are not classes.
        steps: What is done to its batches.
    """

    ready: Any
    num_ready_batches: int
    num_samples: int | None
    first_batch_size: int
    input_shape: InputShape
    label_kind: LabelKind
    class_names: tuple[str, ...]
    steps: DataSteps = NO_STEPS

    def num_batches(self, batch_size: int) -> int:  # noqa: ARG002
        """Batches per epoch: those that the loader gives, whatever the batch size."""
        return self.num_ready_batches

    def describe(self, part: str) -> str:
        """How much there is; `part` is `training` or the like."""
        count = f"{self.num_ready_batches:,} {part} batches"
        return count if self.num_samples is None else f"{count} with {self.num_samples:,} samples"

    def dataset(
        self,
        *,
        batch_size: int,  # noqa: ARG002
        epoch: int = 0,
        step: int = 0,
        shuffle: bool,  # noqa: ARG002
        seed: int,
        augmentation: AugmentationSection | None,
        one_hot: bool,
        repeat: bool,
        max_batches: int = 0,
    ) -> Any:
        """Batches as in `DataPart.dataset`; their size and order are the loader's.

        What lies before `step` is read and thrown away; where the loader shuffles, it is not what was seen before.
        """
        num_batches = min(self.num_ready_batches, max_batches or self.num_ready_batches)
        once = self.ready.take(num_batches)
        left = once.skip(step) if step else once
        batches = left.concatenate(once.repeat()) if repeat else left
        first = epoch * num_batches + step
        change = tf.autograph.experimental.do_not_convert(self._changes(augmentation, seed, num_batches, one_hot))
        numbered = tf.data.Dataset.zip(tf.data.Dataset.counter(start=first), batches)
        ready = numbered.map(change, num_parallel_calls=num_cores(), deterministic=True).prefetch(_BATCHES_AHEAD)
        return self.steps.preprocess(ready)

    def _changes(self, augmentation: AugmentationSection | None, seed: int, num_batches: int, one_hot: bool) -> Any:
        active = augmentation if is_active(augmentation) else None
        num_classes = len(self.class_names)

        def change(number: Any, batch: tuple[Any, ...]) -> tuple[Any, ...]:
            inputs, labels, *weights = batch
            inputs = _in_shape(inputs, self.input_shape)
            labels = in_form(labels, self.label_kind, one_hot=one_hot, num_classes=num_classes)
            if augmentation is None or not (active or self.steps.augmentation):
                return inputs, labels, *weights
            epoch = number // num_batches if augmentation.fresh_every_epoch else tf.zeros_like(number)
            seeds = batch_seed(seed, _BUILT_IN_AUGMENTATION, epoch, number % num_batches)
            draws = draw_rows(tf.shape(inputs)[0], seeds)
            if active is not None:
                inputs = augment(inputs, draws, active)
                inputs = _in_shape(inputs, self.input_shape)  # rotation and shift forget it; later steps need it
            inputs, labels = self.steps.augment(inputs, labels, draws)
            return inputs, labels, *weights

        return change


def _in_shape(inputs: Any, shape: InputShape) -> Any:
    if isinstance(shape, dict):
        return {name: tf.ensure_shape(inputs[name], (None, *inner)) for name, inner in shape.items()}
    return tf.ensure_shape(inputs, (None, *shape))
