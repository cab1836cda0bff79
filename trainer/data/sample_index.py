"""What is known of the samples of a folder or a file before any of them is decoded, whatever its layout.

Everything that shows or checks data without TensorFlow, such as the Data page, works on this; the engine's loaders
start from it. Its lists follow one order: sample `i` is `names[i]`, `labels[i]`, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.config.targets import TargetKind

ProblemKind = Literal[
    "unreadable",
    "duplicate",
    "empty_class",
    "size_mismatch",
    "mask_value",
    "box",
    "missing_picture",
    "missing_annotation",
    "constant_column",
    "leaking_column",
    "missing_value",
    "row",
    "length_mismatch",
]


@dataclass(frozen=True, slots=True)
class DataProblem:
    """Something wrong with a sample or a file.

    Attributes:
        kind: What it is.
        message: One sentence: what was found, what was expected.
        file: The file behind it, relative to the index' place or absolute.
        place: Where in the file, such as `row 17` or `line 3`; empty for the whole file.
        severity: An `error` leaves the sample out (or refuses the data); a `warning` leaves it in.
        sample: Name of the sample that is left out, where `file` is another file than it; empty otherwise.
    """

    kind: ProblemKind
    message: str
    file: str = ""
    place: str = ""
    severity: Literal["error", "warning"] = "error"
    sample: str = ""


class RawSamples(Protocol):
    """Reads single samples as they are stored, without TensorFlow."""

    def picture(self, number: int) -> NDArray[np.uint8]:
        """The picture, uint8, shape (height, width, 3).

        Raises:
            DataError: It cannot be read.
        """

    def mask(self, number: int) -> NDArray[np.uint8]:
        """Class of every pixel, uint8, shape (height, width) of the mask's file; 255 is not counted.

        Raises:
            DataError: It cannot be read, or has values that stand for no class.
        """


@dataclass(frozen=True, slots=True, eq=False)
class BoxList:
    """Boxes of all samples, end to end.

    Attributes:
        corners: float32, shape (boxes, 4): left, top, right, bottom as fractions of the picture's width and height.
        classes: int32, shape (boxes,).
        ends: int64, shape (samples + 1,): the boxes of sample i are `ends[i]` up to `ends[i + 1]`.
    """

    corners: NDArray[np.float32]
    classes: NDArray[np.int32]
    ends: NDArray[np.int64]

    def of(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Corners and classes of one sample."""
        part = slice(int(self.ends[number]), int(self.ends[number + 1]))
        return self.corners[part], self.classes[part]


@dataclass(frozen=True, slots=True, eq=False)
class SampleIndex:
    """The samples of one folder or file.

    Attributes:
        place: The folder that `names` are relative to, or the file.
        names: One per sample: a path with `/` between its parts, or a place such as `row 17`.
        class_names: Classes by number; empty where nothing is classified.
        labels: For one class per sample int32 (samples,); for several uint8 (samples, classes) of 0 and 1; for numbers
            float32 (samples,) or (samples, outputs); `None` for masks and boxes.
        boxes: Boxes, for object detection.
        mask_names: Files of the masks, relative to `place`, for segmentation.
        features: float32, shape (samples, columns), for tables; not scaled.
        feature_names: Names of these columns.
        groups: int64, shape (samples,): samples with the same number belong together; `None` where nothing is known.
        unusable: Reason by number, for samples that have to be left out.
        problems: All that was found wrong.
        raw: Reads single samples; `None` for tables.
    """

    place: Path
    names: Sequence[str]
    class_names: tuple[str, ...] = ()
    labels: NDArray[np.generic] | None = None
    boxes: BoxList | None = None
    mask_names: Sequence[str] | None = None
    features: NDArray[np.float32] | None = None
    feature_names: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    unusable: dict[int, str] = field(default_factory=dict)
    problems: tuple[DataProblem, ...] = ()
    raw: RawSamples | None = None

    @property
    def num_samples(self) -> int:
        """Number of samples, the unusable ones included."""
        return len(self.names)

    @property
    def target_kind(self) -> TargetKind:
        """What there is to predict."""
        if self.boxes is not None:
            return "boxes"
        if self.labels is None:
            return "masks"
        if not self.class_names:
            return "numbers"
        return "label_sets" if self.labels.ndim == 2 else "classes"

    @property
    def has_pictures(self) -> bool:
        """Whether samples are pictures; otherwise they are rows of a table."""
        return self.raw is not None

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """How often each class occurs, in samples or boxes; empty where that is not known without decoding."""
        num_classes = len(self.class_names)
        if self.boxes is not None:
            return np.bincount(self.boxes.classes, minlength=num_classes).astype(np.int64)
        if self.labels is None or not num_classes:
            return np.zeros(0, np.int64)
        if self.labels.ndim == 2:
            return np.asarray(self.labels.sum(axis=0), np.int64)
        return np.bincount(self.labels.astype(np.int64), minlength=num_classes).astype(np.int64)
