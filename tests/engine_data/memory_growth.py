"""Prints by how many bytes a process grows when it makes the first batch of 100,000 pictures in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil

from trainer.data.path_list import PathList
from trainer.engine.data.pixels import ArrayPixels, aligned_array
from trainer.engine.data.split import Split
from trainer.engine.data.targets import ClassTargets


def main() -> None:
    """Measure once, in a process that did nothing else before."""
    pictures = aligned_array((100_000, 32, 32, 3))
    pictures[:] = 1
    split = Split(
        place=Path(),
        names=PathList([]),
        inputs=ArrayPixels(pictures),
        rows=np.arange(100_000),
        targets=ClassTargets(np.zeros(100_000, np.int32), 2),
        input_shape=(32, 32, 3),
        class_names=("a", "b"),
    )
    before = psutil.Process().memory_info().rss
    batches = split.dataset(batch_size=32, shuffle=True, seed=0, augmentation=None, one_hot=False, repeat=True)
    next(iter(batches))
    print(psutil.Process().memory_info().rss - before)


if __name__ == "__main__":
    main()
