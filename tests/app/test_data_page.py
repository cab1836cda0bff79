"""The Data page as a person meets it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.application import make_application
from app.main_window import MainWindow
from app.pages.data.items import SampleItems
from app.pages.data.page import DataPage
from app.project.project import Project
from app.window.welcome import Welcome
from tests.app.fake_command import answer_commands
from trainer.data.drawing import class_color
from trainer.data.samples.sample_list import SAMPLES


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Twelve cats and eight dogs; one dog is broken, and one is a cat too."""
    random = np.random.default_rng(0)
    for name, count in (("cat", 12), ("dog", 8)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number:02}.png")
    (tmp_path / "pets" / "dog" / "03.png").write_bytes(b"no picture")
    shutil.copy(tmp_path / "pets" / "cat" / "05.png", tmp_path / "pets" / "dog" / "06.png")
    return tmp_path / "pets"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    make_application([])
    project = Project(recovery_folder=tmp_path / "recovery")
    yield project
    project.close()


@pytest.fixture
def page(qtbot: QtBot, project: Project) -> Iterator[DataPage]:
    page = DataPage(project)
    qtbot.addWidget(page)
    page.resize(1000, 700)
    yield page
    page.close_down()


def read(qtbot: QtBot, page: DataPage) -> None:
    """Wait until everything is read."""
    qtbot.waitUntil(lambda: page._view is not None and page.shown is page.view and not page.is_reading, timeout=20_000)


@pytest.fixture
def shown(qtbot: QtBot, project: Project, page: DataPage, pets: Path) -> DataPage:
    """The page with the pets."""
    project.new({"data": {"train_dir": str(pets), "validation_fraction": 0, "max_unreadable_fraction": 0.2}})
    page.show()
    read(qtbot, page)
    return page


def names(page: DataPage) -> list[str]:
    items = page.view.grid.grid.items
    return [items.name(item) for item in page.view.grid.grid.shown.tolist()]


def test_without_data_there_is_one_sentence_and_the_ways_to_choose_some(qtbot: QtBot, page: DataPage) -> None:
    page.show()
    with qtbot.waitSignal(page.folder_wanted):
        qtbot.waitUntil(lambda: page.shown is page.empty)
        page.empty.button.click()


def test_data_that_cannot_be_used_says_why_and_leads_to_its_setting(
    qtbot: QtBot, project: Project, page: DataPage, tmp_path: Path
) -> None:
    project.new({"data": {"train_dir": str(tmp_path / "none")}})
    page.show()
    qtbot.waitUntil(lambda: page.shown is page.failed)
    assert "does not exist" in page.failed.sentence.text()
    with qtbot.waitSignal(page.setting_wanted, check_params_cb=lambda key: key == "data.train_dir"):
        page.failed.button.click()


def test_a_setting_without_a_valid_value_is_to_be_corrected_first(
    qtbot: QtBot, project: Project, page: DataPage, pets: Path
) -> None:
    project.new({"data": {"train_dir": str(pets)}, "training": {"epochs": 0}})
    page.show()
    qtbot.waitUntil(lambda: page.shown is page.failed)
    assert page.failed.sentence.text().startswith("Correct training.epochs first:")
    project.set_value("training.epochs", 2)
    read(qtbot, page)


def test_samples_parts_classes_and_problems_are_shown(shown: DataPage) -> None:
    view = shown.view
    assert view.count.text() == "20 samples"
    assert names(shown)[:2] == ["cat/00.png", "cat/01.png"]
    assert [(bar.name, bar.text) for bar in view.summary.histogram.bars] == [("cat", "12"), ("dog", "7")]
    texts = [view.summary.problems.item(row).text() for row in range(view.summary.problems.count())]
    assert [text.partition("\n")[0] for text in texts] == ["dog/03.png", "dog/06.png"]
    assert "only one can be right" in texts[1]
    assert view.summary.state.text() == "All 20 samples were read."


def test_samples_are_filtered_by_class_problem_and_name(qtbot: QtBot, shown: DataPage) -> None:
    view = shown.view
    view.summary.histogram.chosen.emit(1)
    assert len(names(shown)) == 8 and view.class_choice.currentText() == "dog"
    view.only_problems.click()
    assert names(shown) == ["dog/03.png", "dog/06.png"]
    assert view.count.text() == "2 of 20 samples"
    view.only_problems.click()
    qtbot.keyClicks(view.search, "0")
    view.search.setText("DOG/07")
    qtbot.waitUntil(lambda: names(shown) == ["dog/07.png"])


