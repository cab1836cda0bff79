"""Sets of so many files that they are decoded while training, which a low limit makes of a few."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.config.config import Config
from trainer.config.sections import AugmentationSection
from trainer.engine.data import verify
from trainer.engine.data.failures import explain_decode_failure, late_pixels_of
from trainer.engine.data.late_pixels import LatePixels
from trainer.engine.data.load import load_data
from trainer.engine.data.prepare import PreparedData, prepare_data
from trainer.engine.data.split import Split
from trainer.engine.preview import PreviewRequest, preview_samples
from trainer.engine.training.loop_passes import stoppable
from trainer.errors import DataError

pytestmark = pytest.mark.keras
Prepare = Callable[..., PreparedData]
AUGMENTATION = AugmentationSection(horizontal_flip=True, rotation_degrees=20)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of files counts as very many; two of them are looked at before training."""
    monkeypatch.setattr(verify, "MOST_DECODED", 0)
    monkeypatch.setattr(verify, "MOST_LOOKED_AT", 2)


def batches(split: Any, count: int | None, **changed: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    arguments = {"batch_size": 4, "shuffle": True, "seed": 5, "augmentation": None, "one_hot": False, "repeat": True}
    return list(islice(split.dataset(**(arguments | changed)).as_numpy_iterator(), count))


def same(first: list[tuple[np.ndarray, ...]], second: list[tuple[np.ndarray, ...]]) -> bool:
    pairs = [(a, b) for one, other in zip(first, second, strict=True) for a, b in zip(one, other, strict=True)]
    return all(a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b) for a, b in pairs)


def spoil(pets: Path, names: list[str]) -> None:
    for name in names:
        (pets / name).write_bytes((pets / name).read_bytes()[:70])


@pytest.mark.parametrize(
    ("augmentation", "size"), [(AUGMENTATION, (8, 8)), (None, (10, 12))], ids=["resized, augmented", "of that size"]
)
def test_batches_are_bit_identical_to_those_decoded_before_training(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch, augmentation: Any, size: tuple[int, int]
) -> None:
    expected = batches(prepare(cache="memory", image_size=size).train, 14, augmentation=augmentation)
    monkeypatch.setattr(verify, "MOST_DECODED", 0)
    for cache in ("memory", "disk", "off"):
        prepared = prepare(cache=cache, image_size=size)
        assert prepared.cache == cache
        assert isinstance(prepared.train, Split)
        assert isinstance(prepared.train.inputs, LatePixels)
        assert same(batches(prepared.train, 14, augmentation=augmentation), expected)
    later = batches(prepared.train, 5, epoch=1, step=3, augmentation=augmentation)
    assert same(later, expected[9:])


@pytest.mark.usefixtures("many")
def test_training_begins_after_a_look_at_some(prepare: Prepare, pets: Path, heard: Any) -> None:
    spoil(pets, ["dogs/01.jpg"])
    prepared = prepare()
    assert heard.progressed[-1] == (2, 2, "pictures")
    assert any("Training begins without reading all: 27 of 27 are decoded" in line for line in heard.lines)
    assert prepared.unreadable == ()
    assert heard.notices == []


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("cache", ["memory", "disk", "off"])
def test_a_picture_that_cannot_be_read_while_training_is_left_out_of_its_batch(
    prepare: Prepare, pets: Path, heard: Any, cache: str
) -> None:
    whole = prepare(cache="off", validation_fraction=0).train
    assert isinstance(whole, Split)
    expected, pictures = batches(whole, 14), whole.images(range(27))
    spoil(pets, ["dogs/01.jpg", "cats/04.png"])
    train = prepare(cache=cache, validation_fraction=0, max_unreadable_fraction=0.1).train
    assert isinstance(train, Split)
    lost = [pictures[list(train.names).index(name)].tobytes() for name in ("dogs/01.jpg", "cats/04.png")]
    for (images, labels), (found, found_labels) in zip(expected, batches(train, 14), strict=True):
        left = [number for number, image in enumerate(images) if image.tobytes() not in lost]
        assert np.array_equal(images[left], found)
        assert np.array_equal(labels[left], found_labels)
    for source in late_pixels_of(train):
        source.end_epoch()
    named = [line for line in heard.lines if line.startswith("[DATA] Unreadable: ")]
    assert sorted(named) == [
        f"[DATA] Unreadable: {pets / 'cats/04.png'}: the file is cut off",
        f"[DATA] Unreadable: {pets / 'dogs/01.jpg'}: the file is cut off",
    ]
    assert "1 picture of the train data could not be read while training and is left out: " in heard.notices[0]
    assert "2 pictures of the train data could not be read while training and are left out: " in heard.notices[1]
    assert len(heard.notices) == 2


