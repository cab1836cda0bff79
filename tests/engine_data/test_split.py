from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.config.sections import AugmentationSection
from trainer.engine.data.prepare import PreparedData
from trainer.engine.data.split import Split

pytestmark = pytest.mark.keras
Prepare = Callable[..., PreparedData]
ALL_CHANGES = AugmentationSection(
    horizontal_flip=True,
    vertical_flip=True,
    rotation_degrees=20,
    zoom_fraction=0.2,
    translation_fraction=0.1,
    contrast_fraction=0.3,
    brightness_fraction=0.1,
)


def batches(split: Split, count: int, **changed: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    arguments = {"batch_size": 4, "shuffle": True, "seed": 5, "augmentation": None, "one_hot": False, "repeat": True}
    return list(islice(split.dataset(**(arguments | changed)).as_numpy_iterator(), count))


def same(first: list[tuple[np.ndarray, ...]], second: list[tuple[np.ndarray, ...]]) -> bool:
    pairs = [(a, b) for one, other in zip(first, second, strict=True) for a, b in zip(one, other, strict=True)]
    return all(a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("augmentation", [None, ALL_CHANGES], ids=["plain", "augmented"])
def test_batches_are_bit_identical_wherever_pictures_are_kept(prepare: Prepare, augmentation: Any) -> None:
    expected = batches(prepare(cache="memory").train, 14, augmentation=augmentation)
    for cache in ("disk", "disk", "off"):
        prepared = prepare(cache=cache)
        assert prepared.cache == cache
        assert same(batches(prepared.train, 14, augmentation=augmentation), expected)


@pytest.mark.parametrize("augmentation", [None, ALL_CHANGES], ids=["plain", "augmented"])
def test_batches_are_bit_identical_when_too_large_to_share(
    prepare: Prepare, monkeypatch: pytest.MonkeyPatch, augmentation: Any
) -> None:
    train = prepare(cache="memory").train
    expected = batches(train, 14, augmentation=augmentation)
    monkeypatch.setattr("trainer.engine.data.pixels._MOST_SHARED_BYTES", 0)
    assert same(batches(train, 14, augmentation=augmentation), expected)


@pytest.mark.parametrize("cache", ["memory", "off"])
@pytest.mark.parametrize("augmentation", [None, ALL_CHANGES], ids=["plain", "augmented"])
@pytest.mark.parametrize(("epoch", "step"), [(0, 3), (1, 0), (1, 4), (2, 5)])
def test_batches_are_bit_identical_wherever_one_starts(
    prepare: Prepare, cache: str, augmentation: Any, epoch: int, step: int
) -> None:
    train = prepare(cache=cache).train
    assert train.num_batches(4) == 6
    whole = batches(train, 20, augmentation=augmentation)
    first = epoch * 6 + step
    later = batches(train, 20 - first, epoch=epoch, step=step, augmentation=augmentation)
    assert same(later, whole[first:])


def test_every_epoch_shows_every_picture_once_in_another_order(prepare: Prepare) -> None:
    train = prepare(cache="memory").train
    pictures = [images for images, _ in batches(train, 12)]
    epochs = [np.concatenate(pictures[:6]), np.concatenate(pictures[6:])]
    assert [len(images) for images in pictures] == [4, 4, 4, 4, 4, 2] * 2
    assert not np.array_equal(*epochs)
    assert sorted(image.tobytes() for image in epochs[0]) == sorted(image.tobytes() for image in epochs[1])


def test_labels_go_with_their_pictures(prepare: Prepare) -> None:
    train = prepare(cache="memory").train
    pictures = train.images(range(train.num_samples))
    known = {image.tobytes(): label for image, label in zip(pictures, train.labels, strict=True)}
    for images, labels in batches(train, 12):
        assert [known[image.tobytes()] for image in images] == labels.tolist()


def test_labels_can_be_one_hot(prepare: Prepare) -> None:
    train = prepare(cache="memory").train
    plain, one_hot = batches(train, 1)[0][1], batches(train, 1, one_hot=True)[0][1]
    assert plain.dtype == np.int32
    assert one_hot.dtype == np.float32
    assert np.array_equal(one_hot, np.eye(3, dtype=np.float32)[plain])


def test_pictures_are_whole_numbers_until_they_are_augmented(prepare: Prepare) -> None:
    train = prepare(cache="memory").train
    plain, idle = batches(train, 1)[0][0], batches(train, 1, augmentation=AugmentationSection())[0][0]
    changed = batches(train, 1, augmentation=ALL_CHANGES)[0][0]
    assert plain.dtype == idle.dtype == np.uint8
    assert changed.dtype == np.float32
    assert 0 <= changed.min() < changed.max() <= 255
    assert not np.array_equal(plain, changed)


@pytest.mark.parametrize("cache", ["memory", "off"])
def test_validation_comes_in_order_and_ends(prepare: Prepare, cache: str) -> None:
    validation = prepare(cache=cache).validation
    assert validation is not None
    dataset = validation.dataset(batch_size=4, shuffle=False, seed=0, augmentation=None, one_hot=False, repeat=False)
    given_batches = list(dataset.as_numpy_iterator())
    assert int(dataset.cardinality()) == len(given_batches) == validation.num_batches(4)
    assert np.concatenate([labels for _, labels in given_batches]).tolist() == validation.labels.tolist()
    images = np.concatenate([images for images, _ in given_batches])
    assert np.array_equal(images, validation.images(range(validation.num_samples)))


def test_a_training_dataset_says_that_it_has_no_end_and_which_shapes_it_has(prepare: Prepare) -> None:
    dataset = prepare(cache="off").train.dataset(
        batch_size=4, shuffle=True, seed=0, augmentation=None, one_hot=True, repeat=True
    )
    assert int(dataset.cardinality()) == tf.data.INFINITE_CARDINALITY
    assert dataset.element_spec[0].shape.as_list() == [None, 8, 8, 3]
    assert dataset.element_spec[1].shape.as_list() == [None, 3]


def test_skipped_pictures_are_never_read(prepare: Prepare) -> None:
    train = prepare(cache="off").train
    expected = batches(train, 3, shuffle=False, step=3)
    for name in train.names[:12]:
        (train.place / name).unlink()
    assert same(batches(train, 3, shuffle=False, step=3), expected)


def test_pictures_are_those_of_the_files(prepare: Prepare, pets: Path) -> None:
    train = prepare(cache="memory", image_size=(10, 12)).train
    lossless = [number for number, path in enumerate(train.names) if path.endswith((".png", ".bmp"))]
    assert lossless
    for number in lossless:
        with Image.open(pets / train.names[number]) as picture:
            assert np.array_equal(train.images([number])[0], np.asarray(picture.convert("RGB")))


def test_a_model_trains_on_it(prepare: Prepare) -> None:
    import keras

    model = keras.Sequential([keras.layers.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    prepared = prepare(cache="off")
    train = prepared.train.dataset(
        batch_size=4, shuffle=True, seed=0, augmentation=ALL_CHANGES, one_hot=False, repeat=True
    )
    validation = prepared.validation.dataset(
        batch_size=4, shuffle=False, seed=0, augmentation=None, one_hot=False, repeat=False
    )
    history = model.fit(
        train, steps_per_epoch=6, epochs=2, validation_data=validation, shuffle=False, verbose=0
    ).history
    assert len(history["val_loss"]) == 2
