"""What is to be predicted for each sample: a class, several, numbers, a mask or boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.config.targets import UNCOUNTED_CLASS as UNCOUNTED_CLASS
from trainer.engine.data.pixels import Pixels


class Targets(Protocol):
    """Targets of all samples of one part of the data, by number."""

    @property
    def source(self) -> Pixels | None:
        """Files that are read together with the pictures, such as masks; `None` where everything is in memory."""

    def read(self, numbers: Any, read: Any) -> Any:
        """Targets of a batch, in a TensorFlow graph.

        Args:
            numbers: int64 tensor of shape (B,).
            read: What `source` gave for the batch; `None` without one.
        """

    def finish(self, targets: Any, *, one_hot: bool) -> Any:
        """What the loss gets of (perhaps augmented) targets."""

    def take(self, rows: NDArray[np.int64]) -> Targets:
        """The targets of some samples, in that order."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassTargets:
    """One class per sample.

    Attributes:
        labels: int32, shape (samples,).
        num_classes: Number of classes.
    """

    labels: NDArray[np.int32]
    num_classes: int

    source = None

    def read(self, numbers: Any, read: Any) -> Any:  # noqa: ARG002
        """int32 of shape (B,)."""
        return tf.gather(_held(self.labels), numbers)

    def finish(self, targets: Any, *, one_hot: bool) -> Any:
        """int32 of shape (B,), or float32 of shape (B, classes)."""
        return tf.one_hot(targets, self.num_classes) if one_hot else targets

    def take(self, rows: NDArray[np.int64]) -> ClassTargets:
        """See `Targets.take`."""
        return ClassTargets(self.labels[rows], self.num_classes)


@dataclass(frozen=True, slots=True, eq=False)
class NumberTargets:
    """Numbers: those of a regression, or 0 and 1 for each of several classes.

    Attributes:
        values: float32, shape (samples,) or (samples, outputs).
    """

    values: NDArray[np.float32]

    source = None

    def read(self, numbers: Any, read: Any) -> Any:  # noqa: ARG002
        """float32 of shape (B,) or (B, outputs)."""
        return tf.gather(_held(self.values), numbers)

    def finish(self, targets: Any, *, one_hot: bool) -> Any:  # noqa: ARG002
        """float32 of shape (B, outputs); one output for plain numbers."""
        return targets[:, None] if self.values.ndim == 1 else targets

    def take(self, rows: NDArray[np.int64]) -> NumberTargets:
        """See `Targets.take`."""
        return NumberTargets(self.values[rows])


@dataclass(frozen=True, slots=True, eq=False)
class MaskTargets:
    """A class for every pixel.

    Attributes:
        masks: All masks by row, uint8 of shape (height, width, 1), in the size of the pictures; 255 is not counted.
        num_classes: Number of classes.
    """

    masks: Pixels
    num_classes: int

    @property
    def source(self) -> Pixels:
        """The masks."""
        return self.masks

    def read(self, numbers: Any, read: Any) -> Any:  # noqa: ARG002
        """uint8 of shape (B, height, width, 1)."""
        return read

    def finish(self, targets: Any, *, one_hot: bool) -> Any:
        """int32 of shape (B, height, width), or float32 of shape (B, height, width, classes), 0 where not counted."""
        classes = tf.cast(targets[..., 0], tf.int32)
        return tf.one_hot(classes, self.num_classes) if one_hot else classes

    def take(self, rows: NDArray[np.int64]) -> MaskTargets:  # noqa: ARG002
        """The same: masks are read by the rows of their pictures."""
        return self


@dataclass(frozen=True, slots=True, eq=False)
class BoxTargets:
    """Boxes around objects.

    Attributes:
        corners: float32, shape (samples, most boxes, 4): left, top, right, bottom in pixels of the resized picture,
            padded with -1.
        classes: int32, shape (samples, most boxes), padded with -1.
    """

    corners: NDArray[np.float32]
    classes: NDArray[np.int32]

    source = None

    def read(self, numbers: Any, read: Any) -> Any:  # noqa: ARG002
        """`{"boxes": float32 (B, most, 4), "labels": int32 (B, most)}`, as KerasHub's detectors take them."""
        return {
            "boxes": tf.gather(_held(self.corners), numbers),
            "labels": tf.gather(_held(self.classes), numbers),
        }

    def finish(self, targets: Any, *, one_hot: bool) -> Any:  # noqa: ARG002
        """The same."""
        return targets

    def take(self, rows: NDArray[np.int64]) -> BoxTargets:
        """See `Targets.take`."""
        return BoxTargets(self.corners[rows], self.classes[rows])


def _held(array: NDArray[Any]) -> Any:
    """The array outside of the graph that is being made, which would otherwise hold a copy."""
    with tf.init_scope(), tf.device("CPU:0"):
        return tf.constant(array)
