"""The grid of samples and the list behind it, with very many of them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.application import make_application
from app.pages.data.grid import SampleGrid
from app.pages.data.items import ItemFilter, SampleItems
from app.theme import theme
from tests.data.sample_indexes import boxes_of
from trainer.data.part_samples import PartSamples
from trainer.data.path_list import PathList
from trainer.data.sample_index import DataProblem, SampleIndex

NUM_MANY = 100_000


@pytest.fixture(scope="module")
def many() -> SampleItems:
    """A hundred thousand samples that are pictures of one colour."""

    class Pictures:
        def picture(self, number: int) -> np.ndarray:
            return np.full((64, 64, 3), number % 256, np.uint8)

        def mask(self, number: int) -> np.ndarray:
            raise NotImplementedError

    paths = PathList(f"class{number // 10_000}/{number:06}.raw" for number in range(NUM_MANY))
    labels = (np.arange(NUM_MANY) // 10_000).astype(np.int32)
    classes = tuple(f"class{number}" for number in range(10))
    index = SampleIndex(Path("/many"), paths, class_names=classes, labels=labels, raw=Pictures())
    return SampleItems([PartSamples("train", index, np.arange(NUM_MANY))])


def test_of_a_hundred_thousand_samples_only_those_on_screen_are_decoded(qtbot: QtBot, many: SampleItems) -> None:
    make_application([])
    grid = SampleGrid()
    qtbot.addWidget(grid)
    grid.resize(900, 600)
    grid.show()
    begin_s = time.process_time()
    grid.show_items(many, many.filtered(ItemFilter()))
    bar = grid.verticalScrollBar()
    for step in range(100):
        bar.setValue(bar.maximum() * step // 100)
        grid.viewport().repaint()
    assert time.process_time() - begin_s < 3
    bar.setValue(bar.maximum())
    last = grid.visible_items()
    assert last[-1] == NUM_MANY - 1
    qtbot.waitUntil(lambda: all(grid.thumbnails.picture(item) is not None for item in last), timeout=10_000)
    assert grid.thumbnails.num_decoded < 1000
    grid.thumbnails.close()


def test_every_cell_is_painted_with_its_picture_wherever_one_has_scrolled_to(qtbot: QtBot, many: SampleItems) -> None:
    make_application([])
    grid = SampleGrid()
    qtbot.addWidget(grid)
    grid.resize(900, 600)
    grid.show()
    grid.show_items(many, many.filtered(ItemFilter()))
    grid.go_to(70_123)
    items = grid.visible_items()
    qtbot.waitUntil(lambda: all(grid.thumbnails.picture(item) is not None for item in items), timeout=10_000)
    image = grid.viewport().grab().toImage()
    for item in (70_122, 70_123, 70_124, 70_123 + grid.grid.num_columns):
        cell = grid.visualRect(grid.grid.index_of(item))
        assert image.pixelColor(cell.center().x(), cell.top() + 60).getRgb()[:3] == (item % 256,) * 3
        has_mark = image.pixelColor(cell.left() + 4, cell.top() + 4) == theme().selection
        assert has_mark == (item == 70_123)
    grid.thumbnails.close()


def test_names_and_classes_of_a_hundred_thousand_samples_are_searched_at_once(many: SampleItems) -> None:
    begin_s = time.process_time()
    found = many.filtered(ItemFilter(text="09999"))
    of_class = many.filtered(ItemFilter(class_number=3))
    assert time.process_time() - begin_s < 0.5
    assert [many.name(item) for item in found.tolist()] == [
        "class0/009999.raw",
        *(f"class9/09999{n}.raw" for n in range(10)),
    ]
    assert (of_class[0], len(of_class)) == (30_000, 10_000)


def test_problems_find_their_sample_by_name_mask_annotation_and_place() -> None:
    boxes = boxes_of([(0, 0, 1, 1, 0)], [], [])
    index = SampleIndex(
        Path("/data"),
        ["a/1.png", "a/2.png", "a/3.png"],
        boxes=boxes,
        class_names=("x",),
        mask_names=["m/1.png", "m/2.png", "m/3.png"],
    )
    problems = [
        DataProblem("unreadable", "1", "/data/a/1.png"),
        DataProblem("size_mismatch", "2", "m/2.png"),
        DataProblem("box", "3", "Annotations/3.xml", "object 4"),
        DataProblem("empty_class", "4", "/data", "class x"),
    ]
    items = SampleItems([PartSamples("train", index, np.arange(3))], problems)
    assert [items.item_of(problem) for problem in problems] == [0, 1, 2, None]
    assert items.filtered(ItemFilter(only_problems=True)).tolist() == [0, 1, 2]
