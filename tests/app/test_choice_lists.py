"""Hundreds of own functions cost the window nothing until a list of them is opened, and no chooser loses its value."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from app.config_tree import ConfigTree
from app.config_tree.editors.component_editor import ComponentEditor
from app.project import Project
from trainer.catalog.functions import FunctionFile

NUM_FILES, NUM_FUNCTIONS = 30, 20
TEXT = "training: {epochs: 3, loss: {name: loss_7, file: custom_functions/losses_4.py}}\n"


@pytest.fixture
def read_by(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The thread of each reading of a discovered file."""
    threads: list[threading.Thread] = []

    class Recorded(FunctionFile):
        def __init__(self, path: Path) -> None:
            threads.append(threading.current_thread())
            super().__init__(path)

    monkeypatch.setattr("trainer.catalog.discovery.FunctionFile", Recorded)
    return threads


@pytest.fixture
def view(tmp_path: Path, qtbot: QtBot, read_by: list[threading.Thread]) -> Iterator[ConfigTree]:
    del read_by
    (tmp_path / "custom_functions").mkdir()
    for file in range(NUM_FILES):
        functions = (
            f"def loss_{number}(y_true, y_pred):\n    '''Loss {number} of {file}.'''\n    return y_true\n"
            for number in range(NUM_FUNCTIONS)
        )
        path = tmp_path / "custom_functions" / f"losses_{file}.py"
        path.write_text(f"# {tmp_path.name} {file}\n" + "\n\n".join(functions), encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(TEXT, encoding="utf-8")
    project = Project(recovery_folder=tmp_path / "recovery")
    project.open(tmp_path / "mine.yaml")
    view = ConfigTree(project, QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(view)
    view.resize(400, 1600)
    view.show()
    yield view
    project.close()


def choosers(view: ConfigTree) -> list[ComponentEditor]:
    return [item.editor for item in view.rows.all_items() if isinstance(item.editor, ComponentEditor)]


def loss_of(view: ConfigTree) -> Any:
    item = view.rows.find("training.loss")
    assert item is not None
    assert item.editor is not None
    return item.editor


def discover(view: ConfigTree, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.project.functions.changed):
        view.project.watch_functions()


def test_discovered_functions_are_no_lines_before_a_list_is_opened(
    view: ConfigTree, qtbot: QtBot, read_by: list[threading.Thread]
) -> None:
    discover(view, qtbot)
    assert len(view.project.functions.of("loss")) == NUM_FILES * NUM_FUNCTIONS
    assert view.project.functions.unreadable == ()
    assert len(choosers(view)) > 3
    assert sum(chooser.combo.count() for chooser in choosers(view)) == 0
    combo = loss_of(view).combo
    combo.showPopup()
    assert combo.findText("loss_19 — custom_functions/losses_29.py") > 0
    assert combo.count() > NUM_FILES * NUM_FUNCTIONS
    combo.hidePopup()
    assert sum(chooser.combo.count() for chooser in choosers(view)) == combo.count(), "the others stay empty"
    assert len(read_by) == NUM_FILES
    assert threading.main_thread() not in read_by, "the window has read no file by itself"


def test_only_the_file_whose_tooltip_is_looked_at_is_read(
    view: ConfigTree, qtbot: QtBot, read_by: list[threading.Thread]
) -> None:
    discover(view, qtbot)
    combo = loss_of(view).combo
    combo.showPopup()
    place = combo.findText("loss_3 — custom_functions/losses_8.py")
    assert combo.itemData(place, Qt.ItemDataRole.ToolTipRole) == "Loss 3 of 8."
    combo.hidePopup()
    assert read_by.count(threading.main_thread()) == 1


def test_a_tooltip_follows_its_file(view: ConfigTree, qtbot: QtBot) -> None:
    discover(view, qtbot)
    combo = loss_of(view).combo
    combo.showPopup()
    place = combo.findText("loss_3 — custom_functions/losses_8.py")
    assert combo.itemData(place, Qt.ItemDataRole.ToolTipRole) == "Loss 3 of 8."
    combo.hidePopup()
    known = view.project.functions.of("loss")
    path = view.project.base_dir / "custom_functions" / "losses_8.py"
    path.write_text(path.read_text(encoding="utf-8").replace("Loss 3 of 8.", "Another text."), encoding="utf-8")
    qtbot.waitUntil(lambda: {id(item) for item in view.project.functions.of("loss")} != {id(item) for item in known})
    combo.showPopup()
    assert combo.itemData(place, Qt.ItemDataRole.ToolTipRole) == "Another text."
    combo.hidePopup()


def test_a_chosen_own_function_is_shown_before_and_after_the_functions_are_read(view: ConfigTree, qtbot: QtBot) -> None:
    loss = loss_of(view)
    assert loss.field.text() == "loss_7"
    loss.combo.showPopup()
    loss.combo.hidePopup()
    assert (loss.field.text(), loss.field.isModified()) == ("loss_7", False), "its list was opened too early"
    discover(view, qtbot)
    assert (loss.field.text(), loss.field.isModified()) == ("loss_7", False)
    view.project.commit_pending_edits()
    assert view.project.text == TEXT


def test_what_is_typed_stays_when_the_list_gets_longer(view: ConfigTree, qtbot: QtBot) -> None:
    loss = loss_of(view)
    loss.field.selectAll()
    qtbot.keyClicks(loss.field, "loss_1")
    loss.field.setCursorPosition(2)
    discover(view, qtbot)
    loss.combo.list_wanted.emit()
    assert loss.combo.count() > NUM_FILES * NUM_FUNCTIONS
    assert (loss.field.text(), loss.field.isModified(), loss.field.cursorPosition()) == ("loss_1", True, 2)
