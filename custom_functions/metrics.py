"""Metrics of your own.

In the configuration:

    training:
      metrics: [accuracy, {file: custom_functions/metrics.py, name: MacroRecall}]
"""

import keras


def top_two(y_true, y_pred):
    """Share of pictures whose class is among the two that got the highest scores.

    Args:
        y_true: One-hot labels, shape (batch, classes).
        y_pred: Scores, shape (batch, classes).
    """
    return keras.metrics.top_k_categorical_accuracy(y_true, y_pred, k=2)


class MacroRecall(keras.metrics.Metric):
    """Recall of every class, averaged over the classes: rare ones count as much as frequent ones.

    A function is averaged over batches, which recall does not allow; a class can count over the whole epoch.

    Args:
        name: Name of the figure in the log and the curves.
    """

    def __init__(self, name: str = "macro_recall", **kwargs):
        super().__init__(name=name, **kwargs)
        self.found = None
        self.total = None

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Count a batch of one-hot labels and scores, both of shape (batch, classes)."""
        num_classes = y_pred.shape[-1]
        if self.found is None:
            self.found = self.add_weight(shape=(num_classes,), initializer="zeros", name="found")
            self.total = self.add_weight(shape=(num_classes,), initializer="zeros", name="total")
        y_true = keras.ops.cast(y_true, "float32")
        chosen = keras.ops.one_hot(keras.ops.argmax(y_pred, axis=-1), num_classes, dtype="float32")
        if sample_weight is not None:
            y_true = y_true * keras.ops.cast(sample_weight, "float32")[:, None]
        self.found.assign_add(keras.ops.sum(y_true * chosen, axis=0))
        self.total.assign_add(keras.ops.sum(y_true, axis=0))

    def result(self):
        """The mean over the classes that occurred; 0 before the first batch."""
        if self.found is None:
            return keras.ops.zeros(())
        occurred = keras.ops.cast(self.total > 0, "float32")
        recall = self.found / keras.ops.maximum(self.total, 1.0)
        return keras.ops.sum(recall) / keras.ops.maximum(keras.ops.sum(occurred), 1.0)

    def reset_state(self):
        """Forget everything, for the next epoch."""
        if self.found is not None:
            self.found.assign(keras.ops.zeros_like(self.found))
            self.total.assign(keras.ops.zeros_like(self.total))
