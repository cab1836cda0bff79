from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.config.config import Config
from trainer.engine.data.prepare import PreparedData, prepare_data
from trainer.engine.training.data_check import check_before_training
from trainer.errors import DataError

pytestmark = pytest.mark.keras
Prepare = Callable[..., PreparedData]


def test_a_part_of_every_class_is_held_out(prepare: Prepare, heard) -> None:
    prepared = prepare(validation_fraction=0.25)
    assert prepared.class_names == ("cats", "dogs", "owls")
    assert np.bincount(prepared.train.labels).tolist() == [10, 7, 3]
    assert np.bincount(prepared.validation.labels).tolist() == [4, 2, 1]
    assert not set(prepared.train.names) & set(prepared.validation.names)
    assert prepared.test is None
    assert prepared.input_shape == (8, 8, 3)
    assert heard.notices == []
    assert "[DATA] Training on 20 pictures, validating on 7 that are held out" in heard.lines
    assert heard.progressed[-1] == (27, 27, "pictures")


def test_the_seed_decides_what_is_held_out(pets: Path, tmp_path: Path, heard) -> None:
    def held_out(seed: int) -> list[str]:
        config = Config.model_validate({"data": {"train_dir": str(pets)}, "runtime": {"seed": seed}})
        prepared = prepare_data(config, tmp_path, heard, cache_folder=tmp_path / "cache")
        return list(prepared.validation.names)

    assert held_out(1) == held_out(1) != held_out(2)


def test_a_validation_and_a_test_folder_are_taken_whole(prepare: Prepare, pets: Path) -> None:
    for part, removed in (("val", None), ("test", "owls")):
        shutil.copytree(pets, pets.parent / part)
        if removed:
            shutil.rmtree(pets.parent / part / removed)
    prepared = prepare(train_dir="pets", val_dir="val", test_dir="test")
    counts = [np.bincount(split.labels).tolist() for split in prepared.splits.values()]
    assert counts == [[14, 9, 4], [14, 9, 4], [14, 9]]
    assert prepared.test.class_names == prepared.class_names


def test_a_class_without_validation_pictures_is_left_to_the_check_before_training(
    prepare: Prepare, pets: Path, heard
) -> None:
    shutil.copytree(pets / "cats", pets.parent / "val" / "cats")
    prepared = prepare(val_dir="val")
    check_before_training(prepared, heard, lambda: False)
    (told,) = heard.notices
    assert "The class dogs has no sample in the validation data" in told
    assert "The class owls has no sample in the validation data" in told


def test_no_share_means_no_validation(prepare: Prepare) -> None:
    prepared = prepare(validation_fraction=0)
    assert prepared.validation is None
    assert prepared.train.num_samples == 27


@pytest.mark.parametrize("cache", ["memory", "disk", "off"])
def test_unreadable_pictures_are_named_counted_and_left_out(prepare: Prepare, pets: Path, heard, cache: str) -> None:
    (pets / "cats" / "01.jpg").write_bytes((pets / "cats" / "01.jpg").read_bytes()[:200])
    (pets / "dogs" / "00.png").write_bytes(b"")
    prepared = prepare(cache=cache, max_unreadable_fraction=0.1)
    assert prepared.unreadable == (
        (str(pets / "cats" / "01.jpg"), "the file is cut off"),
        (str(pets / "dogs" / "00.png"), "the file is empty"),
    )
    assert prepared.train.num_samples + prepared.validation.num_samples == 25
    assert heard.notices[0].startswith("warning: 2 of 27 pictures cannot be read and are left out: ")
    assert f"[DATA] Unreadable: {pets / 'dogs' / '00.png'}: the file is empty" in heard.lines


def test_too_many_unreadable_pictures_are_refused(prepare: Prepare, pets: Path) -> None:
    for number in range(0, 12, 2):
        next(pets.glob(f"cats/{number:02}.*")).write_bytes(b"x")
    with pytest.raises(DataError, match=r"6 of 27 pictures in the train data .* allows 5\.0%.*and 1 more"):
        prepare()


def test_a_class_of_which_nothing_can_be_read_is_refused(prepare: Prepare, pets: Path) -> None:
    for file in (pets / "owls").iterdir():
        file.write_bytes(b"x")
    with pytest.raises(DataError, match="None of the pictures of owls"):
        prepare(max_unreadable_fraction=1)


def test_an_unset_training_folder_says_so(prepare: Prepare) -> None:
    with pytest.raises(DataError, match=r"data\.train_dir is empty"):
        prepare(train_dir="")


def test_what_does_not_fit_is_overruled_and_told(prepare: Prepare, heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.engine.data.row_store.free_memory_bytes", lambda: 100)
    assert prepare(cache="memory").cache == "disk"
    assert "data.cache asks for memory, which does not fit" in heard.notices[0]


@pytest.mark.parametrize(("color_mode", "channels"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
@pytest.mark.parametrize("cache", ["memory", "off"])
def test_every_kind_of_file_is_read_in_every_colour_mode(
    prepare: Prepare, color_mode: str, channels: int, cache: str
) -> None:
    prepared = prepare(color_mode=color_mode, cache=cache)
    assert prepared.unreadable == ()
    images = prepared.train.images(range(prepared.train.num_samples))
    assert images.shape[1:] == prepared.input_shape == (8, 8, channels)
    assert images[..., 0].std(axis=(1, 2)).min() > 0
    assert channels < 4 or (images[..., 3] == 255).all()


def test_the_real_data_set_is_prepared(shared_data: Path, tmp_path: Path, heard) -> None:
    config = Config.model_validate({"data": {"train_dir": "train", "test_dir": "test"}})
    prepared = prepare_data(config, shared_data / "cifar10-mini", heard, cache_folder=tmp_path)
    assert [split.num_samples for split in prepared.splits.values()] == [2400, 600, 600]
    assert prepared.cache == "memory"
    assert prepared.unreadable == ()