@pytest.mark.usefixtures("many")
def test_a_batch_of_which_nothing_is_left_breaks_nothing(prepare: Prepare, pets: Path) -> None:
    spoil(pets, ["dogs/01.jpg"])
    train = prepare(cache="off", validation_fraction=0).train
    trained = batches(train, 54, batch_size=1)
    assert [len(images) for images, _ in trained] == [1] * 54
    assert np.bincount([int(labels[0]) for _, labels in trained[:27]]).sum() == 27
    evaluated = train.dataset(batch_size=1, shuffle=False, seed=0, augmentation=None, one_hot=False, repeat=False)
    assert int(evaluated.cardinality()) == 27, "a user's loop may ask for the length"
    given = stoppable(evaluated, lambda: None)
    assert len(given) == 27
    assert sum(1 for _ in given) == 26
    assert np.bincount(np.concatenate([labels for _, labels in evaluated.as_numpy_iterator()])).tolist() == [14, 8, 4]


@pytest.mark.usefixtures("many")
def test_samples_to_be_shown_are_those_that_can_be_read(prepare: Prepare, pets: Path) -> None:
    spoil(pets, ["dogs/01.jpg"])
    train = prepare(cache="off", validation_fraction=0).train
    assert isinstance(train, Split)
    broken = list(train.names).index("dogs/01.jpg")
    assert train.readable(np.array([3, broken, 1])).tolist() == [3, 1]
    refused = prepare(cache="off", validation_fraction=0, max_unreadable_fraction=0).train
    assert isinstance(refused, Split)
    with pytest.raises(DataError, match="1 of 27 pictures in the train data"):
        refused.readable(np.array([broken]))


@pytest.mark.usefixtures("many")
def test_too_many_that_cannot_be_read_end_the_training(prepare: Prepare, pets: Path) -> None:
    spoil(pets, ["dogs/01.jpg", "cats/04.png"])
    prepared = prepare(cache="memory", validation_fraction=0)
    with pytest.raises(tf.errors.OpError) as caught:
        batches(prepared.train, 30)
    explained = str(explain_decode_failure(caught.value, prepared))
    assert "2 of 27 pictures in the train data" in explained
    assert "data.max_unreadable_fraction allows 5.0%" in explained
    assert str(pets / "dogs/01.jpg") in explained


@pytest.mark.usefixtures("many")
def test_too_many_that_cannot_be_read_are_named_while_the_data_is_loaded_or_shown(
    pets: Path, tmp_path: Path, heard: Any
) -> None:
    spoil(pets, ["dogs/01.jpg", "cats/04.png", "cats/08.png"])
    data = {"train_dir": str(pets), "image_size": (8, 8), "cache": "off", "validation_fraction": 0}
    none_allowed = {**data, "max_unreadable_fraction": 0}
    adapting = Config.model_validate({"data": {**none_allowed, "preprocessing": [{"name": "Normalization"}]}})
    with pytest.raises(DataError, match=r"of 27 pictures in the train data.*the file is cut off"):
        load_data(adapting, tmp_path, None, heard, one_hot=False)
    # The sample itself is fine; those that follow it, for steps that mix samples, are not.
    shown = Config.model_validate({"data": {**none_allowed, "augmentation": {"horizontal_flip": True}}})
    with pytest.raises(DataError, match=r"of 27 pictures in the train data.*the file is cut off"):
        preview_samples(shown, tmp_path, PreviewRequest(names=("cats/02.bmp",)), tmp_path / "scratch", heard)


