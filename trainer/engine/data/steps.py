"""Preprocessing and augmentation by Keras layers and a user's functions, on whole batches."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from trainer.engine.data.batch_seeds import batch_seed
from trainer.engine.data.batch_step import BatchStep
from trainer.engine.data.decode_folder import num_cores

_BATCHES_AHEAD = 2


@dataclass(frozen=True, slots=True, eq=False)
class DataSteps:
    """Steps in the order in which they are applied.

    Attributes:
        augmentation: Applied to training batches only, first.
        preprocessing: Applied to all batches.
    """

    augmentation: tuple[BatchStep, ...] = ()
    preprocessing: tuple[BatchStep, ...] = ()

    def apply(self, batches: Any, *, augmented: bool, seed: int, first: int, num_batches: int) -> Any:
        """Change every batch of a dataset.

        Args:
            batches: A dataset of (images, labels) or (images, labels, weights).
            augmented: Whether these are training batches.
            seed: The run's seed.
            first: Number of the first batch, counted over all epochs from 0.
            num_batches: Batches per epoch.

        Returns:
            A dataset of the same structure with images as float32.
        """
        steps = (*(self.augmentation if augmented else ()), *self.preprocessing)
        if not steps:
            return batches

        def change(number: Any, batch: tuple[Any, ...]) -> tuple[Any, ...]:
            images, labels, *weights = batch
            images = tf.cast(images, tf.float32)
            epoch, position = number // num_batches, number % num_batches
            for index, step in enumerate(steps):
                images, labels = step(images, labels, batch_seed(seed, index, epoch, position))
            return images, labels, *weights

        numbered = tf.data.Dataset.zip(tf.data.Dataset.counter(start=first), batches)
        # A user's function runs as it is written: a failure then shows its own lines.
        changed = tf.autograph.experimental.do_not_convert(change)
        return numbered.map(changed, num_parallel_calls=num_cores(), deterministic=True).prefetch(_BATCHES_AHEAD)

    def tried(self, images: Any, labels: Any) -> DataSteps:
        """The same steps after calling each with a batch, so that failures come now and the shapes are known.

        Args:
            images: Numbers of shape (B, height, width, channels).
            labels: Their labels.

        Raises:
            UserCodeError: A function of the user's failed or returned something unfit.
            DataError: A Keras layer failed.
        """
        seed = batch_seed(0, 0, 0, 0)
        shown = tf.cast(images, tf.float32)
        known: dict[str, tuple[BatchStep, ...]] = {}
        for name, steps in (("augmentation", self.augmentation), ("preprocessing", self.preprocessing)):
            done: list[BatchStep] = []
            for step in steps:
                shown, labels = step(shown, labels, seed)
                done.append(dataclasses.replace(step, shape=tuple(shown.shape)[1:]))
            known[name] = tuple(done)
        return DataSteps(**known)


NO_STEPS = DataSteps()
