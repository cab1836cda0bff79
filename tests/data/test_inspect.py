from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.config.config import Config
from trainer.data.inspect import Proposal, propose_config
from trainer.errors import DataError

MakePicture = Callable[..., Path]


def text(proposal: Proposal) -> str:
    return " ".join(proposal.sentences)


def test_a_class_folder_is_described_and_a_part_held_out(cats_and_dogs: Path) -> None:
    proposal = propose_config(cats_and_dogs)
    data = proposal.values["data"]
    assert proposal.values["project"] == {"name": "pets"}
    assert data["train_dir"] == str(cats_and_dogs)
    assert data["validation_fraction"] == 0.2
    assert "val_dir" not in data
    assert proposal.sentences[0] == "5 pictures in 2 classes (2 to 3 each), all 8 × 6 pixels, in colour."


def test_a_proposal_is_a_valid_configuration(cats_and_dogs: Path) -> None:
    config = Config.model_validate(propose_config(cats_and_dogs).values)
    assert config.data.train_dir == str(cats_and_dogs)


def test_parts_are_recognised_from_above_and_from_the_training_part(make_picture: MakePicture, tmp_path: Path) -> None:
    for part in ("train", "Valid", "test"):
        for name in ("cats", "dogs"):
            make_picture(f"set/{part}/{name}/a.png", (40, 30))
    for folder in (tmp_path / "set", tmp_path / "set" / "train"):
        proposal = propose_config(folder)
        data = proposal.values["data"]
        assert proposal.values["project"] == {"name": "set"}
        assert data["train_dir"] == str(tmp_path / "set" / "train")
        assert data["val_dir"] == str(tmp_path / "set" / "Valid")
        assert data["test_dir"] == str(tmp_path / "set" / "test")
        assert data["image_size"] == [30, 40]


def test_a_part_with_other_classes_is_left_out_and_said(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in ("train/cats/a.png", "train/dogs/a.png", "test/birds/a.png"):
        make_picture(f"set/{name}")
    proposal = propose_config(tmp_path / "set")
    assert "test_dir" not in proposal.values["data"]
    assert "test/ is not used for test" in text(proposal)
    assert "birds" in text(proposal)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(32, 32)], [32, 32]),
        ([(200, 100)], [100, 200]),
        ([(8, 8)], [16, 16]),
        ([(640, 480)], [224, 224]),
        ([(100, 70), (90, 120)], [64, 64]),
        ([(20, 20), (10, 30)], [32, 32]),
    ],
)
def test_the_size_suits_the_pictures(
    make_picture: MakePicture, tmp_path: Path, sizes: list[tuple[int, int]], expected: list[int]
) -> None:
    for number, size in enumerate(sizes * 2):
        make_picture(f"pets/{'cats' if number % 2 else 'dogs'}/{number}.png", size)
    make_picture("pets/cats/last.png", sizes[0])
    assert propose_config(tmp_path / "pets").values["data"]["image_size"] == expected


@pytest.mark.parametrize(("modes", "expected"), [("LL", "grayscale"), (("L", "RGB"), "rgb"), (("RGBA", "RGBA"), "rgb")])
def test_colours_suit_the_pictures(
    make_picture: MakePicture, tmp_path: Path, modes: tuple[str, str], expected: str
) -> None:
    make_picture("pets/cats/a.png", mode=modes[0])
    make_picture("pets/dogs/a.png", mode=modes[1])
    proposal = propose_config(tmp_path / "pets")
    assert proposal.values["data"]["color_mode"] == expected
    assert ("transparency" in text(proposal)) == (modes[0] == "RGBA")


def test_broken_headers_are_mentioned(cats_and_dogs: Path) -> None:
    (cats_and_dogs / "cats" / "a.png").write_bytes(b"no picture")
    assert "1 of 5 pictures looked at cannot be read, such as cats/a.png" in text(propose_config(cats_and_dogs))


def test_uneven_classes_are_mentioned(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("pets/cats/a.png")
    for number in range(6):
        make_picture(f"pets/dogs/{number}.png")
    assert "dogs has 6 times as many pictures as cats" in text(propose_config(tmp_path / "pets"))


def test_digits_are_not_mirrored(make_picture: MakePicture, tmp_path: Path) -> None:
    for digit in range(3):
        make_picture(f"digits/{digit}/a.png")
    assert "horizontal_flip" not in propose_config(tmp_path / "digits").values["data"]["augmentation"]


def test_a_folder_without_pictures_is_refused_like_in_a_scan(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        propose_config(tmp_path / "nowhere")


def test_the_real_data_set_is_understood(shared_data: Path) -> None:
    folder = shared_data / "cifar10-mini"
    proposal = propose_config(folder / "train")
    assert proposal.sentences[0] == "3,000 pictures in 10 classes (300 each), all 32 × 32 pixels, in colour."
    assert proposal.values["data"]["image_size"] == [32, 32]
    assert Path(proposal.values["data"]["test_dir"]).samefile(folder / "test")
