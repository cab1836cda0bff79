"""Preprocessing and augmentation by Keras layers, steps of ours and a user's functions, on whole batches."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from trainer.engine.data.batch_step import BatchStep, StepDraws
from trainer.engine.data.decode_folder import num_cores
from trainer.engine.data.sample_random import further_seeds, sample_seeds

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

    def augment(
        self, images: Any, targets: Any, randomness: Any, *, are_copies: Any = None, one_by_one: bool = False
    ) -> tuple[Any, Any]:
        """Apply the augmentation to a batch, in a TensorFlow graph.

        Args:
            images: Numbers of shape (B, height, width, channels).
            targets: Masks and boxes as they are read, other targets as the loss takes them.
            randomness: Rows of `draw_randomness` for these samples, shape (B, draws). Our steps and functions that take
                one `image` draw from each sample's row; Keras layers and functions that take whole batches draw from
                that of the first sample.
            are_copies: bool, shape (B,): samples added to balance classes; `None` without any.
            one_by_one: Keras layers draw from each sample's row too.

        Returns:
            Images as float32, and targets.
        """
        if not self.augmentation:
            return images, targets
        images = tf.cast(images, tf.float32)
        seeds = sample_seeds(randomness)
        for number, step in enumerate(self.augmentation):
            if step.only_copies and are_copies is None:
                continue
            images, targets = step(images, targets, StepDraws(further_seeds(seeds, number), are_copies, one_by_one))
        return images, targets

    def preprocess(self, batches: Any) -> Any:
        """Apply the preprocessing to every batch of a dataset.

        Args:
            batches: A dataset of (images, labels) or (images, labels, weights).

        Returns:
            A dataset of the same structure, with images as float32 where there is any preprocessing.
        """
        if not self.preprocessing:
            return batches

        def change(images: Any, *others: Any) -> tuple[Any, ...]:
            images = tf.cast(images, tf.float32)
            for step in self.preprocessing:
                images, _ = step(images, (), NO_DRAWS)
            return images, *others

        # A user's function runs as it is written: a failure then shows its own lines.
        changed = tf.autograph.experimental.do_not_convert(change)
        return batches.map(changed, num_parallel_calls=num_cores(), deterministic=True).prefetch(_BATCHES_AHEAD)

    def tried(self, images: Any, labels: Any) -> DataSteps:
        """The same steps after calling each with a batch, so that failures come now and the shapes are known.

        Args:
            images: Numbers of shape (B, height, width, channels).
            labels: Their labels, as the loss takes them.

        Raises:
            ConfigError: A step changes the size of pictures but not of their masks or boxes.
            UserCodeError: A function of the user's failed or returned something unfit.
            DataError: A Keras layer failed.
        """
        shown = tf.cast(images, tf.float32)
        draws = StepDraws(tf.zeros((tf.shape(shown)[0], 2), tf.int32))
        known: dict[str, tuple[BatchStep, ...]] = {}
        for name, steps in (("augmentation", self.augmentation), ("preprocessing", self.preprocessing)):
            done: list[BatchStep] = []
            for step in steps:
                targets = labels
                if step.target_kind == "masks":
                    targets = tf.zeros((*shown.shape[:3], 1), tf.uint8)
                before = shown.shape
                shown, targets = step(shown, targets, draws)
                step.require_size(before, shown.shape)
                labels = labels if step.target_kind == "masks" else targets
                done.append(dataclasses.replace(step, shape=tuple(shown.shape)[1:]))
            known[name] = tuple(done)
        return DataSteps(**known)


NO_STEPS = DataSteps()
NO_DRAWS = StepDraws(((0, 0),))
