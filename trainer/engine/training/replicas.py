"""Training and evaluating on several copies of a network at once, with the same figures as on one.

Keras averages the mean losses of the copies, which is the mean over a batch only where all copies have equally many
samples of it. Here each copy counts for as much as it has of what the loss is the mean of: samples, pixels that are
counted, or objects. So gradients, losses and metrics are those of the whole batch, the smaller last one of an epoch
included. What still differs is what a layer computes from its own part of a batch while training, as batch
normalization does.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from tensorflow.python.data.ops import multi_device_iterator_ops

from trainer.engine.data.dataset_options import fixed_options
from trainer.engine.models.detection.detector import BoxDetector
from trainer.engine.models.detection.losses import share_of_batch


class Share(NamedTuple):
    """One copy's part of a batch.

    Attributes:
        batch: (inputs, labels) or (inputs, labels, weights) of at least one sample.
        num_samples: float32 scalar, 0 where a batch has fewer samples than there are copies: `batch` then is a sample
            that another copy has too, so that every layer has something to compute with.
    """

    batch: Any
    num_samples: Any


def distribute(dataset: Any, strategy: Any) -> Any:
    """Give every batch of a dataset to the copies in parts that differ by one sample at most.

    Args:
        dataset: Batches (inputs, labels) or (inputs, labels, weights).
        strategy: A `tf.distribute.Strategy` with one worker.

    Returns:
        A `tf.distribute.DistributedDataset` of `Share`, for a model that `train_in_shares` has prepared.
    """
    num_replicas = strategy.num_replicas_in_sync

    def split(*batch: Any) -> Any:
        numbers = tf.data.Dataset.range(num_replicas, output_type=tf.int32)
        return numbers.map(tf.autograph.experimental.do_not_convert(lambda number: _share(batch, number, num_replicas)))

    with tf.device("CPU:0"):
        # The number of shares must not be known: Keras would take it for the number of batches.
        always = tf.autograph.experimental.do_not_convert(lambda *_: True)
        shares = dataset.flat_map(tf.autograph.experimental.do_not_convert(split)).take_while(always)
    return strategy.distribute_datasets_from_function(lambda _: shares)


def _dividing(function: Callable[..., Any], strategy: Any) -> Callable[..., Any]:
    """`fit` or `evaluate` of a model, dividing a whole data set as `distribute` does, for a loop that calls it."""

    def divided(data: Any) -> Any:
        return distribute(data, strategy) if isinstance(data, tf.data.Dataset) else data

    @functools.wraps(function)
    def call(x: Any = None, *arguments: Any, **options: Any) -> Any:
        if "validation_data" in options:
            options["validation_data"] = divided(options["validation_data"])
        return function(divided(x), *arguments, **options)

    return call


def keep_tuner_off() -> None:
    """Keep the tuner of `tf.data` from the iterators that TensorFlow makes for each device.

    It gains nothing there, and its thread makes the end of each iterator wait for it, up to a minute.
    """
    make = multi_device_iterator_ops._create_device_dataset
    if not hasattr(make, "__wrapped__"):

        @functools.wraps(make)
        def make_untuned(*arguments: Any, **options: Any) -> Any:
            return make(*arguments, **options).with_options(fixed_options())

        multi_device_iterator_ops._create_device_dataset = make_untuned


def _share(batch: Any, number: Any, num_replicas: int) -> Share:
    num_samples = tf.shape(tf.nest.flatten(batch)[0])[0]
    least, rest = num_samples // num_replicas, num_samples % num_replicas
    size = least + tf.cast(number < rest, tf.int32)
    start = tf.minimum(number * least + tf.minimum(number, rest), num_samples - 1)
    stop = start + tf.maximum(size, 1)
    return Share(tf.nest.map_structure(lambda column: column[start:stop], batch), tf.cast(size, tf.float32))


def train_in_shares(model: Any) -> None:
    """Let a compiled model train on and evaluate shares of batches.

    Args:
        model: Made and compiled in the strategy's scope, with its metrics built.
    """
    model.train_step = functools.partial(_train_step, model, model.train_step)
    model.test_step = functools.partial(_test_step, model, model.test_step)
    # What was compiled before, as by a first batch that built the metrics, knows the steps of whole batches.
    model.train_function = model.test_function = None
    model.fit = _dividing(model.fit, model.distribute_strategy)
    model.evaluate = _dividing(model.evaluate, model.distribute_strategy)
    keep_tuner_off()
    # Keras would build here what is built already, from the mean of parts, which must not differ in size for that.
    model._maybe_symbolic_build = lambda **_: None


def _train_step(model: Any, train_whole: Callable[[Any], Any], data: Any) -> Any:
    if not isinstance(data, Share):
        return train_whole(data)
    with tf.GradientTape() as tape:
        scores, part = _forward(model, data, training=True)
        scaled = model.optimizer.scale_loss(part)
    weights = model.trainable_weights
    if weights:
        gradients = _clipped(model.optimizer, tape.gradient(scaled, weights))
        model.optimizer.apply_gradients(zip(gradients, weights, strict=True))
    else:
        warnings.warn("The model does not have any trainable weights.", stacklevel=2)
    return _update_metrics(model, data, scores)


def _clipped(optimizer: Any, gradients: list[Any]) -> list[Any]:
    """The gradients of a share, clipped by that of the whole batch where the optimizer clips.

    Keras would clip each copy's part by itself, and with it a gradient that is as many times too large as there are
    copies. What is given back sums to the clipped gradient; clipping that again changes nothing.
    """
    inner = getattr(optimizer, "inner_optimizer", None)  # of mixed_float16, whose gradients are scaled
    clips = inner or optimizer
    if not (clips.clipnorm or clips.clipvalue or clips.global_clipnorm):
        return gradients
    context = tf.distribute.get_replica_context()
    known = [tf.convert_to_tensor(gradient) for gradient in gradients if gradient is not None]
    summed = context.all_reduce(tf.distribute.ReduceOp.SUM, known)
    scale = 1.0 if inner is None else tf.cast(optimizer.dynamic_scale, summed[0].dtype)
    clipped = iter(clips._clip_gradients([gradient / scale for gradient in summed]))
    factor = scale / context.num_replicas_in_sync
    return [None if gradient is None else next(clipped) * factor for gradient in gradients]


def _test_step(model: Any, test_whole: Callable[[Any], Any], data: Any) -> Any:
    if not isinstance(data, Share):
        return test_whole(data)
    scores, _ = _forward(model, data, training=False)
    return _update_metrics(model, data, scores)


def _forward(model: Any, share: Share, *, training: bool) -> tuple[Any, Any]:
    """Scores of a share and its part of the batch's loss, which is the sum of all parts; the running mean knows it."""
    inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(share.batch)
    scores = model(inputs, training=training)
    if isinstance(model, BoxDetector):
        part = _part_of_detector(model, share, scores)
    else:
        loss = model.compute_loss(x=inputs, y=labels, y_pred=scores, sample_weight=weights, training=training)
        num_replicas = tf.distribute.get_replica_context().num_replicas_in_sync  # by which Keras has divided
        part = loss * tf.cast(_fraction(model, share, labels) * num_replicas, loss.dtype)
    model._loss_tracker.update_state(_total(tf.stop_gradient(part)), sample_weight=share.num_samples)
    return scores, part


