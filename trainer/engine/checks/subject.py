"""What is checked: a prepared session, and one batch of its training data."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.config.component import Component
from trainer.engine.training.session import TrainingSession


class Subject:
    """A session ready to train, and its first batch as training gets it.

    Args:
        session: Prepared, on one device.

    Attributes:
        inputs: Of the batch.
        labels: Of the batch.
        weights: Sample weights as a tuple of one; empty without.
    """

    def __init__(self, session: TrainingSession) -> None:
        self.session = session
        self.model = session.model
        self.config = session.config
        self.inputs, self.labels, *weights = next(iter(session.train_dataset(0, 0)))
        self.weights = tuple(weights)

    @functools.cached_property
    def outputs(self) -> Any:
        """What the untrained model gives for the batch, as in validation."""
        return self.model(self.inputs, training=False)

    @property
    def loss(self) -> Component | None:
        """The chosen loss, or that of the task; `None` where there is one per output or the model has its own."""
        return None if self.config.training.outputs else self.session.output_fit.loss

    @property
    def is_single(self) -> bool:
        """Whether there is one tensor of labels and one of outputs."""
        return not any(isinstance(value, (Mapping, list, tuple)) for value in (self.labels, self.outputs))

    def numpy_outputs(self) -> NDArray[np.float64]:
        """The outputs where there is one tensor of them."""
        return np.asarray(keras.ops.convert_to_numpy(self.outputs), np.float64)

    def numpy_labels(self) -> NDArray[Any]:
        """The labels where there is one tensor of them."""
        return np.asarray(keras.ops.convert_to_numpy(self.labels))


def tensors_in(value: Any) -> list[Any]:
    """All tensors of a structure, in a fixed order."""
    return list(keras.tree.flatten(value))
