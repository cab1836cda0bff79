"""A person's path to functions of their own: load them in the window, see their arguments, set some, and train."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, get_args

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.config_tree.editors.component_editor import LOAD_CUSTOM
from app.config_tree.setting_item import SettingItem
from app.main_window import MainWindow
from tests.end_to_end.own_functions import DOCUMENT, LOADER_AND_LOOP, OF_DOCUMENT, TOGETHER, Own
from tests.end_to_end.shown_run import PATIENCE_MS, run_path_of, state_of, status_of
from tests.engine.tiny import write_code
from trainer.catalog.entry import ComponentKind
from trainer.runs.state import Status

pytestmark = pytest.mark.slow


@pytest.fixture
def project(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> Path:
    """Gives the folder of a project on the digits, set up by a click and saved; an epoch has five batches."""
    qtbot.mouseClick(window.welcome.cards["sample:digits"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.project.text), timeout=PATIENCE_MS)
    folder = tmp_path / "project"
    folder.mkdir()
    window.actions_["save_as"].trigger()
    answer_file_dialog(window, folder / "digits.yaml")
    type_into(qtbot, row(window, "training.epochs"), "1")
    type_into(qtbot, row(window, "training.max_train_batches"), "5")
    return folder


def test_one_of_each_of_the_ten_kinds_is_loaded_shows_its_arguments_and_trains(
    qtbot: QtBot, window: MainWindow, project: Path, repository: Path
) -> None:
    shutil.copytree(repository / "custom_functions", project / "custom_functions")
    qtbot.waitUntil(lambda: {own.name for own in (*TOGETHER, *LOADER_AND_LOOP)} <= discovered(window))
    for number, own in enumerate(TOGETHER):
        load, pick = load_custom, pick_own
        (load if number % 2 else pick)(window, own, project / "custom_functions" / own.file)
        require_rows(window, own)
        change(qtbot, window, own)
    assert not window.project.problems
    log = train(qtbot, window, "exp1")
    for own in TOGETHER:
        require_in_log(log, own)
    assert "[TRAINING] Starting standard training for 1 epoch" in log
    assert "ms per batch; slowest: batch" in log
    (epoch,) = state_of(window).epochs
    assert {"loss", "mean_recall", "val_loss", "val_mean_recall"} <= epoch.metrics.keys()

    for load, own in zip((load_custom, pick_own), LOADER_AND_LOOP, strict=True):
        load(window, own, project / "custom_functions" / own.file)
        require_rows(window, own)
        change(qtbot, window, own)
    assert not window.project.problems
    log = train(qtbot, window, "exp2")
    for own in (*TOGETHER, *LOADER_AND_LOOP):
        require_in_log(log, own)
    assert "[TRAINING] Starting custom training for 1 epoch" in log
    (epoch,) = state_of(window).epochs
    assert {"loss", "mean_recall", "val_loss", "val_mean_recall"} <= epoch.metrics.keys()


def test_the_documents_functions_are_loaded_from_a_file_take_further_arguments_and_train(
    qtbot: QtBot, window: MainWindow, project: Path
) -> None:
    file = write_code(project / "document.py", DOCUMENT)
    for own in OF_DOCUMENT:
        load_custom(window, own, file)
        require_rows(window, own)
        change(qtbot, window, own)
        for name, value in own.further.items():
            type_into(qtbot, row(window, f"{own.place}.arguments.:new"), f"{name}: {value}")
            assert row(window, f"{own.place}.arguments.{name}").state.value == value
    assert window.project.value("model.architecture") == {
        "name": "create_custom_model",
        "file": "document.py",
        "arguments": {"dropout_rate": 0.3, "activation": "swish"},
    }
    assert not window.project.problems
    log = train(qtbot, window, "exp1")
    for own in OF_DOCUMENT:
        require_in_log(log, own)
    assert "made with 0.3 swish" in log
    assert log.count("validated [") == 1
    assert "seen ['accuracy', 'loss', 'val_accuracy', 'val_loss']" in log


# ---------------------------------------------------------------- what a person does


def row(window: MainWindow, key: str) -> Any:
    """The row of a key, brought on screen, with its editor."""
    tree = window.panel.tree
    tree.jump_to(key)
    item = tree.rows.find(key)
    assert item is not None, key
    assert item.editor is not None, key
    return item


def discovered(window: MainWindow) -> set[str]:
    """Names of the functions found beside the project."""
    found = [item for kind in get_args(ComponentKind) for item in window.project.functions.of(kind)]
    return {item.entry.name for item in found if item.entry is not None}


def choose(combo: Any, label: str) -> None:
    """Open a list and click a line."""
    combo.showPopup()
    combo.hidePopup()
    place = combo.findText(label)
    assert place >= 0, label
    combo.activated.emit(place)


def pick_own(window: MainWindow, own: Own, file: Path) -> None:
    """Choose it under 'Your functions'."""
    choose(row(window, own.key).editor.combo, f"{own.name} — custom_functions/{file.name}")


def load_custom(window: MainWindow, own: Own, file: Path) -> None:
    """Choose its file with 'Load custom…', and it among the functions of the file that fit."""
    editor = row(window, own.key).editor
    choose(editor.combo, LOAD_CUSTOM)
    answer_file_dialog(window, file)
    value = window.project.value(own.key)
    chosen = value[-1] if isinstance(value, list) and value else value
    if not isinstance(chosen, dict) or chosen.get("name") != own.name:
        menu = editor.function_menu
        next(action for action in menu.actions() if action.text() == own.name).trigger()
        menu.close()


def answer_file_dialog(window: MainWindow, file: Path) -> None:
    (dialog,) = [found for found in window.findChildren(QFileDialog) if found.isVisible()]
    dialog.fileSelected.emit(str(file))
    dialog.reject()


def change(qtbot: QtBot, window: MainWindow, own: Own) -> None:
    """Give one argument another value, in its row."""
    if own.change is None:
        return
    name, value = own.change
    item = row(window, f"{own.place}.arguments.{name}")
    if item.row.kind == "choice":
        choose(item.editor.combo, value)
    else:
        type_into(qtbot, item, str(value))
    assert item.state.value == value


def type_into(qtbot: QtBot, item: SettingItem, text: str) -> None:
    assert item.editor is not None
    field = item.editor.focusProxy()
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def train(qtbot: QtBot, window: MainWindow, name: str) -> str:
    """Press Start and wait for the end of the run of that name; gives its log."""
    assert window.actions_["start"].isEnabled()
    qtbot.mouseClick(window.toolbar.widgetForAction(window.actions_["start"]), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.train_page.followed is not None and run_path_of(window).name == name)
    qtbot.waitUntil(lambda: state_of(window).end is not None, timeout=PATIENCE_MS)
    end = state_of(window).end
    assert end is not None
    assert status_of(window) is Status.COMPLETED, end.message + end.trace
    qtbot.waitUntil(window.actions_["start"].isEnabled)
    return (run_path_of(window) / "log.txt").read_text(encoding="utf-8")


# ---------------------------------------------------------------- what the window and the log show


def require_rows(window: MainWindow, own: Own) -> None:
    """Its arguments are the rows inside, with defaults and tooltips; it is marked by no problem."""
    item = row(window, own.place)
    assert item.state.value["name"] == own.name
    assert not item.problems
    assert item.isExpanded()
    inside = [inner.row for inner in item.setting_children()]
    rows = [member for inner in inside for member in (inner.members or (inner,))]
    assert [inner.name for inner in rows if inner.kind != "new_argument"] == list(own.arguments)
    for name, (default, words) in own.arguments.items():
        argument = row(window, f"{own.place}.arguments.{name}")
        assert (argument.state.value, argument.state.is_changed) == (default, False)
        assert words in argument.toolTip(0)
        assert words in argument.editor.toolTip()


def require_in_log(log: str, own: Own) -> None:
    """The log names where it is used, its name, its file and what was set."""
    (line,) = [line for line in log.splitlines() if f"[CONFIG] {own.place}: {own.name} of " in line]
    assert own.file in line
    changes = dict([own.change] if own.change else []) | own.further
    assert all(f"{name}={value!r}" in line for name, value in changes.items())
