"""What a built-in loader hands over: all samples of each folder or file, not divided yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.data.sample_index import DataProblem
from trainer.engine.data.cache_choice import CacheKind
from trainer.engine.data.pixels import Pixels
from trainer.engine.data.targets import ClassTargets, Targets


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPart:
    """All samples of one folder or file, ready to be read.

    Attributes:
        place: What `names` are relative to.
        names: One per sample.
        inputs: All inputs by row: pictures, or rows of a table.
        targets: Targets by number, which is the same as the row.
        input_shape: Shape of one input: (height, width, channels) or (columns,).
        cache: Where decoded inputs are kept.
        unreadable: Reason by number, for samples that are left out.
        groups: int64, shape (samples,): samples with the same number stay together; `None` where nothing is known.
        problems: What was found wrong with the data, for the log and the Data page.
    """

    place: Path
    names: Sequence[str]
    inputs: Pixels
    targets: Targets
    input_shape: tuple[int, ...]
    cache: CacheKind = "memory"
    unreadable: dict[int, str] = field(default_factory=dict)
    groups: NDArray[np.int64] | None = None
    problems: tuple[DataProblem, ...] = ()

    @property
    def labels(self) -> NDArray[np.int32] | None:
        """Class of every sample, int32 of shape (samples,), where each has one."""
        return self.targets.labels if isinstance(self.targets, ClassTargets) else None

    def usable_rows(self) -> NDArray[np.int64]:
        """The samples that can be read, in their order."""
        return np.setdiff1d(np.arange(len(self.names)), list(self.unreadable))

    def names_of(self, rows: NDArray[np.int64]) -> Sequence[str]:
        """Names of some samples, in that order."""
        if isinstance(self.names, PathList):
            return self.names.take(rows)
        return [self.names[row] for row in rows.tolist()]
