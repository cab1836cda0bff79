"""The data of a run, ready for training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.config.targets import TargetKind as TargetKind
from trainer.data.sample_index import DataProblem, SampleIndex
from trainer.engine.data.cache_choice import CacheKind
from trainer.engine.data.part import ClassCount, DataPart, InputShape


@dataclass(frozen=True, slots=True)
class NumberTarget:
    """One of several numbers that are predicted.

    Attributes:
        name: What it is called.
        scale: Its error is divided by this in the loss, so that those in large units do not outweigh the others.
    """

    name: str
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class ClassCounts:
    """Training samples of every class.

    Attributes:
        before: int64, shape (classes,), as they are in the data.
        after: The same after balancing.
    """

    before: NDArray[np.int64]
    after: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedData:
    """Everything training needs to know about the data.

    Attributes:
        train: Training samples.
        validation: Validation samples, from their own folder or held out; `None` without validation.
        test: Test samples; `None` without a test folder.
        class_names: Classes by label.
        unreadable: Full path and reason of every picture that was left out.
        cache: Where the training pictures are kept.
        input_shape: Height, width, channels of what the model gets; whatever a user's loader gives, by name where
            that is several inputs.
        num_classes: Number of classes; for labels of another kind their length, by name for several outputs.
        target_kind: What is to be predicted; `other` where a user's loader decides.
        layers: Keras layers of the preprocessing that become the model's first, not built yet.
        output_layers: Keras layers that become the model's last, not built yet, such as one that brings numbers back to
            their unit.
        files: What the run folder is to keep about the data: text by file name, such as `table.json`.
        problems: What was found wrong with the data.
        class_counts: Training samples of every class before and after balancing; `None` where samples have no class.
        indexes: Gives what was known of the samples before they were decoded, by part with data of its own; `None` for
            a user's loader.
        number_targets: What each of several numbers is called and how large it is; empty for one number or none.
    """

    train: DataPart
    validation: DataPart | None
    test: DataPart | None
    class_names: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    cache: CacheKind
    input_shape: InputShape
    num_classes: ClassCount
    layers: tuple[Any, ...] = ()
    target_kind: TargetKind = "classes"
    problems: tuple[DataProblem, ...] = ()
    class_counts: ClassCounts | None = None
    output_layers: tuple[Any, ...] = ()
    number_targets: tuple[NumberTarget, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    indexes: Callable[[], Mapping[str, SampleIndex]] | None = None

    @property
    def splits(self) -> dict[str, DataPart]:
        """The splits there are, by name: `train`, `validation`, `test`."""
        found = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in found.items() if split is not None}
