"""A person's edits in the tree reach the text, one undo step each, and the rows follow the text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow

from app.config_tree import ConfigTree
from app.config_tree.editors.component_editor import LOAD_CUSTOM
from app.project import Project


@pytest.fixture
def view(tmp_path: Path, qtbot) -> Iterator[ConfigTree]:
    project = Project(recovery_folder=tmp_path / "recovery")
    view = ConfigTree(project, QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    view.header.level.setChecked(True)
    qtbot.addWidget(view)
    view.resize(360, 800)
    view.show()
    yield view
    project.close()


def editor(view: ConfigTree, key: str) -> Any:
    view.jump_to(key)
    item = view.rows.find(key)
    assert item is not None
    assert item.editor is not None
    return item.editor


def type_into(qtbot, field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def pick(combo: Any, label: str) -> None:
    combo.showPopup()
    combo.hidePopup()
    position = combo.findText(label)
    assert position >= 0, label
    combo.setCurrentIndex(position)
    combo.activated.emit(position)


def test_a_typed_number_keeps_its_exact_value(view: ConfigTree, qtbot) -> None:
    type_into(qtbot, editor(view, "training.initial_learning_rate").field, "1e-4")
    assert view.project.value("training.initial_learning_rate") == 1e-4
    assert editor(view, "training.initial_learning_rate").field.text() == "1e-4"


def test_typing_counts_when_the_focus_leaves_and_not_before(view: ConfigTree, qtbot) -> None:
    field = editor(view, "training.epochs").field
    field.selectAll()
    qtbot.keyClicks(field, "40")
    assert view.project.text == ""
    view.project.commit_pending_edits()
    assert view.project.value("training.epochs") == 40


def test_escape_takes_typing_back(view: ConfigTree, qtbot) -> None:
    field = editor(view, "training.epochs").field
    field.selectAll()
    qtbot.keyClicks(field, "40")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    view.project.commit_pending_edits()
    assert field.text() == "15"
    assert view.project.text == ""


@pytest.mark.parametrize(
    ("key", "text", "steps", "shown"),
    [
        ("training.epochs", "15", 1, "16"),
        ("training.initial_learning_rate", "1e-4", 1, "2e-4"),
        ("model.dropout_rate", "0.25", -1, "0.24"),
        ("training.epochs", "1", -1, "1"),
    ],
)
def test_arrow_keys_step_the_last_figure_within_the_bounds(
    view: ConfigTree, qtbot, key: str, text: str, steps: int, shown: str
) -> None:
    field = editor(view, key).field
    type_into(qtbot, field, text)
    qtbot.keyClick(field, Qt.Key.Key_Up if steps > 0 else Qt.Key.Key_Down)
    assert field.text() == shown


def test_a_wrong_value_is_written_marked_and_undone(view: ConfigTree, qtbot) -> None:
    type_into(qtbot, editor(view, "training.epochs").field, "many")
    assert view.project.value("training.epochs") == "many"
    item = view.rows.find("training.epochs")
    assert item is not None
    assert "received 'many'" in item.messages()[0].text(0)
    view.project.undo()
    assert item.messages() == []
    assert editor(view, "training.epochs").field.text() == "15"


def test_an_emptied_required_field_gets_its_default_back(view: ConfigTree, qtbot) -> None:
    field = editor(view, "training.epochs").field
    type_into(qtbot, field, "40")
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Delete)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "15"
    assert view.project.value("training.epochs") == 15


def test_a_changed_row_is_bold_and_its_button_resets_it(view: ConfigTree, qtbot) -> None:
    pick(editor(view, "data.color_mode").combo, "grayscale")
    item = view.rows.find("data.color_mode")
    assert item is not None
    assert item.font(0).bold()
    item.editor.reset_button.click()
    assert view.project.value("data.color_mode") == "rgb"
    assert not item.font(0).bold()
    assert item.editor.reset_button.isHidden()


def test_size_is_edited_side_by_side(view: ConfigTree, qtbot) -> None:
    sides = editor(view, "data.image_size")
    type_into(qtbot, sides.width_field, "64")
    assert view.project.value("data.image_size") == [32, 64]


def test_switching_a_section_on_opens_it_and_wakes_its_rows(view: ConfigTree, qtbot) -> None:
    patience = view.rows.find("training.early_stopping.patience")
    assert patience is not None
    assert not patience.is_active
    switch = editor(view, "training.early_stopping.enabled")
    switch.box.click()
    assert view.project.value("training.early_stopping.enabled") is True
    assert patience.parent().isExpanded()
    assert patience.editor.isEnabled()


def test_another_component_keeps_shared_arguments_in_one_undo_step(view: ConfigTree) -> None:
    before = "training:\n  optimizer: {name: AdamW, arguments: {weight_decay: 0.01, rho: 0.5, beta_1: 0.8}}\n"
    view.project.set_text(before)
    pick(editor(view, "training.optimizer").combo, "SGD")
    assert view.project.value("training.optimizer") == {"name": "SGD", "arguments": {"weight_decay": 0.01}}
    assert view.rows.find("training.optimizer.arguments.momentum") is not None
    assert view.rows.find("training.optimizer.arguments.beta_1") is None
    view.project.undo()
    assert view.project.text == before
    assert view.rows.find("training.optimizer.arguments.beta_1") is not None


def test_only_arguments_that_differ_from_the_default_are_written(view: ConfigTree, qtbot) -> None:
    field = editor(view, "training.optimizer.arguments.beta_1").field
    type_into(qtbot, field, "0.8")
    assert view.project.value("training.optimizer") == {"name": "Adam", "arguments": {"beta_1": 0.8}}
    type_into(qtbot, field, "0.9")
    assert view.project.value("training.optimizer") == {"name": "Adam"}


def test_an_unknown_name_can_be_typed_and_is_marked(view: ConfigTree, qtbot, tmp_path: Path) -> None:
    view.project.set_value("data.train_dir", str(tmp_path))
    type_into(qtbot, editor(view, "training.loss").field, "Hubber")
    assert view.project.value("training.loss") == {"name": "Hubber"}
    item = view.rows.find("training.loss")
    assert item is not None
    assert "Did you mean 'Huber'?" in item.messages()[0].text(0)


def test_an_optional_component_becomes_automatic_again(view: ConfigTree) -> None:
    pick(editor(view, "training.loss").combo, "Huber")
    assert view.project.value("training.loss") == {"name": "Huber"}
    pick(editor(view, "training.loss").combo, "automatic")
    assert view.project.value("training.loss") is None
    assert "loss" not in view.project.text


def test_a_list_of_components_grows_moves_and_shrinks(view: ConfigTree) -> None:
    for name in ("AUC", "F1Score", "Precision"):
        pick(editor(view, "training.metrics").combo, name)
    names = [item["name"] for item in view.project.value("training.metrics")]
    assert names == ["AUC", "F1Score", "Precision"]
    editor(view, "training.metrics.2").move_up_button.click()
    editor(view, "training.metrics.0").remove_button.click()
    names = [item["name"] for item in view.project.value("training.metrics")]
    assert names == ["Precision", "F1Score"]
    assert editor(view, "training.metrics.0").field.text() == "Precision"
    assert view.rows.find("training.metrics.2") is None


def test_a_function_of_a_python_file_is_chosen_and_its_arguments_are_rows(view: ConfigTree, tmp_path: Path) -> None:
    file = tmp_path / "losses.py"
    file.write_text("def focal(y_true, y_pred, gamma: float = 2.0):\n    '''Focal.'''\n    return 0\n")
    view.project.save_as(tmp_path / "config.yaml")
    editor(view, "training.loss").take_file(str(file))
    assert view.project.value("training.loss") == {"name": "focal", "file": "losses.py"}
    assert editor(view, "training.loss.arguments.gamma").field.text() == "2.0"


def test_the_file_dialog_opens_without_blocking(view: ConfigTree, qtbot) -> None:
    loss = editor(view, "training.loss")
    pick(loss.combo, LOAD_CUSTOM)
    dialog = loss.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.isVisible()
    assert loss.field.text() == ""
    dialog.reject()
    assert view.project.text == ""


def test_a_chosen_folder_is_written_relative_to_the_file(view: ConfigTree, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "train").mkdir(parents=True)
    folder = editor(view, "data.train_dir")
    folder.take(str(tmp_path / "pictures" / "train"))
    assert view.project.value("data.train_dir") == str(tmp_path / "pictures" / "train")
    view.project.save_as(tmp_path / "config.yaml")
    folder.take(str(tmp_path / "pictures"))
    assert view.project.value("data.train_dir") == "pictures"


def test_a_folder_dropped_on_its_row_is_taken_and_a_file_is_not(view: ConfigTree, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"")
    row = editor(view, "data.train_dir")
    for path in (file, tmp_path):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        drop = QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
        row.dropEvent(drop)
    assert view.project.value("data.train_dir") == str(tmp_path)
    view.project.undo()
    assert not view.project.can_undo, "the dropped file was no edit"


def test_undo_in_a_field_acts_on_the_typing_first_and_then_on_the_project(view: ConfigTree, qtbot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(view)
    undo = QAction("Undo", window)
    undo.setShortcut(QKeySequence(QKeySequence.StandardKey.Undo))
    undo.triggered.connect(view.project.undo)
    window.addAction(undo)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field = editor(view, "training.epochs").field
    type_into(qtbot, field, "40")
    qtbot.keyClicks(field, "1")
    qtbot.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.project.value("training.epochs") == 40
    assert field.text() == "40"
    qtbot.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.project.value("training.epochs") == 15
    window.takeCentralWidget()


def test_an_edit_elsewhere_keeps_focus_cursor_and_typing(view: ConfigTree, qtbot) -> None:
    field = editor(view, "project.name").field
    field.setText("")
    qtbot.keyClicks(field, "my pro")
    field.setCursorPosition(2)
    view.project.set_value("training.epochs", 40)
    assert field.text() == "my pro"
    assert field.cursorPosition() == 2
    assert field is view.rows.find("project.name").editor.field


def test_tab_goes_through_the_rows_from_top_to_bottom(view: ConfigTree, qtbot) -> None:
    optimizer = view.rows.find("training.optimizer")
    assert optimizer is not None
    optimizer.setExpanded(True)
    combo = editor(view, "training.optimizer").combo
    first_argument = optimizer.setting_children()[0]
    qtbot.waitUntil(lambda: not view.tree._tab_timer.isActive())
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Tab)
    assert first_argument.editor is not None
    assert first_argument.editor.isAncestorOf(QApplication.focusWidget())


def test_an_edit_of_the_text_shows_in_the_rows(view: ConfigTree) -> None:
    view.project.set_text("training: {epochs: 3, metrics: [AUC]}\ndata: {image_size: [8, 9]}\n")
    assert editor(view, "training.epochs").field.text() == "3"
    assert editor(view, "data.image_size").width_field.text() == "9"
    assert editor(view, "training.metrics.0").field.text() == "AUC"


def test_rows_are_locked_while_the_text_is_unreadable(view: ConfigTree) -> None:
    view.project.set_text("training: {epochs: 3}\n")
    view.project.set_text("training: {epochs: 3\n")
    assert not view.tree.isEnabled()
    assert view.bar.isVisible()
    assert "correct the YAML" in view.bar.text.text()
    view.project.undo()
    assert view.tree.isEnabled()
    assert "correct the YAML" not in view.bar.text.text() or not view.bar.isVisible()
