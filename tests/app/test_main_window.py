"""The main window as a person meets it, without training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.theme import theme
from tests.end_to_end.paths import write_pictures
from trainer.runs.state import Status


@pytest.fixture
def config(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "pictures", per_class=4)
    path = tmp_path / "flowers.yaml"
    path.write_text("# mine\ndata: {train_dir: pictures}\n", encoding="utf-8")
    return path


def test_the_first_thing_shown_are_ways_to_begin_and_start_waits_for_a_project(window: MainWindow) -> None:
    assert window.center.currentWidget() is window.welcome
    assert not window.actions_["start"].isEnabled()
    assert set(window.welcome.cards) >= {"sample:digits", "folder", "open"}


def test_opening_a_configuration_shows_its_settings_and_remembers_it(window: MainWindow, config: Path) -> None:
    window.files.open(config)
    assert window.center.currentWidget() is window.splitter
    assert window.windowTitle() == "flowers.yaml[*] — ModelGardener"
    assert window.actions_["start"].isEnabled()
    assert window.recent.paths()[0] == config
    assert not window.isWindowModified()


def test_an_edit_marks_the_window_as_changed_and_saving_keeps_the_comment(window: MainWindow, config: Path) -> None:
    window.files.open(config)
    window.project.set_value("training.epochs", 3)
    assert window.isWindowModified()
    window.actions_["save"].trigger()
    assert not window.isWindowModified()
    assert config.read_text(encoding="utf-8").startswith("# mine\n")
    assert "epochs: 3" in config.read_text(encoding="utf-8")


def test_a_file_that_is_no_configuration_is_refused_in_the_message_bar(window: MainWindow, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(b"\xff\xfe\x00\x01")
    window.files.open(bad)
    assert window.messages.isVisible()
    assert "not UTF-8 text" in window.messages.text.text()
    assert window.center.currentWidget() is window.welcome


def test_starting_with_a_problem_is_refused_and_leads_to_its_row(window: MainWindow, config: Path) -> None:
    window.files.open(config)
    window.project.set_value("training.initial_learning_rate", -1)
    window.actions_["start"].trigger()
    assert "Learning rate" in window.messages.text.text()
    assert "received -1" in window.messages.text.text()
    assert window.problems_button.text() == "1 problem"
    assert window.train_page.followed is None
    assert not (config.parent / "runs").exists(), "nothing may be half-written"


def test_a_configuration_in_the_form_of_older_documents_is_brought_up_to_date(
    window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "old.yaml"
    path.write_text("model: {model_name: ResNet-50, model_parameters: {dropout_rate: 0.3}}\n", encoding="utf-8")
    window.files.open(path)
    assert window.project.value("model.architecture")["name"] == "ResNet50"
    assert window.project.value("model.dropout_rate") == 0.3
    assert "older form" in window.messages.text.text()
    assert window.isWindowModified()
    assert "model_name" in path.read_text(encoding="utf-8"), "the file changes only when it is saved"


def test_a_dropped_folder_of_pictures_becomes_a_project(qtbot: QtBot, window: MainWindow, config: Path) -> None:
    _drop(window, config.parent / "pictures")
    qtbot.waitUntil(lambda: bool(window.project.text), timeout=20_000)
    assert window.project.value("data.train_dir") == str(config.parent / "pictures")
    assert "pictures in 3 classes" in window.messages.text.text()


def test_a_dropped_folder_without_pictures_is_refused_with_the_reason(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    _drop(window, tmp_path / "empty")
    qtbot.waitUntil(lambda: window.messages.isVisible(), timeout=20_000)
    assert "empty" in window.messages.text.text()
    assert window.busy_label.text() == ""


def test_a_dropped_configuration_is_opened(window: MainWindow, config: Path) -> None:
    _drop(window, config)
    assert window.project.path == config


@pytest.mark.parametrize(
    ("answer", "is_closed", "is_saved"),
    [
        (QMessageBox.StandardButton.Save, True, True),
        (QMessageBox.StandardButton.Discard, True, False),
        (QMessageBox.StandardButton.Cancel, False, False),
    ],
)
def test_closing_with_unsaved_changes_asks_once(
    qtbot: QtBot,
    window: MainWindow,
    config: Path,
    answer: QMessageBox.StandardButton,
    is_closed: bool,
    is_saved: bool,
) -> None:
    window.files.open(config)
    window.project.set_value("training.epochs", 3)
    window.close()
    assert window.isVisible(), "the question comes first"
    question = window.files.question
    assert question is not None
    qtbot.mouseClick(question.button(answer), Qt.MouseButton.LeftButton)
    if is_closed:
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=2_000)
    else:
        assert window.isVisible()
    assert ("epochs: 3" in config.read_text(encoding="utf-8")) is is_saved


def test_a_change_by_another_program_is_offered_and_taken_over(qtbot: QtBot, window: MainWindow, config: Path) -> None:
    window.files.open(config)
    config.write_text("data: {train_dir: pictures}\ntraining: {epochs: 7}\n", encoding="utf-8")
    qtbot.waitUntil(lambda: window.messages.isVisible(), timeout=5_000)
    qtbot.mouseClick(window.messages.button, Qt.MouseButton.LeftButton)
    assert window.project.value("training.epochs") == 7


def test_tree_and_yaml_show_the_same_text(window: MainWindow, config: Path) -> None:
    window.files.open(config)
    window.actions_["show_yaml"].trigger()
    window.project.set_value("data.batch_size", 17)
    assert "batch_size: 17" in window.panel.yaml.editor.toPlainText()
    window.actions_["undo"].trigger()
    assert "batch_size" not in window.panel.yaml.editor.toPlainText()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_theme_switches_at_once_and_is_remembered(window: MainWindow, mode: str) -> None:
    window.set_theme(mode)  # type: ignore[arg-type]
    assert theme().name == mode
    assert window.settings.value("theme") == mode


def test_the_run_buttons_fit_the_state_of_the_shown_run(
    window: MainWindow, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.files.open(config)
    table: dict[Status | None, set[str]] = {
        None: {"start"},
        Status.STARTING: {"stop", "stop_now", "discard"},
        Status.RUNNING: {"pause", "stop", "stop_now", "discard", "checkpoint"},
        Status.PAUSED: {"pause", "stop", "stop_now", "discard"},
        Status.STOPPING: {"stop", "stop_now", "discard"},
        Status.STOPPED: {"start", "continue"},
        Status.COMPLETED: {"start", "continue"},
        Status.FAILED: {"start", "continue"},
        Status.LOST: {"start", "continue"},
    }
    names = set().union(*table.values())
    for status, enabled in table.items():
        monkeypatch.setattr(window.commands, "_status", _always(status))
        window.commands.refresh(has_project=True)
        assert {name for name in names if window.actions_[name].isEnabled()} == enabled, status


def _always(status: Status | None) -> Callable[[], Status | None]:
    return lambda: status


def _drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    window.dropEvent(event)


def test_looking_at_the_run_again_repaints_no_button(qtbot: QtBot, window: MainWindow) -> None:
    window.commands.refresh(has_project=True)
    with qtbot.assertNotEmitted(window.actions_["pause"].changed):
        window.commands.refresh(has_project=True)
