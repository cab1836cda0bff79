from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.box_data import voc_xml, write_coco, write_voc
from trainer.config.config import Config
from trainer.data.pictures.coco import coco_folder
from trainer.data.pictures.image_index import index_picture_parts
from trainer.data.pictures.picture_options import PictureOptions
from trainer.data.sample_index import SampleIndex
from trainer.errors import ConfigError, DataError

MakePicture = Callable[..., Path]


def parts_of(folder: Path, arguments: dict[str, Any] | None = None, **data: Any) -> dict[str, SampleIndex]:
    loader = {"name": "ImageDataLoader", "arguments": arguments or {}}
    values = {"project": {"task": "object_detection"}, "data": {"train_dir": str(folder), "loader": loader, **data}}
    return index_picture_parts(Config.model_validate(values), folder)


def told(index: SampleIndex) -> list[tuple[str, str, str, str]]:
    return [(problem.kind, problem.severity, problem.file, problem.place) for problem in index.problems]


def boxes_of(index: SampleIndex, number: int) -> list[tuple[str, list[float]]]:
    assert index.boxes is not None
    corners, classes = index.boxes.of(number)
    rounded = np.round(corners.astype(float), 4).tolist()
    return [(index.class_names[label], box) for label, box in zip(classes, rounded, strict=True)]


@pytest.fixture
def voc(make_picture: MakePicture, tmp_path: Path) -> Path:
    for name in "abc":
        make_picture(f"set/JPEGImages/{name}.png", (40, 20))
    boxes = {
        "a": [("dog", 10, 5, 20, 15), ("cat", 0, 0, 40, 20)],
        "b": [("cat", 4, 4, 4, 9), ("cat", 4, 4, 8, 8)],
        "c": [("cat", 30, 10, 50, 30), ("dog", 45, 0, 60, 10)],
    }
    return write_voc(tmp_path / "set", boxes, {"train": ["a", "b"], "val": ["c"]})


def test_voc_is_divided_by_its_lists_with_the_same_classes(voc: Path) -> None:
    parts = parts_of(voc)
    assert list(parts) == ["train", "validation"]
    assert list(parts["train"].names) == ["JPEGImages/a.png", "JPEGImages/b.png"]
    assert parts["train"].class_names == parts["validation"].class_names == ("cat", "dog")
    assert boxes_of(parts["train"], 0) == [("dog", [0.25, 0.25, 0.5, 0.75]), ("cat", [0, 0, 1, 1])]


def test_voc_boxes_that_cannot_be_are_named_and_left_out(voc: Path) -> None:
    parts = parts_of(voc)
    assert boxes_of(parts["train"], 1) == [("cat", [0.1, 0.2, 0.2, 0.4])]
    assert told(parts["train"]) == [("box", "warning", "Annotations/b.xml", "object 1")]
    assert "x2 ≤ x1" in parts["train"].problems[0].message
    assert boxes_of(parts["validation"], 0) == [("cat", [0.75, 0.5, 1, 1])]
    assert told(parts["validation"]) == [
        ("box", "warning", "Annotations/c.xml", "object 1"),
        ("box", "warning", "Annotations/c.xml", "object 2"),
    ]


def test_voc_without_lists_is_one_part(voc: Path) -> None:
    assert list(parts_of(voc, {"lists_dir": ""})["train"].names) == [f"JPEGImages/{name}.png" for name in "abc"]


def test_voc_files_that_are_missing_or_broken_are_named(voc: Path) -> None:
    (voc / "ImageSets" / "Main" / "train.txt").write_text("a\nb\nnowhere\nc\n", encoding="utf-8")
    (voc / "Annotations" / "b.xml").write_text("<annotation>", encoding="utf-8")
    (voc / "Annotations" / "c.xml").unlink()
    index = parts_of(voc)["train"]
    assert sorted(index.unusable) == [1, 2, 3]
    assert told(index) == [
        ("missing_annotation", "error", "Annotations/b.xml", ""),
        ("missing_picture", "error", "ImageSets/Main/train.txt", "line 3"),
        ("missing_annotation", "error", "Annotations/c.xml", ""),
    ]


def test_voc_annotations_that_speak_of_another_picture_are_named(voc: Path) -> None:
    text = voc_xml([("cat", 0, 0, 40, 40)], size=(80, 40), filename="other.png")
    (voc / "Annotations" / "a.xml").write_text(text, encoding="utf-8")
    index = parts_of(voc)["train"]
    assert boxes_of(index, 0) == [("cat", [0, 0, 0.5, 1])]
    assert told(index)[:2] == [
        ("missing_picture", "warning", "Annotations/a.xml", "filename"),
        ("size_mismatch", "warning", "Annotations/a.xml", "size"),
    ]


