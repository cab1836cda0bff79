from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.data.path_list import PathList
from trainer.data.sample_index import BoxList, SampleIndex
from trainer.engine.data.box_targets import place_boxes
from trainer.engine.data.decode import fit_to_size
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.placement import placed_boxes, placed_mask

pytestmark = pytest.mark.keras
SIZES = [(40, 60), (61, 37), (16, 24), (7, 90), (24, 16)]


def fitted(pixels: np.ndarray, mode: str) -> np.ndarray:
    picture_format = PictureFormat(16, 24, 1, mode, "nearest")
    result: np.ndarray = fit_to_size(tf.constant(pixels[..., None]), picture_format).numpy()
    return result[..., 0]


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", SIZES)
def test_a_mask_goes_exactly_where_its_picture_goes(size: tuple[int, int], mode: str) -> None:
    pixels = np.random.default_rng(0).integers(1, 200, size, dtype=np.uint8)
    mask = placed_mask(pixels, (16, 24), mode, 255)
    picture = fitted(pixels, mode)
    assert mask.shape == picture.shape
    assert np.array_equal(mask == 255, picture == 0)
    # TensorFlow computes the nearest pixel in 32 bits, which may choose the other one of two that are as near.
    assert (mask == picture)[mask != 255].mean() > 0.98


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("size", SIZES)
def test_a_box_goes_where_its_object_goes(size: tuple[int, int], mode: str) -> None:
    height, width = size
    pixels = np.zeros(size, np.uint8)
    top, bottom = height // 2 - max(2, height // 4), height // 2 + max(2, height // 4)
    left, right = width // 2 - max(2, width // 4), width // 2 + max(2, width // 4)
    pixels[top:bottom, left:right] = 200
    corners = np.array([[left / width, top / height, right / width, bottom / height]], np.float32)
    box = placed_boxes(corners, size, (16, 24), mode)[0]
    rows, columns = np.nonzero(fitted(pixels, mode))
    seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert np.abs(box - seen).max() <= 1


def index_of(corners: list[list[float]], folder) -> SampleIndex:
    from PIL import Image

    Image.new("RGB", (200, 100)).save(folder / "a.png")
    Image.new("RGB", (200, 100)).save(folder / "b.png")
    boxes = BoxList(
        np.array(corners, np.float32),
        np.arange(len(corners), dtype=np.int32),
        np.array([0, len(corners), len(corners)]),
    )
    names = PathList(["a.png", "b.png"])
    return SampleIndex(place=folder, names=names, class_names=tuple("abcd"), boxes=boxes)


@pytest.mark.parametrize(
    ("mode", "expected", "num_cut", "num_dropped"),
    [
        ("stretch", {0: [0, 0, 50, 50], 1: [50, 0, 100, 100], 2: [0, 0, 20, 100], 3: [0, 0, 28, 100]}, 0, 0),
        ("crop", {0: [0, 0, 50, 50], 1: [50, 0, 100, 100], 3: [0, 0, 6, 100]}, 3, 1),
        ("pad", {0: [0, 25, 50, 50], 1: [50, 25, 100, 75], 2: [0, 25, 20, 75], 3: [0, 25, 28, 75]}, 0, 0),
    ],
)
def test_boxes_are_cut_off_or_left_out_with_the_picture(
    tmp_path, mode: str, expected: dict[int, list[float]], num_cut: int, num_dropped: int
) -> None:
    corners = [[0, 0, 0.5, 0.5], [0.5, 0, 1, 1], [0, 0, 0.2, 1], [0, 0, 0.28, 1]]
    placed = place_boxes(index_of(corners, tmp_path), PictureFormat(100, 100, 3, mode))
    targets = placed.targets
    assert targets.corners.shape == (2, len(expected), 4)
    assert targets.classes[0].tolist() == list(expected)
    assert np.allclose(targets.corners[0], list(expected.values()), atol=0.01)
    assert (targets.corners[1] == -1).all()
    assert (targets.classes[1] == -1).all()
    assert (placed.num_cut, placed.num_dropped) == (num_cut, num_dropped)
