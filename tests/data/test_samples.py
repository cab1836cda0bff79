from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data.inspect import propose_config
from trainer.data.pictures.image_folder import scan_image_folder
from trainer.data.samples import samples
from trainer.data.samples.sample_list import SAMPLES
from trainer.data.samples.sample_shapes import shapes
from trainer.data.samples.samples import make_sample
from trainer.errors import DataError


@pytest.mark.parametrize(
    ("name", "num_pictures", "num_classes", "mode"), [("digits", 1797, 10, "L"), ("shapes", 1200, 6, "RGB")]
)
def test_a_sample_is_a_data_set_with_training_and_test_part(
    tmp_path: Path, name: str, num_pictures: int, num_classes: int, mode: str
) -> None:
    folder = make_sample(name, tmp_path)
    train = scan_image_folder(folder / "train")
    test = scan_image_folder(folder / "test", class_names=train.class_names)
    assert len(train.class_names) == num_classes
    assert len(train.paths) + len(test.paths) == num_pictures
    assert 0.19 < len(test.paths) / num_pictures < 0.21
    assert test.missing_classes == ()
    with Image.open(folder / "train" / train.paths[0]) as picture:
        assert picture.mode == mode
    assert f"{num_pictures:,}" in next(sample.sentence for sample in SAMPLES if sample.name == name)
    assert propose_config(folder).values["data"]["test_dir"] == str(folder / "test")
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_an_existing_sample_is_used_again(tmp_path: Path) -> None:
    folder = make_sample("shapes", tmp_path)
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert make_sample("shapes", tmp_path) == folder
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


def test_a_sample_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(DataError, match=r"could not be written to .*No space left on device"):
        make_sample("digits", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "digits" / "mine.txt"
    theirs.parent.mkdir()
    theirs.write_text("precious")
    with pytest.raises(DataError, match="is not a sample"):
        make_sample("digits", tmp_path)
    assert theirs.read_text() == "precious"


def test_what_a_killed_process_left_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(samples._PICTURES, "digits", two_pictures)
    monkeypatch.setattr(samples.psutil, "pid_exists", lambda process_id: process_id == 1)
    for process_id in (1, 2):
        (tmp_path / f".digits.{process_id}.part" / "train").mkdir(parents=True)
    make_sample("digits", tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".digits.1.part", "digits"]


def test_an_unknown_sample_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Choose one of: digits, shapes"):
        make_sample("faces", tmp_path)


def test_shapes_are_the_same_every_time() -> None:
    first, second = next(shapes()), next(shapes())
    assert first[0] == second[0]
    assert np.array_equal(np.asarray(first[1]), np.asarray(second[1]))
    assert set(Counter(name for name, _ in shapes()).values()) == {200}


def two_pictures() -> Iterator[tuple[str, Image.Image]]:
    yield "a", Image.new("L", (2, 2))
    yield "b", Image.new("L", (2, 2))
