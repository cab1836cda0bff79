"""Training loops of your own.

A loop needs nothing of ModelGardener: Stop, Pause, checkpoints and curves reach it through `train_dataset` and
`callbacks`. One pass over `train_dataset` is one epoch.

In the configuration:

    training:
      training_loop: {file: custom_functions/training_loops.py, name: gradient_tape_loop}
"""

from typing import Annotated

import keras
import tensorflow as tf


def gradient_tape_loop(
    model,
    train_dataset,
    val_dataset,
    epochs,
    callbacks,
    weight_penalty: Annotated[float, "0..1", "group: regularization"] = 0.0,
    **kwargs,
):
    """A loop with `GradientTape`, compiled by `tf.function`, that trains on one device or several.

    Args:
        model: The compiled model.
        train_dataset: Batches of (pixels, labels).
        val_dataset: Batches of the same form, or `None`.
        epochs: Epochs to train.
        callbacks: Told of every epoch; they record, stop early and save.
        weight_penalty: Factor on the sum of the squared weights, which is added to the loss.
    """
    strategy = tf.distribute.get_strategy()
    train_step = _compiled_step(model, strategy, weight_penalty)
    batches = strategy.experimental_distribute_dataset(train_dataset)
    for epoch in range(epochs):
        model.reset_metrics()
        loss, num_batches = 0.0, 0
        for pixels, labels in batches:
            loss += train_step(pixels, labels)
            num_batches += 1
        logs = {name: float(value) for name, value in model.get_metrics_result().items()}
        logs["loss"] = float(loss) / max(num_batches, 1)
        if val_dataset is not None:
            figures = model.evaluate(val_dataset, verbose=0, return_dict=True)
            logs |= {f"val_{name}": value for name, value in figures.items()}
        for callback in callbacks:
            callback.on_epoch_end(epoch, logs)


def _compiled_step(model, strategy, weight_penalty):
    def on_one_device(pixels, labels):
        count = tf.cast(tf.shape(labels)[0], tf.float32)
        replica = tf.distribute.get_replica_context()
        with tf.GradientTape() as tape:
            scores = model(pixels, training=True)
            # Class numbers with a sparse loss or none, one-hot rows with any other.
            targets = tf.one_hot(labels, scores.shape[-1]) if labels.shape.rank == 1 else labels
            losses = keras.losses.categorical_crossentropy(targets, scores)
            # Gradients are summed over the devices: each gives its share of the mean over the whole batch.
            loss = tf.reduce_sum(losses) / replica.all_reduce("sum", count)
            penalty = tf.add_n([tf.reduce_sum(weight.value**2) for weight in model.trainable_variables])
            loss += weight_penalty * penalty / replica.num_replicas_in_sync
            scaled = model.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, [weight.value for weight in model.trainable_variables])
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        model.compute_metrics(pixels, labels, scores)
        return loss

    @tf.function
    def train_step(pixels, labels):
        return strategy.reduce("SUM", strategy.run(on_one_device, args=(pixels, labels)), axis=None)

    return train_step
