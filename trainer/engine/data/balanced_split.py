"""Balances the training samples of a split: weights of classes, or samples repeated or left out."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.balance import balanced_rows, class_counts, class_weights, given_weights, weights_of_counts
from trainer.engine.data.split import Split
from trainer.engine.data.targets import MaskTargets
from trainer.engine.reporting import Reporter
from trainer.errors import ConfigError, Problem

Counts = NDArray[np.int64]
_MOST_COUNTED_MASKS = 500
_UNBALANCED = {
    "label_sets": "Samples with several classes each cannot be repeated, left out or weighed for one class without "
    "changing the others. Choose none, and a loss that weighs classes.",
    "boxes": "Boxes of several classes share a picture, so pictures cannot be balanced by class. Choose none.",
    "numbers": "There are no classes to balance in a regression. Choose none.",
    "masks": "A picture with a mask has pixels of many classes. Choose class_weights, or none.",
}


def balance_training(train: Split, config: Config, reporter: Reporter) -> tuple[Split, Counts | None, Counts | None]:
    """The training samples as `data.balance` wants them, and how many of each class there were before and are now.

    Raises:
        ConfigError: Samples like these cannot be balanced like that.
    """
    section, labels = config.data.balance, train.labels
    if section.method == "class_weights" and train.target_kind == "masks":
        return _with_pixel_weights(train, config, reporter), None, None
    if labels is None:
        if section.method != "none":
            raise ConfigError((Problem("data.balance.method", _UNBALANCED[train.target_kind]),))
        return train, None, None
    if section.method == "variations" and len(train.input_shape) != 3:
        message = "Rows of a table cannot be varied like pictures. Choose oversample."
        raise ConfigError((Problem("data.balance.method", message),))
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
    counted = train.rows[::step]
    counts = np.zeros(len(train.class_names), np.int64)
    for row in counted:
        mask = _mask(train.targets, int(row))
        counts += np.bincount(mask[mask < len(counts)].ravel(), minlength=len(counts))
    share = "all" if step == 1 else f"{len(counted):,} of {len(train.rows):,}"
    reporter.log("DATA", f"Class weights follow from the pixels of {share} training masks")
    return _weighted(train, weights_of_counts(counts, section, train.class_names), reporter)


def _mask(targets: MaskTargets, row: int) -> NDArray[np.uint8]:
    pixels = targets.masks
    read = pixels.read(tf.constant([row], tf.int64) if pixels.whole_batches else tf.constant(row, tf.int64))
    mask: NDArray[np.uint8] = read.numpy()
    return mask