def _part_of_detector(model: Any, share: Share, scores: Any) -> Any:
    """Its own loss, divided by the objects of the whole batch."""
    inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(share.batch)
    is_counted = tf.cast(share.num_samples > 0, tf.float32)
    weights = is_counted * (tf.ones(tf.shape(inputs)[0]) if weights is None else tf.cast(weights, tf.float32))
    with share_of_batch(lambda units: _total(units * tf.cast(is_counted, units.dtype))):
        loss = model.compute_loss(x=inputs, y=labels, y_pred=scores, sample_weight=weights)
    penalties = sum(model.losses, tf.zeros((), loss.dtype))
    return loss - penalties * tf.cast(1 - share.num_samples / _total(share.num_samples), loss.dtype)


def _fraction(model: Any, share: Share, labels: Any) -> Any:
    """How much of the batch's loss a share decides; a loss that leaves out a class is the mean of the other labels."""
    samples = share.num_samples / _total(share.num_samples)
    left_out = getattr(model.loss, "ignore_class", None)
    if left_out is None:
        return samples
    counted = tf.reduce_sum(tf.cast(labels != tf.cast(left_out, labels.dtype), tf.float32))
    counted *= tf.cast(share.num_samples > 0, tf.float32)
    total = _total(counted)
    return tf.where(total > 0, tf.math.divide_no_nan(counted, total), samples)


def _total(value: Any) -> Any:
    """The sum over all copies."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)


def _update_metrics(model: Any, share: Share, scores: Any) -> Any:
    inputs, labels, weights = keras.utils.unpack_x_y_sample_weight(share.batch)
    return tf.cond(
        share.num_samples > 0,
        lambda: model.compute_metrics(inputs, labels, scores, sample_weight=weights),
        model.get_metrics_result,
    )
