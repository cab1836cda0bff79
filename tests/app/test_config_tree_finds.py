"""Finding rows: search, level, problems, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication

from app.config_tree import ConfigTree
from app.config_tree.row_menu import row_menu
from app.project import Project


@pytest.fixture
def view(tmp_path: Path, qtbot) -> Iterator[ConfigTree]:
    project = Project(recovery_folder=tmp_path / "recovery")
    (tmp_path / "pictures").mkdir()
    project.new({"data": {"train_dir": str(tmp_path / "pictures")}})
    view = ConfigTree(project, QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(view)
    view.resize(360, 800)
    view.show()
    yield view
    project.close()


def shown(view: ConfigTree) -> set[str]:
    return {item.row.key for item in view.tree.shown_items()}


def test_basic_hides_advanced_rows_unless_changed_or_wrong(view: ConfigTree) -> None:
    assert "data.batch_size" in shown(view)
    assert not {"data.shuffle", "data.interpolation", "data.cache"} & shown(view)
    view.project.set_value("data.shuffle", False)
    view.project.set_value("data.interpolation", "weird")
    assert {"data.shuffle", "data.interpolation"} <= shown(view)
    assert "data.cache" not in shown(view)


def test_all_shows_every_row_and_is_remembered(view: ConfigTree, qtbot) -> None:
    view.header.level.click()
    assert "data.cache" in shown(view)
    again = ConfigTree(view.project, view._settings)
    qtbot.addWidget(again)
    assert "data.cache" in shown(again)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("batch size", "data.batch_size"),
        ("min_delta", "training.early_stopping.min_delta"),
        ("mirror half", "data.augmentation.horizontal_flip"),
        ("clipnorm", "training.optimizer"),
    ],
    ids=["title", "key of an advanced row", "description", "argument"],
)
def test_search_finds_by_title_key_description_and_argument(view: ConfigTree, words: str, key: str) -> None:
    view.header.search.setText(words)
    assert key in shown(view)
    assert "project.name" not in shown(view)


def test_search_opens_what_it_finds_and_closes_it_afterwards(view: ConfigTree) -> None:
    before = shown(view)
    view.header.search.setText("flip")
    assert "data.augmentation.vertical_flip" in shown(view)
    view.header.search.clear()
    assert shown(view) == before


def test_a_search_without_hits_says_so(view: ConfigTree) -> None:
    view.header.search.setText("zebra")
    assert shown(view) == set()
    assert "zebra" in view._nothing_found.text()
    assert view._nothing_found.isVisible()


def test_ctrl_f_goes_to_the_search_field_and_down_to_the_rows(view: ConfigTree, qtbot) -> None:
    view.jump_to("training.epochs")
    view.start_search()
    qtbot.keyClicks(view.header.search, "how many times")
    qtbot.keyClick(view.header.search, Qt.Key.Key_Down)
    assert view.rows.find("training.epochs").editor.field.hasFocus()


def test_open_rows_are_remembered(view: ConfigTree, qtbot) -> None:
    view.rows.find("data.augmentation").setExpanded(True)
    view.rows.find("project").setExpanded(False)
    again = ConfigTree(view.project, view._settings)
    qtbot.addWidget(again)
    assert again.rows.find("data.augmentation").isExpanded()
    assert not again.rows.find("project").isExpanded()


def test_a_problem_stands_under_its_row_and_marks_the_rows_around(view: ConfigTree) -> None:
    view.project.set_value("data.augmentation.zoom_fraction", 3)
    row = view.rows.find("data.augmentation.zoom_fraction")
    assert row.messages()[0].text(0) == "Expected a number from 0 to 0.9, received 3."
    for key in ("data.augmentation.zoom_fraction", "data.augmentation", "data"):
        assert not view.rows.find(key).icon(0).isNull(), key
    view.project.undo()
    for key in ("data.augmentation.zoom_fraction", "data.augmentation", "data"):
        assert view.rows.find(key).icon(0).isNull(), key
    assert row.messages() == []


def test_a_problem_of_an_argument_stands_under_the_argument(view: ConfigTree) -> None:
    view.project.set_value("training.optimizer", {"name": "Adam", "arguments": {"beta_1": "high", "beta_9": 1}})
    assert "Expected a number" in view.rows.find("training.optimizer.arguments.beta_1").messages()[0].text(0)
    assert "no argument 'beta_9'" in view.rows.find("training.optimizer.arguments.beta_9").messages()[0].text(0)


def test_an_unknown_key_is_told_at_its_section_or_above_all(view: ConfigTree) -> None:
    view.project.set_text("training: {epoch: 3}\nfoo: 1\n")
    assert "Did you mean 'epochs'?" in view.rows.find("training").messages()[0].text(0)
    assert view.bar.isVisible()
    assert "foo" in view.bar.text.text()


def test_long_messages_wrap_to_the_width(view: ConfigTree) -> None:
    view.project.set_value("data.normalization", "weird")
    message = view.rows.find("data.normalization").messages()[0]
    narrow = message.sizeHint(0).height()
    view.resize(1200, 800)
    assert message.sizeHint(0).height() < narrow


@pytest.mark.parametrize(
    "key",
    [
        "training.epochs",
        "data.augmentation.rotation_degrees",
        "runtime.deterministic",
        "training.optimizer.arguments.beta_1",
        "training.early_stopping.enabled",
    ],
)
def test_jumping_shows_the_row_and_focuses_its_editor(view: ConfigTree, key: str) -> None:
    view.header.search.setText("zebra")
    view.jump_to(key)
    item = view.rows.find(key)
    assert key in shown(view)
    assert view.tree.visualItemRect(item).intersects(view.tree.viewport().rect())
    assert item.editor.isAncestorOf(QGuiApplication.focusObject())


def test_jumping_to_an_unknown_key_goes_to_what_is_around_it(view: ConfigTree) -> None:
    view.jump_to("training.foo")
    assert view.tree.currentItem() is view.rows.find("training")
    view.jump_to("nowhere")
    assert view.tree.currentItem() is view.rows.find("training")


def test_the_row_menu_resets_copies_and_leads_to_the_yaml(view: ConfigTree, qtbot) -> None:
    view.project.set_value("training.epochs", 3)
    menu = row_menu(view, view.rows.find("training.epochs"))
    reset, copy, yaml = menu.actions()
    copy.trigger()
    assert QGuiApplication.clipboard().text() == "training.epochs"
    with qtbot.waitSignal(view.yaml_wanted) as wanted:
        yaml.trigger()
    assert wanted.args == ["training.epochs"]
    reset.trigger()
    assert view.project.value("training.epochs") == 15
    menu.deleteLater()
