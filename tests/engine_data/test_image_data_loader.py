from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.data.box_data import write_voc
from trainer.config.config import Config
from trainer.data.pictures.image_index import index_picture_parts
from trainer.engine.data import picture_files
from trainer.engine.data.failures import explain_decode_failure
from trainer.engine.data.load import load_data
from trainer.engine.data.prepare import PreparedData, prepare_data
from trainer.engine.data.targets import BoxTargets, MaskTargets, NumberTargets
from trainer.errors import ConfigError, DataError

pytestmark = pytest.mark.keras
Load = Callable[..., PreparedData]


@pytest.fixture
def load(tmp_path: Path, heard) -> Load:
    """Load `set` below the test's folder for a task, with settings of the data section as keyword arguments."""

    def make(task: str, arguments: dict[str, Any] | None = None, **data: Any) -> PreparedData:
        loader = {"name": "ImageDataLoader", "arguments": arguments or {}}
        values = {"train_dir": "set", "image_size": (8, 8), "cache": "memory", "loader": loader, **data}
        config = Config.model_validate({"project": {"task": task}, "data": values})
        return prepare_data(config, tmp_path, heard, cache_folder=tmp_path / "cache")

    return make


@pytest.fixture
def scans(tmp_path: Path, random_pixels) -> Path:
    """Ten pictures of 12×10 whose masks mark what is bright."""
    for number in range(10):
        pixels = random_pixels(10, 12, number)
        for name, picture in (("images", pixels), ("masks", (pixels[..., 0] > 128).astype(np.uint8) * 255)):
            (tmp_path / "set" / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(tmp_path / "set" / name / f"{number}.png")
    return tmp_path / "set"


def batches_of(prepared: PreparedData, part: str = "train", **changed: Any) -> list[Any]:
    arguments = {"batch_size": 4, "shuffle": False, "seed": 5, "augmentation": None, "one_hot": False, "repeat": False}
    return list(prepared.splits[part].dataset(**(arguments | changed)).as_numpy_iterator())


@pytest.mark.parametrize("resize_mode", ["crop", "pad"])
def test_masks_come_with_their_pictures_wherever_they_are_kept(load: Load, scans: Path, resize_mode: str) -> None:
    found = {}
    for cache in ("memory", "disk", "disk", "off"):
        prepared = load("image_segmentation", cache=cache, resize_mode=resize_mode)
        assert prepared.cache == cache
        assert prepared.target_kind == "masks"
        assert prepared.class_names == ("black", "white")
        found[cache] = batches_of(prepared, shuffle=True)
    for images, masks in found["memory"]:
        assert masks.shape == (len(images), 8, 8)
        assert masks.dtype == np.int32
        assert set(np.unique(masks)) <= {0, 1, 255}
        assert ((masks == 255).sum() > 0) == (resize_mode == "pad")
        bright = images[..., 0] > 128
        counted = masks != 255
        assert (bright == (masks == 1))[counted].mean() > 0.85
    for cache in ("disk", "off"):
        for own, other in zip(found[cache], found["memory"], strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(own, other, strict=True))


def test_masks_can_be_one_hot(load: Load, scans: Path) -> None:
    masks = batches_of(load("image_segmentation", resize_mode="pad"), one_hot=True)[0][1]
    assert masks.shape == (4, 8, 8, 2)
    assert set(np.unique(masks.sum(axis=-1))) == {0, 1}


@pytest.mark.parametrize("cache", ["memory", "disk", "off"])
def test_masks_that_cannot_be_used_are_named_and_left_out(load: Load, scans: Path, heard, cache: str) -> None:
    Image.fromarray(np.full((10, 12), 7, np.uint8)).save(scans / "masks" / "3.png")
    (scans / "masks" / "4.png").unlink()
    Image.fromarray(np.zeros((5, 6), np.uint8)).save(scans / "masks" / "5.png")
    content = (scans / "masks" / "6.png").read_bytes()
    (scans / "masks" / "6.png").write_bytes(content[: len(content) // 2])
    arguments = {"mask_values": "black_white"}
    with pytest.raises(DataError, match=r"4 of 10 pictures in the train data .* cannot be read .*allows 5\.0%"):
        load("image_segmentation", arguments, cache=cache)
    prepared = load("image_segmentation", arguments, cache=cache, max_unreadable_fraction=0.5)
    assert [Path(path).name for path, _ in prepared.unreadable] == ["3.png", "4.png", "5.png", "6.png"]
    reasons = " ".join(reason for _, reason in prepared.unreadable)
    for part in ("has the value 7", "has no mask", "is 6 × 5 pixels, the picture 12 × 10", "cannot be read"):
        assert part in reasons
    assert prepared.train.num_samples + prepared.validation.num_samples == 6
    kinds = {problem.kind for problem in prepared.problems}
    assert {"mask_value", "missing_annotation", "size_mismatch", "unreadable"} <= kinds
    told = "[DATA] What is wrong in the train data: missing labels, masks or boxes (1)"
    assert any(line.startswith(told) for line in heard.lines)


def test_values_are_found_in_masks_that_were_not_looked_at_before(
    load: Load, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.data.pictures.mask_folder._LOOKED_AT", 2)
    Image.fromarray(np.full((10, 12), 7, np.uint8)).save(scans / "masks" / "3.png")
    prepared = load("image_segmentation", max_unreadable_fraction=0.5)
    assert [(problem.kind, problem.file) for problem in prepared.problems] == [("mask_value", "images/3.png")]
    assert prepared.train.num_samples + prepared.validation.num_samples == 9


def test_pictures_and_masks_may_be_kept_in_different_places(
    load: Load, scans: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = batches_of(load("image_segmentation"))
    monkeypatch.setattr(picture_files, "decode_masks", _failing_in_memory(picture_files.decode_masks))
    prepared = load("image_segmentation")
    assert isinstance(prepared.train.targets, MaskTargets)
    assert prepared.train.inputs.whole_batches
    assert not prepared.train.targets.masks.whole_batches
    for found, before in zip(batches_of(prepared), expected, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(found, before, strict=True))


@pytest.mark.parametrize("cache", ["memory", "off"])
def test_of_very_many_a_mask_that_cannot_be_used_is_left_out_with_its_picture(
    load: Load, scans: Path, monkeypatch: pytest.MonkeyPatch, heard, cache: str
) -> None:
    expected = batches_of(load("image_segmentation", validation_fraction=0))
    for name, number in (("MOST_DECODED", 0), ("MOST_LOOKED_AT", 2)):
        monkeypatch.setattr(f"trainer.engine.data.verify.{name}", number)
    monkeypatch.setattr("trainer.data.pictures.mask_folder._LOOKED_AT", 2)
    Image.fromarray(np.full((10, 12), 7, np.uint8)).save(scans / "masks" / "3.png")
    prepared = load("image_segmentation", cache=cache, validation_fraction=0, max_unreadable_fraction=0.1)
    found = batches_of(prepared) + batches_of(prepared)[:1]
    for column in range(2):
        assert np.array_equal(found[0][column], expected[0][column][:3])
        assert np.array_equal(found[1][column], expected[1][column])
        assert np.array_equal(found[3][column], found[0][column])
    assert "its mask masks/3.png has the value 7" in heard.notices[0]


def _failing_in_memory(decode: Callable[..., Any]) -> Callable[..., Any]:
    def fail(folder: Any, paths: Any, mask_format: Any, store: Any, progress: Any) -> Any:
        if store is not picture_files._forget:
            raise MemoryError
        return decode(folder, paths, mask_format, store, progress)

    return fail


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    """Three pictures of 40×20 with a bright box in each."""
    boxes = {}
    for number in range(3):
        pixels = np.zeros((20, 40, 3), np.uint8)
        left, top = 4 * number, 2 * number
        pixels[top : top + 8, left : left + 16] = 255
        (tmp_path / "set" / "JPEGImages").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "set" / "JPEGImages" / f"{number}.png")
        boxes[str(number)] = [("cell", left, top, left + 16, top + 8)] * (number + 1)
    return write_voc(tmp_path / "set", boxes, {"train": ["0", "1"], "val": ["2"]})


@pytest.mark.parametrize(("resize_mode", "cache"), [("stretch", "memory"), ("crop", "memory"), ("pad", "off")])
def test_boxes_lie_on_their_objects(load: Load, cells: Path, resize_mode: str, cache: str) -> None:
    prepared = load("object_detection", cache=cache, resize_mode=resize_mode, image_size=(20, 20))
    assert prepared.target_kind == "boxes"
    assert {name: split.num_samples for name, split in prepared.splits.items()} == {"train": 2, "validation": 1}
    for part in prepared.splits:
        for images, targets in batches_of(prepared, part):
            assert targets["boxes"].dtype == np.float32
            for image, boxes, labels in zip(images, targets["boxes"], targets["labels"], strict=True):
                assert set(labels) <= {0, -1}
                for left, top, right, bottom in boxes[labels == 0]:
                    rows, columns = np.nonzero(image[..., 0] > 127)
                    seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
                    assert np.abs(np.array([left, top, right, bottom]) - seen).max() <= 1


def test_what_cropping_does_to_boxes_is_told(load: Load, cells: Path, heard) -> None:
    load("object_detection", resize_mode="crop", image_size=(20, 20))
    assert any("cuts off a part of 3 boxes and leaves out 0" in line for line in heard.lines)


def test_boxes_stay_with_their_samples_when_these_are_divided(load: Load, cells: Path) -> None:
    prepared = load("object_detection", {"lists_dir": ""}, validation_fraction=0.34)
    for split in prepared.splits.values():
        assert isinstance(split.targets, BoxTargets)
        counts = (split.targets.classes >= 0).sum(axis=1).tolist()
        assert counts == [int(Path(name).stem) + 1 for name in split.names]


def test_several_classes_per_picture_are_marks(load: Load, scans: Path) -> None:
    rows = "".join(f"{number}.png,{'sun|sea' if number % 2 else 'sea'}\n" for number in range(10))
    (scans / "labels.csv").write_text(f"file,tags\n{rows}", encoding="utf-8")
    prepared = load(
        "image_classification", {"labels_file": "labels.csv", "label_separator": "|", "images_dir": "images"}
    )
    assert prepared.target_kind == "label_sets"
    assert prepared.class_names == ("sea", "sun")
    assert isinstance(prepared.train.targets, NumberTargets)
    labels = batches_of(prepared)[0][1]
    assert labels.dtype == np.float32
    assert labels[:, 0].tolist() == [1, 1, 1, 1]


def test_data_for_another_task_is_refused(load: Load, scans: Path, pets: Path) -> None:
    with pytest.raises(ConfigError, match=r"project\.task: .* come with masks.* Choose image_segmentation"):
        load("image_classification", {"masks_dir": "masks"})
    with pytest.raises(ConfigError, match="come with classes"):
        load("image_segmentation", {"layout": "class_folders"}, train_dir=str(pets))


def test_the_loader_and_the_index_have_the_same_arguments(scans: Path, tmp_path: Path, heard) -> None:
    loader = {"name": "ImageDataLoader", "arguments": {"class_names": ["dark", "bright"], "masks_dir": "masks"}}
    values = {"train_dir": "set", "image_size": (8, 8), "loader": loader, "cache": "memory"}
    config = Config.model_validate({"project": {"task": "image_segmentation"}, "data": values})
    prepared = load_data(config, tmp_path, None, heard, one_hot=False)
    assert prepared.class_names == index_picture_parts(config, tmp_path)["train"].class_names == ("dark", "bright")


def test_a_mask_that_breaks_while_training_is_named(load: Load, scans: Path) -> None:
    prepared = load("image_segmentation", cache="off", validation_fraction=0)
    Image.fromarray(np.full((10, 12), 7, np.uint8)).save(scans / "masks" / "3.png")
    with pytest.raises(tf.errors.OpError) as caught:
        batches_of(prepared)
    explained = explain_decode_failure(caught.value, prepared)
    assert explained is not None
    assert "its mask masks/3.png has the value 7" in str(explained)
