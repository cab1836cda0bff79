"""Layouts as other programs and people write them, under names that are not the usual ones."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.data.box_data import write_coco, write_voc
from trainer.config.config import Config
from trainer.data.checks import data_check
from trainer.data.inspect import Proposal, propose_config
from trainer.data.open_data import open_data
from trainer.data.pictures import labels_place
from trainer.data.pictures.class_colors import listed_colors
from trainer.data.pictures.labels_place import find_labels_file
from trainer.data.pictures.mask_pairs import divide_by_name, find_mask_pair
from trainer.data.pictures.picture_finder import PictureFinder
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

MakePicture = Callable[..., Path]
ROWS = (("a", "dog"), ("b", "cat"), ("c", "dog"), ("d", "cat"))


def opened(proposal: Proposal) -> dict[str, SampleIndex]:
    return open_data(Config.model_validate(proposal.values), Path())


def write_labels(file: Path, pattern: str = "{}.png", rows: tuple[tuple[str, str], ...] = ROWS) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{pattern.format(name)},{label}\n" for name, label in rows)
    file.write_text(f"file,label\n{text}", encoding="utf-8")


@pytest.mark.parametrize("chosen", ["folder", "file"])
@pytest.mark.parametrize(
    ("folder", "file", "pattern"),
    [
        ("scans", "labels.csv", "{}.png"),
        ("Fotos 2024", "labels.csv", "Fotos 2024/{}.png"),
        ("data/raw/pics", "labels.csv", "pics/{}.png"),
        ("", "labels.csv", "{}"),
        ("scans", "meta/labels.csv", "../scans/{}.png"),
        ("scans", "meta/labels.csv", "/elsewhere/scans/{}.png"),
    ],
    ids=["odd name", "with folder", "some folders", "beside", "relative to the table", "of another machine"],
)
def test_a_table_of_labels_finds_its_pictures(
    make_picture: MakePicture, tmp_path: Path, folder: str, file: str, pattern: str, chosen: str
) -> None:
    for name, _ in ROWS:
        make_picture(f"set/{folder}/{name}.png")
    write_labels(tmp_path / "set" / file, pattern)
    # A table alone says nothing of where the pictures of another machine are.
    is_file = chosen == "file" and not pattern.startswith("/")
    proposal = propose_config(tmp_path / "set" / (file if is_file else ""))
    assert proposal.sentences[0].startswith("4 pictures with one of 2 classes (cat, dog) from a table")
    index = opened(proposal)["train"]
    assert index.labels is not None
    assert (index.labels.tolist(), index.unusable, index.problems) == ([1, 0, 1, 0], {}, ())


def test_tables_of_parts_share_a_folder_of_pictures(make_picture: MakePicture, tmp_path: Path) -> None:
    for name, _ in ROWS:
        make_picture(f"set/scans/{name}.png")
    for name in ("x", "y"):
        make_picture(f"set/more/{name}.png")
    write_labels(tmp_path / "set" / "train.csv", rows=ROWS[:2])
    write_labels(tmp_path / "set" / "val.csv", rows=ROWS[2:])
    parts = opened(propose_config(tmp_path / "set"))
    assert {name: part.num_samples for name, part in parts.items()} == {"train": 2, "validation": 2}
    (problem,) = parts["train"].problems
    assert (problem.file, problem.severity) == ("more", "warning")
    assert "holds 2 pictures that are not named in train.csv or val.csv" in problem.message


@pytest.mark.parametrize("folder", ["", "images", "train_images"])
@pytest.mark.parametrize("column", ["id_code", "image_name", "photo", "Image Index"])
def test_bare_names_are_found_in_a_column_of_any_name(
    make_picture: MakePicture, tmp_path: Path, folder: str, column: str
) -> None:
    for name, _ in ROWS:
        make_picture(f"set/{folder}/scan_{name}.png")
    rows = "".join(f"scan_{name},{label}\n" for name, label in ROWS)
    (tmp_path / "set" / "train.csv").write_text(f"{column},diagnosis\n{rows}")
    assert "one of 2 classes (cat, dog) from a table" in propose_config(tmp_path / "set").sentences[0]


def test_numbers_mean_pictures_only_where_these_lie_beside_them(make_picture: MakePicture, tmp_path: Path) -> None:
    for number in range(4):
        make_picture(f"set/plots/{number}.png")
        make_picture(f"own/{number}.png")
    for name in ("set", "own"):
        (tmp_path / name / "cells.csv").write_text("size,kind\n0,a\n1,b\n2,a\n3,b\n")
    assert find_labels_file(tmp_path / "set") is None
    assert find_labels_file(tmp_path / "own") == tmp_path / "own" / "cells.csv"


PETS = ("cats/a", "cats/b", "dogs/c", "dogs/d")


@pytest.mark.parametrize("around", ["", "train/"])
@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("file,width,height", ("8,6", "8,6", "8,6", "8,6"), "in 2 classes"),
        ("file,split", ("train", "val", "train", "val"), "in 2 classes"),
        ("file,age", ("1", "2", "3", "1"), "in 2 classes"),
        ("file,uid", ("u1", "u2", "u3", "u4"), "in 2 classes"),
        ("file,pet", ("cats", "cats", "dogs", "dogs"), "from a table"),
        ("file,breed", ("siam", "manx", "pug", "pug"), "one of 3 classes (manx, pug, siam) from a table"),
    ],
    ids=["sizes", "parts", "numbers", "names", "the folders", "other classes"],
)
def test_class_folders_stay_class_folders_beside_a_table_that_has_no_classes(
    make_picture: MakePicture, tmp_path: Path, header: str, values: tuple[str, ...], expected: str, around: str
) -> None:
    rows = [
        f"{make_picture(f'pets/{around}{pet}.png').name},{value}\n" for pet, value in zip(PETS, values, strict=True)
    ]
    (tmp_path / "pets" / "about.csv").write_text(f"{header}\n{''.join(rows)}")
    assert expected in propose_config(tmp_path / "pets").sentences[0]


def test_pictures_are_listed_once_for_all_tables(
    make_picture: MakePicture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_picture("set/scans/a.png")
    (tmp_path / "set" / "many").mkdir()
    for number in range(11):
        write_labels(tmp_path / "set" / "many" / f"labels{number}.csv")
    for name in ("x", "y", "z"):
        (tmp_path / "set" / f"{name}.csv").write_text("file,label\nnowhere.png,cat\nnor here.png,dog\n")
    listed: list[Path] = []

    def list_pictures(folder: Path) -> PictureFinder:
        listed.append(folder)
        return PictureFinder(folder)

    monkeypatch.setattr(labels_place, "PictureFinder", list_pictures)
    assert find_labels_file(tmp_path / "set") is None
    assert listed == [tmp_path / "set"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.yaml", "a: 2024-13-45\n"),
        ("notes.yaml", "[" * 1000),
        ("notes.csv", f"file,label\n{'x' * 140_000}.png,1\n"),
    ],
    ids=["a date that there is not", "too deep", "a long field"],
)
def test_files_of_others_beside_the_data_are_passed_over(
    make_picture: MakePicture, tmp_path: Path, name: str, text: str
) -> None:
    for pet in PETS:
        make_picture(f"pets/{pet}.png")
    (tmp_path / "pets" / name).write_text(text)
    assert "in 2 classes" in propose_config(tmp_path / "pets").sentences[0]


def test_a_folder_that_cannot_be_read_is_passed_over(
    make_picture: MakePicture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pet in PETS:
        make_picture(f"pets/{pet}.png")
        make_picture(f"set/{pet}.png")
    write_labels(tmp_path / "set" / "labels.csv")
    for name in ("pets", "set"):
        (tmp_path / name / "lost+found").mkdir()
    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, _refusing(getattr(os, name)))
    assert "in 2 classes" in propose_config(tmp_path / "pets").sentences[0]
    assert "from a table" in propose_config(tmp_path / "set").sentences[0]


def _refusing(read: Callable[..., Any]) -> Callable[..., Any]:
    def read_or_refuse(folder: Any = ".") -> Any:
        if "lost+found" in str(folder):
            raise PermissionError(13, "Permission denied", str(folder))
        return read(folder)

    return read_or_refuse


def test_a_table_of_pictures_that_are_not_there_is_no_table_of_text(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.csv", rows=tuple((f"p{number}", "ab"[number % 2]) for number in range(30)))
    with pytest.raises(DataError, match=r"labels\.csv names pictures, such as p0\.png, which are not in"):
        propose_config(tmp_path / "labels.csv")


def test_a_table_of_boxes_is_no_table_of_classes(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("set/a.png")
    text = "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,8,6,cat,1,1,5,5\na.png,8,6,dog,1,1,3,3\n"
    (tmp_path / "set" / "_annotations.csv").write_text(text)
    with pytest.raises(DataError, match=r"has boxes, with a row for each\. Boxes are read from Pascal VOC"):
        propose_config(tmp_path / "set")


def test_what_is_missing_is_told_once_and_as_what_it_is(make_picture: MakePicture, tmp_path: Path) -> None:
    for name, _ in ROWS:
        make_picture(f"set/scans/{name}.png")
    write_labels(tmp_path / "set" / "labels.csv", rows=(*ROWS, ("nowhere", "cat"), ("a", "dog")))
    config = Config.model_validate(propose_config(tmp_path / "set").values)
    errors = [item.kind for item in data_check(config, Path()).problems if item.severity == "error"]
    assert errors == ["missing_picture", "duplicate"]
    box = {"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 5, 5]}
    images = [{"id": number, "file_name": f"{name}.png"} for number, name in enumerate(("a", "gone"), 1)]
    write_coco(tmp_path / "set" / "scans" / "boxes.json", images, [box])
    config = Config.model_validate(propose_config(tmp_path / "set" / "scans").values)
    found = data_check(config, Path()).problems
    assert [item.kind for item in found if "gone" in item.message] == ["missing_picture"]


def write_mask(path: Path, *values: int | tuple[int, int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [np.full((2, 8, *np.shape(value)), value, np.uint8) for value in values]
    Image.fromarray(np.concatenate(rows)).save(path)


@pytest.mark.parametrize(
    ("picture", "mask", "parts"),
    [
        ("{}.png", "{}_mask.png", {"train": 2}),
        ("raw/{}.png", "ground_truth/{}_gt.png", {"train": 2}),
        ("train_images/{}.png", "train_masks/{}.png", {"train": 2, "validation": 2}),
    ],
    ids=["beside", "odd names", "a folder per part"],
)
def test_masks_are_found_by_the_names_of_their_files(
    make_picture: MakePicture, tmp_path: Path, picture: str, mask: str, parts: dict[str, int]
) -> None:
    for name in "ab":
        for part in ("train", "val")[: len(parts)]:
            make_picture(f"set/{picture.format(name).replace('train', part)}", (8, 4))
            write_mask(tmp_path / "set" / mask.format(name).replace("train", part), 0, 255)
    proposal = propose_config(tmp_path / "set")
    assert proposal.values["project"]["task"] == "image_segmentation"
    found = opened(proposal)
    assert {name: part.num_samples for name, part in found.items()} == parts
    assert found["train"].mask_names is not None
    assert list(found["train"].mask_names) == [mask.format(name) for name in "ab"]
    assert found["train"].problems == ()


def test_a_value_of_one_mask_among_black_and_white_ones_is_told(make_picture: MakePicture, tmp_path: Path) -> None:
    for number in range(12):
        make_picture(f"set/images/{number:02}.png", (8, 4) if number else (8, 6))
        write_mask(tmp_path / "set" / "masks" / f"{number:02}.png", *((0, 255) if number else (0, 77, 255)))
    proposal = propose_config(tmp_path / "set")
    told = next(sentence for sentence in proposal.sentences if "77" in sentence and "class_values" in sentence)
    assert told.startswith("masks/00.png: 77 is in only 1 of 12 masks")
    assert opened(proposal)["train"].problems == (), "what the configuration lists is meant"


def test_pictures_of_a_kind_that_is_not_read_are_named(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in ("pets/cats/a.png", "pets/dogs/a.png", "set/images/a.png", "yolo/images/a.png"):
        make_picture(name, (8, 4))
    write_mask(tmp_path / "set" / "masks" / "a.png", 0, 255)
    (tmp_path / "yolo" / "labels").mkdir()
    (tmp_path / "yolo" / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    for place in ("pets/cats", "set/images", "yolo/images"):
        (tmp_path / place / "b.tif").write_bytes(b"II*")
        (tmp_path / place / "notes.md").write_text("Nothing.")
    for folder, name in (("pets", "cats/b.tif"), ("set", "images/b.tif"), ("yolo", "images/b.tif")):
        (problem,) = opened(propose_config(tmp_path / folder))["train"].problems
        assert (problem.file, problem.severity) == (name, "warning")
        assert "save it as PNG or JPEG" in problem.message
    make_picture("empty/cats/a.png")
    (tmp_path / "empty" / "dogs").mkdir()
    (tmp_path / "empty" / "dogs" / "b.tif").write_bytes(b"II*")
    with pytest.raises(DataError, match=r"There are \.tif files, which are not read"):
        propose_config(tmp_path / "empty")


def test_class_folders_with_the_same_file_names_are_no_masks(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in ("masked/a.png", "masked/b.png", "plain/a.png", "plain/b.png"):
        make_picture(f"faces/{name}", (40, 40))
    assert "in 2 classes" in propose_config(tmp_path / "faces").sentences[0]


@pytest.mark.parametrize("folders", [("face", "mask"), ("images", "masked"), ("clean", "labelled")])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_photographs_are_no_masks(tmp_path: Path, folders: tuple[str, str], mode: str) -> None:
    values = np.random.default_rng(5).integers(0, 256, (32, 32, 3), np.uint8)
    for folder in folders:
        (tmp_path / "set" / folder).mkdir(parents=True)
        for name in "ab":
            Image.fromarray(values).convert(mode).save(tmp_path / "set" / folder / f"{name}.jpg")
    assert "in 2 classes" in propose_config(tmp_path / "set").sentences[0]


def test_masks_that_were_saved_as_jpeg_are_recognised(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in "ab":
        make_picture(f"set/raw/{name}.png", (64, 48))
        mask = Image.new("L", (64, 48))
        mask.paste(255, (13, 9, 45, 30))
        (tmp_path / "set" / "truth").mkdir(exist_ok=True)
        mask.save(tmp_path / "set" / "truth" / f"{name}.jpg")
    assert find_mask_pair(tmp_path / "set") == (tmp_path / "set" / "raw", tmp_path / "set" / "truth")


def test_many_pictures_and_masks_in_one_folder_are_divided_at_once() -> None:
    pictures, masks = [f"{number}.png" for number in range(10_000)], [f"{number}_mask.png" for number in range(10_000)]
    start = time.process_time()
    assert divide_by_name([*pictures, *masks]) == (pictures, masks)
    assert time.process_time() - start < 2.0


def test_colours_of_masks_get_the_names_that_are_listed_beside_them(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in "ab":
        make_picture(f"set/images/{name}.png", (8, 4))
        write_mask(tmp_path / "set" / "masks" / f"{name}.png", (128, 64, 0), (0, 192, 255))
    (tmp_path / "set" / "class_dict.csv").write_text("name,r,g,b\nroad,0,192,255\ncar,128,64,0\nsky,1,2,3\n")
    arguments = propose_config(tmp_path / "set").values["data"]["loader"]["arguments"]
    assert arguments["class_names"] == ["road", "car", "sky"]
    assert arguments["class_values"] == ["#00c0ff", "#804000", "#010203"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("class_dict.csv", "name, r, g, b\nroad, 1, 2, 3\ncar, 4, 5, 6\n"),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nroad:1,2,3::\ncar:4,5,6::\n"),
        ("label_colors.txt", "1 2 3\troad\n4 5 6\tcar\n"),
        ("colormap.json", json.dumps({"road": [1, 2, 3], "car": "#040506"})),
        ("classes.json", json.dumps([{"name": "road", "color": [1, 2, 3]}, {"name": "car", "color": [4, 5, 6]}])),
    ],
)
def test_lists_of_colours_are_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert listed_colors(tmp_path) == {"road": 0x010203, "car": 0x040506}


def test_a_list_of_names_is_no_list_of_colours(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("road\ncar\n")
    (tmp_path / "classes.json").write_text("[1, 2]")
    assert listed_colors(tmp_path) == {}


def test_a_table_among_other_things_is_pointed_at(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("set/plots/size.png")
    (tmp_path / "set" / "cells.csv").write_text("size,kind\n1,a\n2,b\n")
    with pytest.raises(DataError, match=r"If cells\.csv is the data, choose that file"):
        propose_config(tmp_path / "set")


def test_an_empty_class_folder_is_told_and_is_no_class(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        make_picture(f"set/{name}/a.png")
    (tmp_path / "set" / "birds").mkdir()
    (tmp_path / "set" / "notes.txt").write_text("made,by\nme,you\n")
    proposal = propose_config(tmp_path / "set")
    assert any("the folder birds holds no picture" in sentence for sentence in proposal.sentences)
    assert opened(proposal)["train"].class_names == ("cats", "dogs")
    shutil.rmtree(tmp_path / "set" / "cats")
    with pytest.raises(DataError, match=r"class folder birds .* holds no picture\.") as refused:
        propose_config(tmp_path / "set")
    assert "notes.txt" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "message"), [("a.png", "is a single picture. Choose the folder"), ("a.zip", "is packed. Unpack it")]
)
def test_a_file_that_holds_no_samples_says_what_to_choose(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DataError, match=message.replace(".", r"\.")):
        propose_config(tmp_path / name)


def test_a_folder_around_the_data_is_looked_into(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in ("cats/a.png", "dogs/a.png"):
        make_picture(f"download/pets-main/{name}")
    (tmp_path / "download" / "README.txt").write_text("Pets.")
    proposal = propose_config(tmp_path / "download")
    assert proposal.sentences[0] == "The data is in pets-main/, the only folder in download/."
    assert proposal.values["project"]["name"] == "download"
    assert opened(proposal)["train"].class_names == ("cats", "dogs")


@pytest.fixture
def parts(make_picture: MakePicture, tmp_path: Path) -> Path:
    """YOLO as Roboflow writes it, with a validation part that is described and not there."""
    make_picture("set/train/images/a.png", (40, 20))
    (tmp_path / "set" / "train" / "labels").mkdir()
    (tmp_path / "set" / "train" / "labels" / "a.txt").write_text("1 0.5 0.5 0.2 0.2\n")
    return tmp_path / "set"


def test_a_folder_around_parts_does_not_mix_them(parts: Path) -> None:
    (parts / "data.yaml").write_text("train: train/images\nnames: [cat, dog]\n")
    around = parts.rename(parts.parent / "inner").parent
    index = opened(propose_config(around))["train"]
    assert (index.place.name, index.class_names) == ("inner", ("cat", "dog"))


def test_a_description_that_cannot_be_read_is_told(parts: Path) -> None:
    (parts / "data.yaml").write_text("train: train/images\nnames: [cat\n")
    with pytest.raises(DataError, match=r"data\.yaml cannot be read"):
        propose_config(parts)


def test_a_part_that_is_described_and_missing_is_told(parts: Path) -> None:
    (parts / "data.yaml").write_text("train: ../train/images\nval: ../valid/images\nnames: [cat, dog]\n")
    (problem,) = opened(propose_config(parts))["train"].problems
    assert (problem.file, problem.place, problem.severity) == ("data.yaml", "val", "warning")
    assert "names ../valid/images, and there is no such folder or list" in problem.message
    (parts / "data.yaml").write_text("train: ../training/images\nnames: [cat, dog]\n")
    with pytest.raises(DataError, match=r"data\.yaml: train names \.\./training/images, and there is no such"):
        propose_config(parts)


def test_a_description_of_another_machine_leaves_the_usual_folders(parts: Path) -> None:
    for part in ("train", "val"):
        (parts / "images").mkdir(exist_ok=True)
        (parts / "labels").mkdir(exist_ok=True)
        shutil.copytree(parts / "train" / "images", parts / "images" / part)
        shutil.copytree(parts / "train" / "labels", parts / "labels" / part)
    (parts / "data.yaml").write_text("train: /home/me/trainset\nval: /home/me/valset\nnames: [cat, dog]\n")
    found = opened(propose_config(parts))
    assert {name: list(part.names) for name, part in found.items()} == {
        "train": ["images/train/a.png"],
        "validation": ["images/val/a.png"],
    }
    problems = [(problem.severity, problem.place, problem.message) for problem in found["train"].problems]
    text = "names /home/me/{}, and there is no such folder or list; it is passed over"
    assert problems == [("warning", key, text.format(f"{key}set")) for key in ("train", "val")]


def test_descriptions_and_names_are_found_under_other_names(parts: Path) -> None:
    (parts / "pets.yaml").write_text("path: ../datasets/set\ntrain: train/images\nnames: {0: cat, 1: dog}\n")
    assert opened(propose_config(parts))["train"].class_names == ("cat", "dog")
    (parts / "pets.yaml").unlink()
    (parts / "obj.names").write_text("cow\nhen\n")
    assert opened(propose_config(parts))["train"].class_names == ("cow", "hen")
    (parts / "notes.json").write_text('{"categories": [{"id": 0, "name": "cow"}]}')
    assert propose_config(parts).values["data"]["loader"]["arguments"]["layout"] == "yolo"


def test_a_class_that_only_stands_above_others_is_none(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("set/images/a.png", (40, 20))
    path, box = tmp_path / "set" / "result.json", {"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 5, 5]}
    write_coco(path, [{"id": 1, "file_name": "/label-studio/upload/1/a.png"}], [box])
    content = json.loads(path.read_text())
    content["categories"] = [{"id": 0, "name": "pets"}, {"id": 3, "name": "cat", "supercategory": "pets"}]
    path.write_text(json.dumps(content))
    index = opened(propose_config(tmp_path / "set"))["train"]
    assert (index.class_names, index.problems) == (("cat",), ())


def test_annotations_of_voc_are_found_in_a_folder_of_any_name(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("set/bilder/a.png", (40, 20))
    write_voc(tmp_path / "set", {"a": [("dog", 1, 1, 9, 9)]}, {})
    (tmp_path / "set" / "Annotations").rename(tmp_path / "set" / "xml files")
    index = opened(propose_config(tmp_path / "set"))["train"]
    assert (list(index.names), index.problems) == (["bilder/a.png"], ())