def test_a_double_click_on_a_problem_shows_its_sample_whatever_is_filtered(shown: DataPage) -> None:
    view = shown.view
    view.summary.histogram.chosen.emit(0)
    view.summary.problems.itemDoubleClicked.emit(view.summary.problems.item(0))
    grid = view.grid
    assert grid.grid.items.name(grid.grid.item(grid.currentIndex())) == "dog/03.png"
    assert view.class_choice.currentText() == "All classes"


def test_pictures_are_decoded_and_a_broken_one_is_told_apart(qtbot: QtBot, shown: DataPage) -> None:
    thumbnails = shown.view.grid.thumbnails
    items = shown.view.grid.grid.items
    broken = next(item for item in range(len(items)) if items.name(item) == "dog/03.png")
    qtbot.waitUntil(lambda: thumbnails.picture(broken) is not None and thumbnails.picture(0) is not None)
    first, last = thumbnails.picture(0), thumbnails.picture(broken)
    assert first is not None and (first.width(), first.height()) == (24, 20)
    assert last is not None and last.isNull()


def test_a_sample_opens_large_with_what_is_known_of_it(qtbot: QtBot, shown: DataPage) -> None:
    grid, detail = shown.view.grid, shown.view.detail
    grid.go_to(4)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not detail.raw.image.isNull())
    assert detail.name.whole_text() == "cat/04.png"
    assert "Label: cat" in detail.facts.text() and "Size: 24 × 20 px" in detail.facts.text()
    qtbot.keyClick(detail, Qt.Key.Key_Right)
    assert detail.name.whole_text() == "cat/05.png"
    qtbot.keyClick(detail, Qt.Key.Key_Escape)
    assert shown.view.samples.currentWidget() is shown.view.browser
    assert grid.grid.item(grid.currentIndex()) == 5


def test_a_changed_share_divides_again_and_other_settings_read_nothing(
    qtbot: QtBot, shown: DataPage, project: Project
) -> None:
    before = shown.view.found
    project.set_value("training.epochs", 7)
    qtbot.waitUntil(lambda: shown._shown_text == project.text)
    assert shown.view.found is before and not shown.is_reading
    project.set_value("data.validation_fraction", 0.25)
    qtbot.waitUntil(lambda: shown.view.found is not before and not shown.is_reading, timeout=20_000)
    assert shown.view.found is not None
    assert {part.name: part.num_samples for part in shown.view.found.report.parts} == {"train": 14, "validation": 5}


def test_a_filter_that_nothing_passes_says_so_and_is_taken_off_by_a_button(shown: DataPage) -> None:
    view = shown.view
    view.class_choice.setCurrentIndex(1)
    view.search.setText("dog/")
    view._search_timer.timeout.emit()
    assert view.nothing.isVisible() and names(shown) == []
    view.nothing.button.click()
    assert view.grid.isVisible() and len(names(shown)) == 20


def test_filters_do_not_hide_other_data_and_one_comes_back_to_where_one_was(
    qtbot: QtBot, shown: DataPage, project: Project, pets: Path
) -> None:
    view, grid = shown.view, shown.view.grid
    view.only_problems.click()
    grid.go_to(15)
    shutil.copytree(pets / "cat", pets.parent / "others" / "lion")
    shutil.copytree(pets / "cat", pets.parent / "others" / "tiger")
    text = project.text
    project.new({"data": {"train_dir": str(pets.parent / "others"), "validation_fraction": 0}})
    qtbot.waitUntil(lambda: view.class_choice.itemText(1) == "lion" and not shown.is_reading, timeout=20_000)
    assert len(names(shown)) == 24 and not view.only_problems.isChecked()
    project.set_text(text)
    qtbot.waitUntil(lambda: view.class_choice.itemText(1) == "cat" and not shown.is_reading, timeout=20_000)
    assert grid.grid.items.name(grid.grid.item(grid.currentIndex())) == "dog/03.png"


