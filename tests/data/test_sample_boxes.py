from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from trainer.data.samples.sample_boxes import CLASSES, drawn_picture
from trainer.data.samples.sample_list import SAMPLES
from trainer.data.samples.samples import make_sample

CORNERS = ("xmin", "ymin", "xmax", "ymax")


def test_the_sample_with_boxes_is_a_folder_as_of_pascal_voc(tmp_path: Path) -> None:
    folder = make_sample("shape_boxes", tmp_path)
    lists = {part: (folder / "ImageSets/Main" / f"{part}.txt").read_text().split() for part in ("train", "val", "test")}
    names = [name for listed in lists.values() for name in listed]
    assert len(names) == len(set(names)) == 240
    assert "240" in next(sample.sentence for sample in SAMPLES if sample.name == "shape_boxes")
    seen = set()
    for name in names:
        root = ElementTree.parse(folder / "Annotations" / f"{name}.xml").getroot()
        assert (folder / "JPEGImages" / root.findtext("filename", "")).is_file()
        for item in root.findall("object"):
            left, top, right, bottom = (int(item.findtext(f"bndbox/{key}", "")) for key in CORNERS)
            assert 0 <= left < right <= 128 and 0 <= top < bottom <= 128
            seen.add(item.findtext("name"))
    assert seen == set(CLASSES)


def test_the_boxes_hold_all_that_differs_from_the_ground() -> None:
    random = np.random.default_rng(3)
    for _ in range(10):
        picture, shapes = drawn_picture(random)
        pixels = np.asarray(picture, np.float32)
        is_ground = np.ones(pixels.shape[:2], bool)
        for shape in shapes:
            left, top, right, bottom = shape.box
            is_ground[top:bottom, left:right] = False
        # The ground is clouded by at most a quarter of 128, with some grain on top.
        ground = np.median(pixels[is_ground], axis=0)
        assert np.mean(np.abs(pixels - ground).max(axis=-1)[is_ground] > 75) < 0.001


def test_the_sample_with_boxes_is_the_same_every_time() -> None:
    (first, shapes), (second, again) = (drawn_picture(np.random.default_rng(5)) for _ in range(2))
    assert shapes == again and shapes
    np.testing.assert_array_equal(np.asarray(first), np.asarray(second))
