from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.box_data import write_coco, write_voc
from trainer.catalog.check import check_config
from trainer.config.config import Config
from trainer.data.inspect import Proposal, propose_config
from trainer.data.open_data import open_data
from trainer.errors import DataError

MakePicture = Callable[..., Path]


def checked(proposal: Proposal) -> Config:
    """The configuration, after a look that nothing in it is refused and that its data opens."""
    config = Config.model_validate(proposal.values)
    assert [problem for problem in check_config(config, Path()) if problem.severity == "error"] == []
    assert open_data(config, Path())["train"].num_samples
    return config


def test_pictures_with_masks_are_recognised(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in "ab":
        make_picture(f"set/images/{name}.png", (70, 64), "L")
        (tmp_path / "set" / "masks").mkdir(exist_ok=True)
        values = np.repeat(np.array([60, 200], np.uint8), 35)[None, :].repeat(64, axis=0)
        Image.fromarray(values).save(tmp_path / "set" / "masks" / f"{name}.png")
    proposal = propose_config(tmp_path / "set")
    config = checked(proposal)
    assert config.project.task == "image_segmentation"
    assert config.model.architecture.name == "UNet"
    assert config.data.loader.arguments == {
        "layout": "masks",
        "images_dir": "images",
        "masks_dir": "masks",
        "mask_values": "levels",
        "class_names": ["60", "200"],
        "class_values": ["60", "200"],
    }
    assert config.data.image_size == (64, 64)
    assert config.data.color_mode == "grayscale"
    assert proposal.sentences[0] == "2 pictures with masks of 2 classes (60, 200), all 70 × 64 pixels."


def test_pictures_with_boxes_are_recognised(make_picture: MakePicture, tmp_path: Path) -> None:
    for name in "ab":
        make_picture(f"set/JPEGImages/{name}.png", (40, 20))
    boxes = {"a": [("dog", 10.0, 5.0, 20.0, 15.0)], "b": [("cat", 9.0, 5.0, 9.0, 15.0)]}
    write_voc(tmp_path / "set", boxes, {"train": ["a"], "val": ["b"]})
    proposal = propose_config(tmp_path / "set")
    config = checked(proposal)
    assert config.project.task == "object_detection"
    assert config.model.architecture.name == "LightDetector"
    assert config.data.image_size == (256, 256)
    text = " ".join(proposal.sentences)
    assert "1 picture with 1 box of 1 class (dog) in the layout of Pascal VOC" in text
    assert "For validation: 1 picture; the network validates on them." in text
    assert "Annotations/b.xml, object 1: the box of cat (9, 5, 9, 15) has x2 ≤ x1 and is left out." in text


def test_parts_with_a_json_file_each_are_recognised(make_picture: MakePicture, tmp_path: Path) -> None:
    for part in ("train", "valid"):
        make_picture(f"set/{part}/a.png", (40, 20))
        box = {"id": 1, "image_id": 1, "category_id": 3, "bbox": [1, 1, 5, 5]}
        write_coco(tmp_path / "set" / part / "_annotations.coco.json", [{"id": 1, "file_name": "a.png"}], [box])
    config = checked(propose_config(tmp_path / "set"))
    assert config.data.train_dir == str(tmp_path / "set" / "train")
    assert config.data.val_dir == str(tmp_path / "set" / "valid")
    assert config.data.loader.arguments == {"layout": "coco"}


@pytest.mark.parametrize(
    ("rows", "separator"), [(("sun|sea", "sea", "sun"), "|"), (("sun", "sea", "sun"), None)], ids=["several", "one"]
)
@pytest.mark.parametrize("chosen", ["folder", "file"])
def test_a_table_of_labels_is_recognised(
    make_picture: MakePicture, tmp_path: Path, rows: tuple[str, ...], separator: str | None, chosen: str
) -> None:
    for name in "abc":
        make_picture(f"set/images/{name}.png", (40, 20))
    text = "file,tags\n" + "".join(f"{name}.png,{row}\n" for name, row in zip("abc", rows, strict=True))
    (tmp_path / "set" / "labels.csv").write_text(text, encoding="utf-8")
    config = checked(propose_config(tmp_path / "set" / ("labels.csv" if chosen == "file" else "")))
    assert config.project.task == "image_classification"
    assert config.data.loader.arguments.get("label_separator") == separator


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    with pytest.raises(DataError, match="is no table and no file of arrays"):
        propose_config(tmp_path / "notes.pdf")


def test_a_table_is_handed_over(shared_data: Path) -> None:
    assert propose_config(shared_data / "tables" / "penguins.csv").values["project"]["task"] == "tabular_classification"


@pytest.mark.parametrize(("name", "task"), [("membrane", "image_segmentation"), ("bccd", "object_detection")])
def test_the_real_data_sets_are_understood(shared_data: Path, name: str, task: str) -> None:
    proposal = propose_config(shared_data / name)
    config = checked(proposal)
    assert config.project.name == name
    assert config.project.task == task
    assert config.data.image_size == (256, 256)