def test_reading_on_keeps_the_place_and_the_pictures(qtbot: QtBot, shown: DataPage) -> None:
    grid = shown.view.grid
    found = shown.view.found
    assert found is not None
    qtbot.waitUntil(lambda: grid.thumbnails.is_idle and grid.thumbnails.picture(0) is not None)
    grid.go_to(7)
    again = SampleItems(found.report.parts, found.report.problems)
    shown.view.show_found(dataclasses.replace(found, items=again), Path("/"))
    assert grid.grid.items is again
    assert grid.grid.item(grid.currentIndex()) == 7
    assert grid.thumbnails.picture(0) is not None


def test_arrows_go_from_the_end_of_a_line_to_the_next_and_letters_search_nothing(
    qtbot: QtBot, shown: DataPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = shown.view.grid
    last = grid.grid.num_columns - 1
    assert 0 < last < 18
    grid.go_to(last)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    assert grid.grid.item(grid.currentIndex()) == last + 1
    qtbot.keyClick(grid, Qt.Key.Key_Left)
    assert grid.grid.item(grid.currentIndex()) == last
    asked: list[int] = []
    monkeypatch.setattr(grid.grid, "match", lambda *_: asked.append(1) or [])
    qtbot.keyClick(grid, Qt.Key.Key_D)
    assert not asked and grid.grid.item(grid.currentIndex()) == last


def test_a_folder_that_vanishes_shows_no_pictures_and_reading_again_says_it_is_gone(
    qtbot: QtBot, shown: DataPage, pets: Path
) -> None:
    view = shown.view
    view.show_large(1)
    qtbot.waitUntil(lambda: not view.detail.raw.image.isNull())
    shutil.rmtree(pets)
    qtbot.keyClick(view.detail, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: view.detail.faults.isVisible())
    assert view.detail.raw.image.isNull()
    assert view.detail.raw.accessibleName() == "This picture cannot be read."
    view.show_all()
    view.again.click()
    qtbot.waitUntil(lambda: shown.shown is shown.failed)
    assert "does not exist" in shown.failed.sentence.text()


def test_whatever_goes_wrong_while_reading_is_said(
    qtbot: QtBot, shown: DataPage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("app.pages.data.reading.open_data", fail)
    shown.read_again()
    qtbot.waitUntil(lambda: shown.shown is shown.failed)
    assert "KeyError: 'surprise'" in shown.failed.sentence.text()
    assert "in fail" in capsys.readouterr().err


def test_the_histogram_is_the_legend_of_masks(qtbot: QtBot, project: Project, page: DataPage, tmp_path: Path) -> None:
    mask = np.zeros((16, 16), np.uint8)
    mask[:8], mask[8:12] = 1, 2
    for name, pixels in (("images", np.full((16, 16, 3), 90, np.uint8)), ("masks", mask)):
        (tmp_path / "cells" / name).mkdir(parents=True)
        for number in range(2):
            Image.fromarray(pixels).save(tmp_path / "cells" / name / f"{number}.png")
    loader = {"name": "ImageDataLoader", "arguments": {"class_names": ["ground", "cell", "nucleus"]}}
    values = {"train_dir": str(tmp_path / "cells"), "loader": loader, "validation_fraction": 0}
    project.new({"project": {"task": "image_segmentation"}, "data": values})
    page.show()
    read(qtbot, page)
    colors = [bar.color and bar.color.getRgb()[:3] for bar in page.view.summary.histogram.bars]
    assert colors == [None, class_color(1), class_color(2)]


def test_what_the_network_gets_is_made_by_a_command_and_shuffled_without_a_new_one(
    qtbot: QtBot, shown: DataPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked.json"
    answer_commands(monkeypatch, tmp_path, PREVIEW.format(asked=str(asked)))
    detail = shown.view.detail
    shown.view.show_large(2)
    detail.shuffle.click()
    qtbot.waitUntil(lambda: not detail.pictures[0].image.isNull(), timeout=20_000)
    arguments = json.loads(asked.read_text(encoding="utf-8"))
    assert arguments[0] == "preview" and "--samples=cat/02.png" in arguments and "train" in arguments
    assert detail.pictures[0].caption == "preprocessed · cat"
    assert detail.pictures[1].caption == "augmented · 1"
    assert detail.said.text() == "Augmentation takes 0.5 ms per picture here."
    asked.unlink()
    detail.shuffle.click()
    assert detail.pictures[1].caption == "augmented · 6"
    assert not asked.exists()


PREVIEW = """
import json, sys
from pathlib import Path
from PIL import Image
Path({asked!r}).write_text(json.dumps(sys.argv[1:]), encoding="utf-8")
out = sys.argv[sys.argv.index("--out") + 1]
Image.new("RGB", (300, 20), "red").save(out)
cells = [dict(sample="x", kind="raw", label="cat", rectangle=[0, 0, 8, 8])]
cells += [dict(sample="x", kind="preprocessed", label="cat", rectangle=[10, 0, 8, 8])]
cells += [dict(sample="x", kind="augmented", label=str(n), rectangle=[10 * n, 0, 8, 8]) for n in range(1, 21)]
print(json.dumps(dict(file=out, is_augmented=True, augmentation_ms=0.5, cells=cells)))
"""


def test_a_preview_that_fails_says_why(
    qtbot: QtBot, shown: DataPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_commands(monkeypatch, tmp_path, "import sys; sys.exit('error: The step Blur failed.')")
    shown.view.show_large(2)
    shown.view.detail.shuffle.click()
    qtbot.waitUntil(lambda: shown.view.detail.said.text() == "The step Blur failed.", timeout=20_000)


def test_a_table_shows_columns_and_rows(qtbot: QtBot, project: Project, page: DataPage, tmp_path: Path) -> None:
    rows = "\n".join(
        f"{number % 3},{number},{'red' if number % 2 else 'blue'},1,2024-05-{number % 30 + 1:02d}"
        for number in range(40)
    )
    (tmp_path / "cars.csv").write_text(f"kind,size,colour,constant,built\n{rows}\n", encoding="utf-8")
    loader = {"name": "CSVDataLoader", "arguments": {"target_column": "kind"}}
    values = {"train_dir": str(tmp_path / "cars.csv"), "loader": loader}
    project.new({"project": {"task": "tabular_classification"}, "data": values})
    page.show()
    read(qtbot, page)
    table = page.view.table
    assert table.row_model.rowCount() == 40
    assert {column.name for column in table.column_model.columns} >= {"kind", "size", "colour"}
    built = [table.column_model.data(table.column_model.index(4, column)) for column in range(8)]
    assert built == ["built", "feature", "date", "0", "30", "2024-05-01", "2024-05-13", "2024-05-30"]
    assert page.view.count.text() == "40 rows"
    assert any(
        "constant" in page.view.summary.problems.item(row).text() for row in range(page.view.summary.problems.count())
    )


def test_new_data_is_shown_before_anything_is_trained_on_it(qtbot: QtBot, window: MainWindow, pets: Path) -> None:
    assert window.pages.tabText(0) == "Data"
    window.messages.say("other.yaml: The file cannot be read.", tone="error")
    window.project.new({"data": {"train_dir": str(pets)}})
    window.files.opened.emit()
    assert not window.messages.isVisible()
    assert window.pages.currentWidget() is window.data_page
    read(qtbot, window.data_page)
    window.data_page.setting_wanted.emit("data.train_dir")
    assert window.panel.isVisible()


def test_data_that_a_training_refuses_is_told_before_it_starts(qtbot: QtBot, window: MainWindow, pets: Path) -> None:
    shutil.copy(pets / "dog" / "03.png", pets / "dog" / "04.png")
    window.project.new({"data": {"train_dir": str(pets)}})
    window.files.opened.emit()
    page = window.data_page
    read(qtbot, page)
    verdict = page.view.summary.verdict.label.text()
    assert verdict.startswith("Training is refused: 2 of 20 ") and "Tolerated unreadable share" in verdict
    assert window.problems_button.text() == "1 problem"
    window.actions_["start"].trigger()
    assert "2 of 20" in window.messages.text.text() and window.messages.button.text() == "Start all the same"
    window.project.set_value("data.max_unreadable_fraction", 0.2)  # what was found is of another setting now
    assert not page.refusals and window.problems_button.text() == "Settings in order"
    verdict = "Can be trained without 2 of 20 samples (10.0%)"
    qtbot.waitUntil(lambda: page.view.summary.verdict.label.text().startswith(verdict), timeout=20_000)


def test_every_sample_has_a_card_that_begins_with_it(qtbot: QtBot) -> None:
    make_application([])
    welcome = Welcome()
    qtbot.addWidget(welcome)
    chosen: list[str] = []
    welcome.sample_chosen.connect(chosen.append)
    for sample in SAMPLES:
        welcome.cards[f"sample:{sample.name}"].click()
    assert chosen == [sample.name for sample in SAMPLES]
