from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.config.config import Config
from trainer.data.pictures.image_index import index_picture_parts
from trainer.data.sample_index import SampleIndex
from trainer.errors import ConfigError, DataError

MakePicture = Callable[..., Path]


def index_of(folder: Path, text: str, split: dict[str, Any] | None = None, **arguments: Any) -> SampleIndex:
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    loader = {"name": "ImageDataLoader", "arguments": {"labels_file": "labels.csv", **arguments}}
    values = {"data": {"train_dir": str(folder), "loader": loader, "split": split or {}}}
    return index_picture_parts(Config.model_validate(values), folder)["train"]


@pytest.fixture
def photos(make_picture: MakePicture, tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        make_picture(f"photos/pictures/{name}.jpg")
    return tmp_path / "photos"


def test_each_row_gives_a_class(photos: Path) -> None:
    index = index_of(photos, "file;label\na.jpg;dog\nb.jpg;cat\nc.jpg;dog\n")
    assert list(index.names) == [f"pictures/{name}.jpg" for name in "abc"]
    assert index.class_names == ("cat", "dog")
    assert index.labels is not None
    assert index.labels.tolist() == [1, 0, 1]
    assert index.problems == ()
    assert index.raw is not None
    assert index.raw.picture(0).shape == (6, 8, 3)


def test_pictures_are_found_without_ending_and_in_a_given_folder(photos: Path) -> None:
    index = index_of(photos, "id,breed\na,dog\nb,cat\nc,dog\n", images_dir="pictures")
    assert list(index.names) == [f"pictures/{name}.jpg" for name in "abc"]


def test_a_separator_gives_several_classes(photos: Path) -> None:
    index = index_of(photos, "image,tags\na.jpg,sun|sea\nb.jpg,\nc.jpg,sea\n", label_separator="|")
    assert index.class_names == ("sea", "sun")
    assert index.labels is not None
    assert index.labels.dtype == np.uint8
    assert index.labels.tolist() == [[1, 1], [0, 0], [1, 0]]
    assert index.class_counts.tolist() == [2, 1]
    assert index.unusable == {}


@pytest.mark.parametrize(
    ("marks", "expected"),
    [(("1,0", "0,1", "1,0"), [0, 1, 0]), (("1,1", "0,0", "1,0"), [[1, 1], [0, 0], [1, 0]])],
    ids=["exactly one each", "any number"],
)
def test_columns_of_marks_are_classes(photos: Path, marks: tuple[str, ...], expected: list[Any]) -> None:
    rows = "".join(f"{name}.jpg,{mark}\n" for name, mark in zip("abc", marks, strict=True))
    index = index_of(photos, f"image,sea,sun\n{rows}")
    assert index.class_names == ("sea", "sun")
    assert index.labels is not None
    assert index.labels.tolist() == expected


def test_rows_that_cannot_be_used_are_named(photos: Path) -> None:
    text = "image,label\na.jpg,dog\nb.jpg,\nnowhere.jpg,cat\na.jpg,cat\n"
    index = index_of(photos, text)
    assert sorted(index.unusable) == [1, 2, 3]
    assert [(problem.kind, problem.severity, problem.file, problem.place) for problem in index.problems] == [
        ("missing_picture", "error", "labels.csv", "line 4"),
        ("duplicate", "error", "labels.csv", "line 5"),
        ("missing_annotation", "error", "labels.csv", "line 3"),
        ("missing_annotation", "warning", "pictures/c.jpg", ""),
    ]
    assert index.problems[1].message.startswith("pictures/a.jpg has cat here and dog in line 2; this line is left out")
    again = index_of(photos, "image,label\na.jpg,dog\nb.jpg,cat\na.jpg,dog\n").problems[0]
    assert again.message.startswith("pictures/a.jpg is already in line 2; this line is left out")


def test_another_picture_of_the_same_name_is_not_taken(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("set/train/a.jpg")
    make_picture("set/test/b.jpg")
    index = index_of(tmp_path / "set", "image,label\ntrain/a.jpg,x\ntrain/b.jpg,y\n")
    assert sorted(index.unusable) == [1]


def test_classes_can_be_given(photos: Path) -> None:
    index = index_of(photos, "image,label\na.jpg,dog\nb.jpg,cow\nc.jpg,cat\n", class_names=["dog", "cat"])
    assert index.labels is not None
    assert index.labels[[0, 2]].tolist() == [0, 1]
    assert index.unusable == {1: "its class cow is not among the classes"}


def test_a_column_says_what_belongs_together(photos: Path) -> None:
    text = "image,label,patient\na.jpg,x,p1\nb.jpg,y,p2\nc.jpg,x,p1\n"
    index = index_of(photos, text, {"method": "group", "group_by": "patient"})
    assert index.groups is not None
    assert index.groups.tolist() == [0, 1, 0]


def test_a_part_of_the_path_says_what_belongs_together(photos: Path) -> None:
    text = "image,label\na.jpg,x\nb.jpg,y\nc.jpg,x\n"
    index = index_of(photos, text, {"method": "group", "group_by": r"([ab]|c)\.jpg"})
    assert index.groups is not None
    assert index.groups.tolist() == [0, 1, 2]
    with pytest.raises(ConfigError, match=r"data\.split\.group_by: .* does not occur in pictures/b\.jpg"):
        index_of(photos, text, {"method": "group", "group_by": "(a)"})
    with pytest.raises(ConfigError, match="Expected a regular expression"):
        index_of(photos, text, {"method": "group", "group_by": "("})


def test_a_table_that_is_not_clear_is_refused(photos: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no column species\. It has image, kind, size"):
        index_of(photos, "image,kind,size\na.jpg,x,big\n", label_columns=["species"])
    with pytest.raises(DataError, match=r"not clear which column .* has the classes: kind, size"):
        index_of(photos, "image,kind,size\na.jpg,x,big\n")
    with pytest.raises(DataError, match="names pictures in"):
        index_of(photos, "kind,size\nx,big\n")
    with pytest.raises(DataError, match="only one class"):
        index_of(photos, "image,label\na.jpg,x\nb.jpg,x\n")
    with pytest.raises(DataError, match=r"labels\.csv cannot be read as a table: field larger than"):
        index_of(photos, f"image,label\na.jpg,{'x' * 140_000}\n")
