"""Samples as the network gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.engine_data.conftest import Heard
from trainer.config.config import Config
from trainer.engine.preview import Preview, PreviewRequest, preview_samples
from trainer.errors import DataError

pytestmark = pytest.mark.keras


@pytest.fixture
def show(pets: Path, tmp_path: Path, heard: Heard) -> Any:
    """Preview the pets, with settings of the data section as keyword arguments."""

    def make(request: PreviewRequest, **data: Any) -> Preview:
        values = {"train_dir": str(pets), "image_size": (8, 8), "validation_fraction": 0.2, **data}
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return preview_samples(Config.model_validate({"data": values}), tmp_path, request, scratch, heard)

    return make


def test_a_sample_is_shown_raw_preprocessed_and_in_variants(show: Any, pets: Path) -> None:
    request = PreviewRequest(names=("cats/04.png",), num_samples=1, num_augmented=3)
    preview = show(request, validation_fraction=0, augmentation={"rotation_degrees": 90, "brightness_fraction": 0.3})
    (row,) = preview.rows
    assert [picture.kind for picture in row.pictures] == ["raw", "preprocessed", *["augmented"] * 3]
    assert [picture.label for picture in row.pictures] == ["cats"] * 5
    raw, preprocessed, *variants = (picture.pixels for picture in row.pictures)
    stored = np.asarray(Image.open(pets / "cats" / "04.png").convert("RGB"))
    assert np.array_equal(raw, stored)
    assert preprocessed.shape == (8, 8, 3)
    assert not np.array_equal(variants[0], variants[1]) and not np.array_equal(variants[1], variants[2])
    assert preview.is_augmented


def test_the_seed_decides_which_samples_and_which_variants(show: Any) -> None:
    changes = {"augmentation": {"horizontal_flip": True, "translation_fraction": 0.3}}
    first, again, other = (
        show(PreviewRequest(num_samples=6, num_augmented=1, seed=seed), **changes) for seed in (0, 0, 1)
    )
    assert [row.name for row in first.rows] == [row.name for row in again.rows]
    assert [row.name for row in first.rows] != [row.name for row in other.rows]
    for one, same in zip(first.rows, again.rows, strict=True):
        assert np.array_equal(one.pictures[-1].pixels, same.pictures[-1].pixels)


def test_preprocessing_steps_inside_the_model_are_shown_too(show: Any) -> None:
    steps = [
        {"name": "Rescaling", "arguments": {"scale": 1 / 255}},
        {"name": "Resizing", "arguments": {"height": 4, "width": 6}},
    ]
    request = PreviewRequest(names=("cats/04.png",), num_samples=1, num_augmented=0)
    (row,) = show(request, validation_fraction=0, preprocessing=steps).rows
    shown = row.pictures[1].pixels
    assert shown.shape == (4, 6, 3)
    assert shown.max() > 200, "what is scaled to 0–1 is stretched to be seen"


def test_validation_pictures_are_not_augmented(show: Any) -> None:
    preview = show(PreviewRequest(part="validation", num_samples=2), augmentation={"horizontal_flip": True})
    assert {picture.kind for row in preview.rows for picture in row.pictures} == {"raw", "preprocessed"}


def test_the_cost_of_augmentation_is_measured_on_request(show: Any) -> None:
    request = PreviewRequest(num_samples=1, num_augmented=1, is_timed=True)
    preview = show(request, augmentation={"rotation_degrees": 20}, batch_size=8)
    assert preview.augmentation_ms is not None and preview.augmentation_ms >= 0


def test_a_sample_or_part_that_there_is_not_is_named(show: Any) -> None:
    with pytest.raises(DataError, match=r"none\.png is not among the 2\d train samples"):
        show(PreviewRequest(names=("none.png",)))
    with pytest.raises(DataError, match=r"There is no test data here\. There is: train, validation"):
        show(PreviewRequest(part="test"))
