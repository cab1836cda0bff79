from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from trainer.data.samples.sample_cells import CLASSES, drawn_cells
from trainer.data.samples.sample_list import SAMPLES
from trainer.data.samples.samples import make_sample


def test_the_cells_are_pictures_with_a_mask_of_the_same_name_and_size_each(tmp_path: Path) -> None:
    folder = make_sample("cells", tmp_path)
    pictures, masks = (sorted((folder / part).iterdir()) for part in ("images", "masks"))
    assert [path.name for path in pictures] == [path.name for path in masks]
    assert f"{len(pictures)} drawn" in next(sample.sentence for sample in SAMPLES if sample.name == "cells")
    counts = np.zeros(256, int)
    for picture, mask in zip(pictures, masks, strict=True):
        with Image.open(picture) as pixels, Image.open(mask) as classes:
            assert (pixels.mode, classes.mode) == ("RGB", "P") and pixels.size == classes.size == (128, 128)
            counts += np.bincount(np.asarray(classes).ravel(), minlength=256)
    shares = counts / counts.sum()
    assert counts[len(CLASSES) :].sum() == 0 and shares[: len(CLASSES)].min() > 0.02
    assert (folder / "classes.txt").read_text().split() == list(CLASSES)


def test_cells_are_the_same_every_time_and_their_masks_lie_where_they_are() -> None:
    first, again = (drawn_cells(np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(np.asarray(a), np.asarray(b)) for a, b in zip(first, again, strict=True))
    green = np.asarray(first[0])[..., 1].astype(float)
    mask = np.asarray(first[1])
    means = [green[mask == number].mean() for number in range(len(CLASSES))]
    assert means[0] > means[1] + 30 > means[2] + 60