def test_boxes_of_other_classes_than_those_given_are_left_out(voc: Path) -> None:
    index = parts_of(voc, {"class_names": ["dog"]})["train"]
    assert boxes_of(index, 0) == [("dog", [0.25, 0.25, 0.5, 0.75])]
    assert boxes_of(index, 1) == []
    assert [problem.file for problem in index.problems if "not among" in problem.message] == [
        "JPEGImages/a.png",
        "JPEGImages/b.png",
    ]


def test_the_real_voc_data_is_understood(shared_data: Path) -> None:
    parts = parts_of(shared_data / "bccd")
    assert {part: index.num_samples for part, index in parts.items()} == {"train": 205, "validation": 87, "test": 72}
    assert parts["train"].class_names == ("Platelets", "RBC", "WBC")
    found = {(problem.file, problem.place) for index in parts.values() for problem in index.problems}
    assert found == {
        ("Annotations/BloodImage_00338.xml", "object 13"),
        ("Annotations/BloodImage_00343.xml", "object 4"),
    }


@pytest.fixture
def coco(make_picture: MakePicture, tmp_path: Path) -> Path:
    images = [{"id": number, "file_name": f"{number}.png", "width": 40, "height": 20} for number in (1, 2, 3)]
    for number in (1, 2):
        make_picture(f"set/train2017/{number}.png", (40, 20))
    make_picture("set/val2017/9.png", (40, 20))
    annotations = [
        {"id": 11, "image_id": 1, "category_id": 7, "bbox": [10, 5, 10, 10]},
        {"id": 12, "image_id": 99, "category_id": 7, "bbox": [10, 5, 10, 10]},
        {"id": 13, "image_id": 1, "category_id": 3, "bbox": [0, 0, 40, 20], "iscrowd": 1},
        {"id": 14, "image_id": 1, "category_id": 3, "bbox": [5, 5, 0, 4]},
        {"id": 15, "image_id": 1, "category_id": 5, "bbox": [5, 5, 4, 4]},
    ]
    folder = tmp_path / "set"
    write_coco(folder / "annotations" / "instances_train2017.json", images, annotations)
    last = {"id": 9, "file_name": "9.png", "width": 40, "height": 20}
    write_coco(folder / "annotations" / "instances_val2017.json", [last], [])
    return folder


def test_coco_has_a_part_per_file(coco: Path) -> None:
    parts = parts_of(coco)
    assert list(parts) == ["train", "validation"]
    assert parts["train"].class_names == ("cat", "dog")
    assert list(parts["train"].names) == ["train2017/1.png", "train2017/2.png", "3.png"]
    assert list(parts["validation"].names) == ["val2017/9.png"]
    assert boxes_of(parts["train"], 0) == [("dog", [0.25, 0.25, 0.5, 0.75])]


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (("trainval2017", "test2017"), {"train": "trainval2017", "test": "test2017"}),
        (("train", "trainval", "val"), {"train": "train", "validation": "val"}),
        (("instances_train_val", "test-dev"), {"train": "instances_train_val", "test": "test-dev"}),
        (("latest", "test"), {"train": "latest"}),
        (("latest", "train.v2"), {"train": "train.v2"}),
        (("myTrain", "myVal"), {"train": "myTrain", "validation": "myVal"}),
    ],
)
def test_a_coco_file_is_of_one_part_by_the_words_of_its_name(
    tmp_path: Path, names: tuple[str, ...], parts: dict[str, str]
) -> None:
    for name in names:
        write_coco(tmp_path / f"{name}.json", [], [])
    found = coco_folder(tmp_path, PictureOptions()).files
    assert {part: file.stem for part, file in found.items()} == parts


def test_what_coco_cannot_mean_is_named(coco: Path) -> None:
    index = parts_of(coco)["train"]
    file = "annotations/instances_train2017.json"
    assert index.unusable == {2: "there is no such picture"}
    assert told(index) == [
        ("missing_picture", "warning", file, "annotation 12"),
        ("box", "warning", file, "annotation 13"),
        ("box", "warning", file, "annotation 14"),
        ("box", "warning", file, "annotation 15"),
        ("missing_annotation", "warning", file, "image 2"),
        ("missing_picture", "error", file, "image 3"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "is no JSON"), ('{"images": []}', "no list annotations"), ('{"images": [{"id": 1}]}', "lacks id or file_")],
)
def test_a_json_file_of_another_kind_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "boxes.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        parts_of(tmp_path, {"layout": "coco", "annotations": "boxes.json"})


