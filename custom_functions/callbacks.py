"""Callbacks of your own.

In the configuration:

    training:
      callbacks:
        - {file: custom_functions/callbacks.py, name: BatchTimes, arguments: {num_slowest: 5}}
"""

import time
from typing import Annotated

import keras


class BatchTimes(keras.callbacks.Callback):
    """Prints how long the batches of every epoch took, the slowest ones by number.

    What is printed goes to the run's log.

    Args:
        num_slowest: How many of the slowest batches are named.
    """

    def __init__(self, num_slowest: Annotated[int, "0..100", "unit: batches"] = 3):
        super().__init__()
        self.num_slowest = num_slowest
        self.times_ms = {}
        self.began = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        """Begin to count anew."""
        self.times_ms = {}

    def on_train_batch_begin(self, batch, logs=None):
        """Look at the clock."""
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """Note how long it took."""
        self.times_ms[batch] = 1000 * (time.perf_counter() - self.began)

    def on_epoch_end(self, epoch, logs=None):
        """Print the mean and the slowest batches."""
        if not self.times_ms:
            return
        mean = sum(self.times_ms.values()) / len(self.times_ms)
        slowest = sorted(self.times_ms, key=self.times_ms.get, reverse=True)[: self.num_slowest]
        named = ", ".join(f"batch {batch} {self.times_ms[batch]:.1f} ms" for batch in slowest)
        print(f"Epoch {epoch + 1}: {mean:.1f} ms per batch; slowest: {named or 'not asked for'}")
