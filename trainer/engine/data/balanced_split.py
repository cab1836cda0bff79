"""Balances the training samples of a split: weights of classes, or samples repeated or left out."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.catalog.balance_support import balance_problem
from trainer.config.config import Config
from trainer.data.balance import balanced_rows, class_counts, class_weights, given_weights, weights_of_counts
from trainer.engine.data.batches_together import read_usable
from trainer.engine.data.split import Split
from trainer.engine.data.targets import MaskTargets
from trainer.engine.reporting import Reporter
from trainer.errors import ConfigError

Counts = NDArray[np.int64]
_MOST_COUNTED_MASKS = 500


def balance_training(train: Split, config: Config, reporter: Reporter) -> tuple[Split, Counts | None, Counts | None]:
    """The training samples as `data.balance` wants them, and how many of each class there were before and are now.

    Raises:
        ConfigError: Samples like these cannot be balanced like that.
    """
    section, labels = config.data.balance, train.labels
    if problem := balance_problem(config, train.target_kind, has_pictures=len(train.input_shape) == 3):
        raise ConfigError((problem,))
    if section.method == "class_weights" and train.target_kind == "masks":
        return _with_pixel_weights(train, config, reporter), None, None
    if labels is None:
        return train, None, None
    before = class_counts(labels, len(train.class_names))
    if section.method == "none":
        return train, before, before
    if section.method == "class_weights":
        weights = class_weights(labels, len(train.class_names), section, train.class_names)
        return _weighted(train, weights, reporter), before, before
    rows, are_copies = balanced_rows(labels, section, config.runtime.seed)
    after = class_counts(labels[rows], len(train.class_names))
    for name, old, new in zip(train.class_names, before, after, strict=True):
        reporter.log("DATA", f"Balance: {name} {old:,} → {new:,}")
    balanced = train.take(rows)
    if section.method == "variations":
        balanced = dataclasses.replace(balanced, are_copies=are_copies, copy_strength=section.intensity)
    return balanced, before, after


def _weighted(train: Split, weights: NDArray[np.float32], reporter: Reporter) -> Split:
    told = ", ".join(f"{name} {weight:.3g}" for name, weight in zip(train.class_names, weights, strict=True))
    reporter.log("DATA", f"Class weights: {told}")
    return dataclasses.replace(train, class_weights=weights)


def _with_pixel_weights(train: Split, config: Config, reporter: Reporter) -> Split:
    """Weights from how many pixels of the masks each class has."""
    section = config.data.balance
    if section.weighting == "given":
        return _weighted(train, given_weights(section.class_weights, train.class_names), reporter)
    assert isinstance(train.targets, MaskTargets)
    step = -(-len(train.rows) // _MOST_COUNTED_MASKS)
    counts, num_counted = np.zeros(len(train.class_names), np.int64), 0
    for row in train.rows[::step]:
        mask = _mask(train.targets, int(row))
        if mask is not None:
            counts += np.bincount(mask[mask < len(counts)].ravel(), minlength=len(counts))
            num_counted += 1
    share = "all" if num_counted == len(train.rows) else f"{num_counted:,} of {len(train.rows):,}"
    reporter.log("DATA", f"Class weights follow from the pixels of {share} training masks")
    return _weighted(train, weights_of_counts(counts, section, train.class_names), reporter)


def _mask(targets: MaskTargets, row: int) -> NDArray[np.uint8] | None:
    """One mask, or `None` where it turns out to be unreadable."""
    pixels = targets.masks
    if not pixels.whole_batches:
        whole: NDArray[np.uint8] = pixels.read(tf.constant(row, tf.int64)).numpy()
        return whole
    (masks,), usable = read_usable(tf.constant([row], tf.int64), pixels)
    return masks.numpy() if usable.numpy().all() else None