@pytest.fixture
def yolo(make_picture: MakePicture, tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    for part, name in (("train", "a"), ("train", "b"), ("val", "c")):
        make_picture(f"set/images/{part}/{name}.png", (40, 20))
        (folder / "labels" / part).mkdir(parents=True, exist_ok=True)
    (folder / "labels/train/a.txt").write_text("1 0.375 0.5 0.25 0.5\n", encoding="utf-8")
    (folder / "labels/val/c.txt").write_text("0 0.1 0.1 0.3 0.1 0.3 0.4\n", encoding="utf-8")
    text = "path: .\ntrain: images/train\nval: images/val\nnames: {0: cat, 1: dog}\n"
    (folder / "data.yaml").write_text(text, encoding="utf-8")
    return folder


def test_yolo_is_divided_as_its_description_says(yolo: Path) -> None:
    parts = parts_of(yolo)
    assert list(parts) == ["train", "validation"]
    assert parts["train"].class_names == ("cat", "dog")
    assert boxes_of(parts["train"], 0) == [("dog", [0.25, 0.25, 0.5, 0.75])]
    assert boxes_of(parts["validation"], 0) == [("cat", [0.1, 0.1, 0.3, 0.4])]
    assert told(parts["train"]) == [("missing_annotation", "warning", "images/train/b.png", "")]


def test_yolo_is_divided_by_folders_without_a_description(yolo: Path) -> None:
    (yolo / "data.yaml").unlink()
    (yolo / "classes.txt").write_text("cat\ndog\n", encoding="utf-8")
    parts = parts_of(yolo)
    assert list(parts) == ["train", "validation"]
    assert parts["train"].class_names == ("cat", "dog")


def test_yolo_lists_name_pictures(yolo: Path) -> None:
    (yolo / "data.yaml").write_text("train: train.txt\nnames: [cat, dog]\n", encoding="utf-8")
    (yolo / "train.txt").write_text("images/train/a.png\n\nimages/train/nowhere.png\n", encoding="utf-8")
    index = parts_of(yolo)["train"]
    assert list(index.names) == ["images/train/a.png", "images/train/nowhere.png"]
    assert index.unusable == {1: "there is no such picture"}
    assert told(index) == [("missing_picture", "error", "train.txt", "line 3")]
    assert len(boxes_of(index, 0)) == 1


def test_yolo_lines_that_cannot_be_are_named(yolo: Path) -> None:
    lines = ("0 0.5 0.5 0.2", "dog 0.5 0.5 0.2 0.2", "5 0.5 0.5 0.2 0.2", "0 20 10 5 5", "0 0.5 0.5 0 0.1", "")
    (yolo / "labels/train/b.txt").write_text("\n".join(lines), encoding="utf-8")
    index = parts_of(yolo)["train"]
    assert boxes_of(index, 1) == []
    file = "labels/train/b.txt"
    assert told(index) == [
        ("row", "warning", file, "line 1"),
        ("row", "warning", file, "line 2"),
        ("box", "warning", file, "line 3"),
        ("box", "warning", file, "line 4"),
        ("box", "warning", file, "line 5"),
    ]


def test_a_folder_without_boxes_says_what_was_expected(cats_and_dogs: Path) -> None:
    with pytest.raises(DataError, match=r"no boxes in a known layout\. Expected Pascal VOC"):
        parts_of(cats_and_dogs)


def test_a_place_of_its_own_comes_before_a_list(voc: Path, make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("other/JPEGImages/z.png", (40, 20))
    other = write_voc(tmp_path / "other", {"z": [("dog", 1, 1, 9, 9)]}, {})
    parts = parts_of(voc, val_dir=str(other))
    assert list(parts["validation"].names) == ["JPEGImages/z.png"]
    assert boxes_of(parts["validation"], 0)[0][0] == "dog"


def test_only_training_pictures_need_a_group(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in ("train/a/p1", "train/b/p2", "val/a/x", "val/b/y"):
        make_picture(f"{name}.png")
    data = {"train_dir": "train", "val_dir": "val", "split": {"method": "group", "group_by": r"(p\d)"}}
    parts = index_picture_parts(Config.model_validate({"data": data}), tmp_path)
    assert parts["train"].groups is not None
    assert parts["train"].groups.tolist() == [0, 1]
    assert parts["validation"].groups is None


def test_a_group_that_is_no_column_of_a_label_table_is_refused(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in ("p1", "p2"):
        make_picture(f"{name}.png")
    (tmp_path / "labels.csv").write_text("image,label,patient\np1.png,x,1\np2.png,y,2\n", encoding="utf-8")
    loader = {"name": "ImageDataLoader", "arguments": {"labels_file": "labels.csv"}}
    data: dict[str, Any] = {"train_dir": ".", "loader": loader, "split": {"method": "group", "group_by": "p"}}
    message = r"data\.split\.group_by: .* has no column p\. It has image, label, patient\. Give one of them"
    with pytest.raises(ConfigError, match=message):
        index_picture_parts(Config.model_validate({"data": data}), tmp_path)
    data["split"]["group_by"] = r"(p\d)"
    groups = index_picture_parts(Config.model_validate({"data": data}), tmp_path)["train"].groups
    assert groups is not None
    assert groups.tolist() == [0, 1]
