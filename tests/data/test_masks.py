from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trainer.config.config import Config
from trainer.data.pictures.image_index import index_picture_parts
from trainer.data.sample_index import SampleIndex
from trainer.errors import ConfigError, DataError

MakePicture = Callable[..., Path]
RED, BLUE = (255, 0, 0), (0, 0, 255)


def parts_of(folder: Path, arguments: dict[str, Any] | None = None, **data: Any) -> dict[str, SampleIndex]:
    loader = {"name": "ImageDataLoader", "arguments": arguments or {}}
    values = {"project": {"task": "image_segmentation"}, "data": {"train_dir": str(folder), "loader": loader, **data}}
    return index_picture_parts(Config.model_validate(values), folder)


def write_mask(path: Path, values: Any, mode: str = "L") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = Image.fromarray(np.asarray(values, np.uint8))
    if mode == "P":
        mask.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0])
    mask.save(path)
    return path


def squares(*values: int, side: int = 8) -> np.ndarray:
    """A mask with a stripe of each value."""
    return np.repeat(np.array(values, np.uint8), side * side // len(values)).reshape(side, side)


@pytest.fixture
def scans(make_picture: MakePicture, tmp_path: Path) -> Path:
    """Four pictures of 8×8 with masks of 0 and 255."""
    for name in "abcd":
        make_picture(f"scans/images/{name}.png", (8, 8))
        write_mask(tmp_path / "scans" / "masks" / f"{name}.png", squares(0, 255))
    return tmp_path / "scans"


def mask_of(index: SampleIndex, number: int) -> list[int]:
    assert index.raw is not None
    return index.raw.mask(number)[:, 0].tolist()


def test_black_and_white_masks_have_two_classes(scans: Path) -> None:
    index = parts_of(scans)["train"]
    assert index.class_names == ("black", "white")
    assert list(index.names) == [f"images/{name}.png" for name in "abcd"]
    assert index.mask_names is not None
    assert list(index.mask_names) == [f"masks/{name}.png" for name in "abcd"]
    assert mask_of(index, 0) == [0] * 4 + [1] * 4
    assert index.problems == ()


@pytest.mark.parametrize(
    ("values", "mode", "class_names", "expected"),
    [
        (squares(0, 1, 2, 255), "L", ("0", "1", "2"), [0, 0, 1, 1, 2, 2, 255, 255]),
        (squares(0, 2), "P", ("0", "1", "2"), [0] * 4 + [2] * 4),
        (squares(60, 120, 180, 240), "L", ("60", "120", "180", "240"), [0, 0, 1, 1, 2, 2, 3, 3]),
        (squares(1, 3), "L", ("1", "3"), [0] * 4 + [1] * 4),
        (np.stack([squares(3, 3)] * 3, -1) * 40, "L", ("120",), [0] * 8),
    ],
    ids=["indices", "palette", "levels", "from 1", "grey stored as colour"],
)
def test_what_values_stand_for_is_found(
    scans: Path, values: np.ndarray, mode: str, class_names: tuple[str, ...], expected: list[int]
) -> None:
    for name in "abcd":
        write_mask(scans / "masks" / f"{name}.png", values, mode)
    index = parts_of(scans)["train"]
    assert index.class_names == class_names
    assert mask_of(index, 0) == expected


def test_colours_are_classes(scans: Path) -> None:
    colors = np.zeros((8, 8, 3), np.uint8)
    colors[4:] = RED
    colors[6:] = BLUE
    for name in "abcd":
        write_mask(scans / "masks" / f"{name}.png", colors)
    index = parts_of(scans)["train"]
    assert index.class_names == ("#000000", "#0000ff", "#ff0000")
    given = {"class_values": ["#ff0000", "0 0 255", "#000000"], "class_names": ["road", "sky", "rest"]}
    index = parts_of(scans, given)["train"]
    assert index.class_names == ("road", "sky", "rest")
    assert mask_of(index, 0) == [2] * 4 + [0, 0, 1, 1]


def test_jpeg_masks_are_black_and_white_by_brightness(scans: Path) -> None:
    for name in "abcd":
        (scans / "masks" / f"{name}.png").unlink()
        write_mask(scans / "masks" / f"{name}.jpg", np.repeat(squares(0, 255), 2, axis=0)[4:12])
    index = parts_of(scans)["train"]
    assert index.class_names == ("black", "white")
    assert set(mask_of(index, 0)) == {0, 1}


def test_a_value_that_stands_for_nothing_is_named(scans: Path) -> None:
    for number in range(12):
        (scans / "images" / f"e{number}.png").write_bytes((scans / "images" / "a.png").read_bytes())
        (scans / "masks" / f"e{number}.png").write_bytes((scans / "masks" / "a.png").read_bytes())
    values = squares(0, 255)
    values[0, 0] = 7
    write_mask(scans / "masks" / "b.png", np.kron(values, np.ones((1, 1), np.uint8)))
    index = parts_of(scans, {"mask_values": "black_white"})["train"]
    assert index.unusable == {1: "its mask masks/b.png has the value 7, which stands for no class; expected 0, 255"}
    assert [(problem.kind, problem.file) for problem in index.problems] == [("mask_value", "masks/b.png")]
    assert index.raw is not None
    with pytest.raises(DataError, match=r"masks/b\.png has the value 7"):
        index.raw.mask(1)


def test_masks_of_another_size_and_missing_ones_are_named(scans: Path, make_picture: MakePicture) -> None:
    write_mask(scans / "masks" / "b.png", squares(0, 255, side=4))
    (scans / "masks" / "c.png").unlink()
    write_mask(scans / "masks" / "lonely.png", squares(0, 255))
    index = parts_of(scans)["train"]
    assert sorted(index.unusable) == [1, 2]
    assert "is 4 × 4 pixels, the picture 8 × 8" in index.unusable[1]
    assert [(problem.kind, problem.severity, problem.file) for problem in index.problems] == [
        ("missing_picture", "warning", "masks/lonely.png"),
        ("missing_annotation", "error", "images/c.png"),
        ("size_mismatch", "error", "images/b.png"),
    ]


def test_masks_are_found_by_usual_additions_to_their_names(scans: Path) -> None:
    for name in "abcd":
        (scans / "masks" / f"{name}.png").rename(scans / "masks" / f"{name}_mask.png")
    index = parts_of(scans)["train"]
    assert index.unusable == {}
    assert index.mask_names is not None
    assert index.mask_names[3] == "masks/d_mask.png"


def test_folders_inside_divide_pictures_and_masks(make_picture: MakePicture, tmp_path: Path) -> None:
    for part in ("train", "val"):
        make_picture(f"set/imgs/{part}/a.png", (8, 8))
        write_mask(tmp_path / "set" / "labels" / part / "a.png", squares(0, 1))
    parts = parts_of(tmp_path / "set")
    assert {part: list(index.names) for part, index in parts.items()} == {
        "train": ["imgs/train/a.png"],
        "validation": ["imgs/val/a.png"],
    }


def test_names_are_taken_from_a_list_beside_the_masks(scans: Path) -> None:
    for name in "abcd":
        write_mask(scans / "masks" / f"{name}.png", squares(0, 1))
    (scans / "classes.txt").write_text("ground\ncell\nedge\n", encoding="utf-8")
    assert parts_of(scans)["train"].class_names == ("ground", "cell", "edge")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_names": ["one"]}, "have 2 classes .0, 255., received 1 names"),
        ({"class_values": ["0", "0"]}, "different values"),
        ({"class_values": ["red"]}, "Expected a number, #rrggbb"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(scans: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parts_of(scans, arguments)


def test_photos_are_no_masks(scans: Path) -> None:
    random = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    for name in "abcd":
        Image.fromarray(random).save(scans / "masks" / f"{name}.bmp")
        (scans / "masks" / f"{name}.png").unlink()
        Image.fromarray(random).resize((64, 64)).save(scans / "masks" / f"{name}.png")
        (scans / "masks" / f"{name}.bmp").unlink()
        Image.fromarray(random).resize((64, 64)).save(scans / "images" / f"{name}.png")
    with pytest.raises(DataError, match="colours, expected one per class"):
        parts_of(scans)


def test_a_folder_without_masks_says_what_was_expected(cats_and_dogs: Path) -> None:
    with pytest.raises(DataError, match=r"no folder of pictures with a usual name\. Expected images/ and masks/"):
        parts_of(cats_and_dogs)


def test_the_real_masks_are_understood(shared_data: Path) -> None:
    index = parts_of(shared_data / "membrane")["train"]
    assert index.num_samples == 30
    assert index.class_names == ("black", "white")
    assert index.problems == ()
    assert index.raw is not None
    assert index.raw.mask(0).shape == index.raw.picture(0).shape[:2] == (512, 512)
    assert 0.1 < (index.raw.mask(0) == 0).mean() < 0.4
