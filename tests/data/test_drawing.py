"""Labels drawn on pictures, and sheets of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.data.sample_indexes import boxes_of, picture_index, write_picture
from trainer.data.contact_sheet import LabelledPicture, SheetRow, contact_sheet
from trainer.data.drawing import class_color, fitted, label_text, labelled_picture, with_boxes, with_mask
from trainer.data.sample_index import SampleIndex

GREY = np.full((20, 30, 3), 100, np.uint8)


def test_a_mask_colours_its_classes_and_leaves_background_and_uncounted_pixels_as_they_are() -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[:5], mask[5:10] = 1, 255
    drawn = with_mask(GREY, mask, 3)
    assert (drawn[5:] == 100).all()
    expected = 0.55 * 100 + 0.45 * np.array(class_color(1))
    assert drawn[0, 0] == pytest.approx(expected, abs=1)


def test_boxes_have_the_colour_of_their_class_and_padding_is_not_drawn() -> None:
    corners = np.array([[0.1, 0.1, 0.5, 0.5], [-1, -1, -1, -1]], np.float32)
    drawn = with_boxes(GREY, corners, np.array([2, -1], np.int32), ("a", "b", "c"), with_names=False)
    changed = np.argwhere((drawn != 100).any(axis=2))
    assert tuple(drawn[2, 3]) == class_color(2)
    assert changed.min(axis=0).tolist() == [2, 3]
    assert changed.max(axis=0).tolist() == [9, 14]


def test_a_box_that_is_turned_round_is_drawn_all_the_same() -> None:
    drawn = with_boxes(GREY, np.array([[0.8, 0.8, 0.2, 0.2]], np.float32), np.array([0], np.int32), ("a",))
    assert (drawn != 100).any()


def test_pictures_are_made_smaller_but_never_larger() -> None:
    assert fitted(np.zeros((400, 100, 3), np.uint8), 100).shape == (100, 25, 3)
    assert fitted(np.zeros((8, 8, 1), np.uint8), 100).shape == (8, 8, 3)


def test_every_kind_of_label_has_words() -> None:
    names = ("cat", "dog", "owl")
    single = SampleIndex(Path(), ["a"], class_names=names, labels=np.array([1], np.int32))
    several = SampleIndex(Path(), ["a", "b"], class_names=names, labels=np.array([[1, 0, 1], [0, 0, 0]], np.uint8))
    number = SampleIndex(Path(), ["a"], labels=np.array([2.5], np.float32))
    boxes = boxes_of([(0, 0, 1, 1, 0), (0, 0, 1, 1, 2), (0, 0, 1, 1, 2)], [])
    boxed = SampleIndex(Path(), ["a", "b"], class_names=names, boxes=boxes)
    assert label_text(single, 0) == "dog"
    assert [label_text(several, number) for number in (0, 1)] == ["cat, owl", "none"]
    assert label_text(number, 0) == "2.5"
    assert [label_text(boxed, number) for number in (0, 1)] == ["2 owl, 1 cat", "no box"]


def test_a_sample_is_drawn_with_its_boxes_in_a_small_square(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", np.random.default_rng(0), (60, 40))
    index = picture_index(tmp_path, ["a.png"], class_names=("cell",), boxes=boxes_of([(0, 0, 1, 1, 0)]))
    drawn = labelled_picture(index, 0, 30)
    assert drawn.shape == (20, 30, 3)
    assert tuple(drawn[0, 15]) == class_color(0)


def test_a_sheet_says_where_each_picture_is() -> None:
    raw = LabelledPicture("raw", np.full((10, 10, 3), 200, np.uint8), "cat")
    wide = LabelledPicture("augmented", np.full((10, 20, 3), 50, np.uint8), "0.70 cat + 0.30 dog")
    sheet, cells = contact_sheet([SheetRow("a/1.png", (raw, wide)), SheetRow("a/2.png", (raw,))], ("cat",), 64)
    assert [(cell.sample, cell.kind) for cell in cells] == [
        ("a/1.png", "raw"),
        ("a/1.png", "augmented"),
        ("a/2.png", "raw"),
    ]
    for cell, value in zip(cells, (200, 50, 200), strict=True):
        left, top, width, height = cell.rectangle
        pixels = np.asarray(sheet)[top : top + height, left : left + width]
        assert pixels.size and (pixels == value).all()
    assert cells[1].rectangle[2:] == (60, 30)


def test_a_sheet_says_below_what_the_colours_of_masks_and_boxes_stand_for() -> None:
    mask = np.array([[0, 2], [255, 2]], np.uint8)
    masked = LabelledPicture("raw", np.full((2, 2, 3), 200, np.uint8), mask=mask)
    names = ("background", "cell", "nucleus")
    plain, _ = contact_sheet([SheetRow("1.png", (LabelledPicture("raw", masked.pixels),))], names, 64)
    sheet, (cell,) = contact_sheet([SheetRow("1.png", (masked,))], names, 64)
    assert sheet.width == plain.width and sheet.height > plain.height > cell.rectangle[1] + 64
    legend = {tuple(color) for color in np.asarray(sheet)[plain.height :].reshape(-1, 3).tolist()}
    assert class_color(2) in legend
    assert not {class_color(0), class_color(1)} & legend, "only what is drawn is explained"