@pytest.mark.usefixtures("many")
def test_masks_that_cannot_be_read_do_not_count_for_the_weights_of_classes(
    tmp_path: Path, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.data.pictures.mask_folder._LOOKED_AT", 2)
    for name in ("images", "masks"):
        (tmp_path / "set" / name).mkdir(parents=True)
    for number in range(12):
        Image.new("RGB", (8, 8)).save(tmp_path / "set" / "images" / f"{number:02}.png")
        Image.new("L", (8, 8), 1 + number % 2).save(tmp_path / "set" / "masks" / f"{number:02}.png")
    values: dict[str, Any] = {
        "train_dir": str(tmp_path / "set"),
        "image_size": (8, 8),
        "cache": "off",
        "validation_fraction": 0,
        "max_unreadable_fraction": 0.5,
        "balance": {"method": "class_weights"},
        "loader": {"name": "ImageDataLoader", "arguments": {"mask_values": "indices", "class_names": ["x", "y", "z"]}},
    }

    def prepared(**changed: Any) -> PreparedData:
        task = {"project": {"task": "image_segmentation"}, "data": values | changed}
        return prepare_data(Config.model_validate(task), tmp_path, heard, cache_folder=tmp_path / "cache")

    assert isinstance(prepared().train.targets.source, LatePixels)  # type: ignore[union-attr]
    for number in (3, 5, 7):
        mask = tmp_path / "set" / "masks" / f"{number:02}.png"
        mask.write_bytes(mask.read_bytes()[:50])
    heard.lines.clear()
    prepared()
    assert "[DATA] Class weights follow from the pixels of 9 of 12 training masks" in heard.lines
    assert "[DATA] Class weights: x 1, y 0.75, z 1.5" in heard.lines, "six masks of y and three of z, none of x"
    with pytest.raises(DataError, match=r"of 12 pictures in the train data.*the file is cut off"):
        prepared(max_unreadable_fraction=0)


@pytest.mark.usefixtures("many")
def test_what_a_run_decoded_is_on_disk_for_the_next(
    prepare: Prepare, pets: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    spoil(pets, ["dogs/01.jpg"])
    first = prepare(cache="disk", validation_fraction=0)
    expected = batches(first.train, 14)
    (source,) = late_pixels_of(first.train)
    source.end_epoch()
    read: list[int] = []
    alone = "trainer.engine.data.picture_files.PictureFiles.decode_alone"
    decode_alone = first.train.inputs._reader.decode_alone  # type: ignore[attr-defined]
    monkeypatch.setattr(alone, lambda _self, row: read.append(row) or decode_alone(row))
    monkeypatch.setattr("trainer.engine.data.picture_files.decode_with_tensorflow", None)
    heard.lines.clear()
    heard.progressed.clear()
    second = prepare(cache="disk", validation_fraction=0)
    assert heard.progressed == [(2, 2, "pictures")]
    assert any("1 of 27 are decoded when a batch first asks" in line for line in heard.lines)
    monkeypatch.setattr(
        "trainer.engine.data.picture_files.PictureFiles.decode_source",
        lambda *_args, **_options: tf.io.decode_jpeg(b"nothing is read here", 3),
    )
    assert same(batches(second.train, 14), expected)
    # Two batches that come side by side may both try it.
    assert set(read) == {list(second.train.names).index("dogs/01.jpg")}  # type: ignore[attr-defined]


@pytest.mark.usefixtures("many")
@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_becomes_full_while_training_is_no_end(prepare: Prepare, heard: Any) -> None:
    import resource

    expected = batches(prepare(cache="off").train, 12)
    train = prepare(cache="disk").train
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        found = batches(train, 12)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert same(found, expected)
    (notice,) = heard.notices
    assert "Not all decoded data can be kept on disk: File too large" in notice
