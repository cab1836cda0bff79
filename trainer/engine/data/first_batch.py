"""What the first batch of a user's loader tells: shapes, the form of the labels, and whether training can use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.config.config import Config
from trainer.engine.data.labels import LabelKind, kind_of_labels
from trainer.engine.data.part import ClassCount, InputShape
from trainer.engine.reporting import Reporter

Refuse = Callable[[str], Exception]
_EXPECTED = "Expected batches (inputs, labels) or (inputs, labels, weights)"


@dataclass(frozen=True, slots=True, eq=False)
class FirstBatch:
    """Facts of one batch.

    Attributes:
        batch_size: Samples in it.
        input_shape: Shape of one sample's input; by name where there are several.
        label_kind: The form of the labels.
        label_lengths: Length of one sample's labels; by name where there are several outputs.
        own_class_names: Names that the dataset carries as `class_names`.
    """

    batch_size: int
    input_shape: InputShape
    label_kind: LabelKind
    label_lengths: ClassCount
    own_class_names: tuple[str, ...] | None

    def class_names(self, largest_label: int | None, folder: str, reporter: Reporter) -> tuple[str, ...]:
        """Names of the classes: the dataset's own, the folder's sub-folders where they are as many, or numbers.

        Args:
            largest_label: Of all training samples, for labels that are class numbers.
            folder: Where the training data is; may be empty.
            reporter: Told where the names come from.
        """
        if self.label_kind == "other":
            return ()
        if self.own_class_names is not None:
            return self.own_class_names
        count = self.label_lengths if self.label_kind == "one_hot" else (largest_label or 0) + 1
        assert isinstance(count, int)
        folders = sorted(item.name for item in Path(folder).iterdir() if item.is_dir()) if folder else []
        if len(folders) == count:
            reporter.log("DATA", f"The classes are named after the sub-folders of {folder}, in alphabetical order")
            return tuple(folders)
        return tuple(str(number) for number in range(count))

    def require_classes(self, labels: Any, refuse: Refuse) -> None:
        """Refuse a batch whose labels are no class numbers."""
        if kind_of_labels(labels) != "classes":
            raise refuse(f"Expected labels that are whole numbers from 0, received {_shown(labels)}.")

    def require_same(self, other: FirstBatch, refuse: Refuse, part: str) -> None:
        """Refuse validation or test data that differ in form from the training data."""
        for name, own, expected in (
            ("inputs of shape", self.input_shape, other.input_shape),
            ("labels of the form", self.label_kind, other.label_kind),
            ("labels of length", self.label_lengths, other.label_lengths),
        ):
            if own != expected:
                raise refuse(f"For the {part} data it gave {name} {own}; for the training data {expected}.")


def look_at_first_batch(dataset: Any, part: str, config: Config, refuse: Refuse, reporter: Reporter) -> FirstBatch:
    """Take the first batch and find out what it is.

    Args:
        dataset: A `tf.data.Dataset`.
        part: `training` or the like, for messages.
        config: Says what model and loss the labels are for.
        refuse: Makes an error of a sentence.
        reporter: Told about values that look scaled already.

    Raises:
        Exception: What `refuse` made, if it is unfit.
    """
    batch = next(iter(dataset), None)
    if batch is None:
        raise refuse(f"The {part} dataset is empty.")
    if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
        raise refuse(f"{_EXPECTED}, received {_structure(batch)}.")
    inputs, labels = batch[0], batch[1]
    _require_batched(inputs, labels, batch, refuse)
    kind = _label_kind(labels, config, refuse)
    if part == "training" and tf.is_tensor(inputs):
        _note_scaled_values(inputs, config, reporter)
    names = getattr(dataset, "class_names", None)
    return FirstBatch(
        batch_size=int(tf.nest.flatten(inputs)[0].shape[0]),
        input_shape={str(name): tuple(value.shape)[1:] for name, value in inputs.items()}
        if isinstance(inputs, dict)
        else tuple(inputs.shape)[1:],
        label_kind=kind,
        label_lengths={str(name): _length(value) for name, value in labels.items()}
        if isinstance(labels, dict)
        else _length(tf.nest.flatten(labels)[0]),
        own_class_names=tuple(map(str, names)) if names is not None and kind != "other" else None,
    )


def _length(labels: Any) -> int:
    return 1 if len(labels.shape) == 1 else int(labels.shape[-1])


def _require_batched(inputs: Any, labels: Any, batch: Any, refuse: Refuse) -> None:
    if not (tf.is_tensor(inputs) or (isinstance(inputs, dict) and inputs and all(map(tf.is_tensor, inputs.values())))):
        raise refuse(f"Expected inputs that are one tensor or a dictionary of tensors, received {_structure(inputs)}.")
    tensors = [tensor for tensor in tf.nest.flatten((inputs, labels)) if tf.is_tensor(tensor)]
    if any(len(tensor.shape) == 0 for tensor in tensors) or any(len(t.shape) < 2 for t in tf.nest.flatten(inputs)):
        raise refuse(
            f"The dataset is not batched: its first element is {_structure(batch)}. End it with .batch(batch_size)."
        )
    sizes = sorted({int(tensor.shape[0]) for tensor in tensors})
    if len(sizes) > 1:
        raise refuse(f"Inputs and labels of a batch differ in length: {_structure(batch)}. Was the dataset batched?")


def _label_kind(labels: Any, config: Config, refuse: Refuse) -> LabelKind:
    kind = kind_of_labels(labels)
    is_own = config.model.architecture.file is not None and config.training.loss is not None
    is_whole_number = kind != "classes" or labels.dtype.is_integer or labels.dtype.is_bool
    if config.training.outputs or (is_own and not is_whole_number):
        return "other"
    if kind != "other" or is_own:
        return kind
    if isinstance(labels, dict | tuple | list):
        raise refuse(f"Several labels ({_structure(labels)}) need training.outputs, with a loss for each output.")
    raise refuse(
        "Expected labels that are class numbers of shape (batch,) counted from 0, or one row of shape (batch, classes) "
        f"per sample, received {_shown(labels)}. Other labels need your own model and loss."
    )


def _note_scaled_values(inputs: Any, config: Config, reporter: Reporter) -> None:
    if config.data.normalization == "none" or len(inputs.shape) != 4 or not inputs.dtype.is_floating:
        return
    values = inputs.numpy()
    low, high = float(values.min()), float(values.max())
    if low < 0 or high <= 1:
        reporter.notice(
            "warning",
            f"The loader's pixels lie between {low:.3g} and {high:.3g}, but the model scales pixels of 0 to 255 by "
            "itself. Return them unscaled, or set data.normalization to none.",
        )


def _structure(value: Any) -> str:
    """Such as `(float32 (8, 12, 12, 3), int32 (8,))`."""
    if tf.is_tensor(value):
        return f"{value.dtype.name} {tuple(value.shape)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_structure(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(_structure(inner) for inner in value) + ")"
    return type(value).__name__


def _shown(labels: Any) -> str:
    some = np.asarray(labels).reshape(-1)[:4]
    return f"{_structure(labels)} such as {', '.join(str(value) for value in some)}"
