"""Several training steps per call of TensorFlow, and not one step too many at the end of an epoch."""

from __future__ import annotations

from typing import Any


def make_train_function(model: Any, steps_per_epoch: int) -> None:
    """(Re)make the model's training function: after compiling, and when other layers are to train than before.

    Keras itself makes `steps_per_execution` steps in every call, also in the last one of an epoch, and so takes batches
    of the next epoch where the epoch's steps cannot be divided by it. Here the last call makes what is left.

    Args:
        model: A compiled model.
        steps_per_epoch: Steps of each epoch of the next fit.
    """
    size = model.steps_per_execution
    model.make_train_function(force=True)
    if size > 1 and steps_per_epoch % size:
        model.train_function = _ExactSteps(model, size, steps_per_epoch)


class _ExactSteps:
    """A training function that keeps count of the epoch's steps."""

    def __init__(self, model: Any, size: int, steps_per_epoch: int) -> None:
        self._model = model
        self._size = size
        self._steps_per_epoch = steps_per_epoch
        self._left = steps_per_epoch
        self._several = model.train_function
        model.make_train_function(force=True)
        self._single = model.train_function

    def __call__(self, iterator: Any) -> Any:
        """Make the steps of one call; returns the logs of the last."""
        size = min(self._size, self._left)
        self._left = self._left - size or self._steps_per_epoch
        if size == self._size:
            return self._several(iterator)
        # Keras reads the number while it traces the function.
        self._model.steps_per_execution = 1
        try:
            for _ in range(size):
                logs = self._single(iterator)
        finally:
            self._model.steps_per_execution = self._size
        return logs
