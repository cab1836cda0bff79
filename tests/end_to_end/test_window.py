"""A person's path: the real window, the real worker, real pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.config_tree.editors.component_editor import LOAD_CUSTOM
from app.main_window import MainWindow
from tests.end_to_end.paths import write_config
from tests.end_to_end.shown_run import PATIENCE_MS, kill_worker, run_path_of, state_of, status_of
from trainer.runs.state import Status

pytestmark = pytest.mark.slow
_OWN_LOSS = '''"""A loss, and what it uses."""
import keras


def _scaled(value, power):
    return keras.ops.power(value, power)


def tilted(y_true, y_pred, power: float = 2.0):
    """Differences to a power."""
    return keras.ops.mean(_scaled(keras.ops.abs(y_true - y_pred), power), axis=-1)
'''


def test_a_sample_trains_stops_and_continues_within_three_clicks(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.welcome.cards["sample:shapes"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.project.text), timeout=PATIENCE_MS)
    assert not window.project.problems
    window.project.set_value("training.epochs", 3)
    window.project.set_value("model.architecture", {"name": "SmallCNN", "arguments": {"filters": 8}})

    qtbot.mouseClick(window.toolbar.widgetForAction(window.actions_["start"]), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(state_of(window).epochs) >= 1, timeout=PATIENCE_MS)
    assert not window.actions_["start"].isEnabled(), "a second start must not be possible"
    window.actions_["stop_now"].trigger()
    qtbot.waitUntil(lambda: status_of(window) is Status.STOPPED, timeout=PATIENCE_MS)
    epochs_before = len(state_of(window).epochs)
    assert epochs_before < 3

    window.actions_["continue"].trigger()
    qtbot.waitUntil(lambda: status_of(window) is Status.COMPLETED, timeout=PATIENCE_MS)
    assert [record.epoch for record in state_of(window).epochs] == [1, 2, 3]
    run = run_path_of(window)
    assert (run / "model" / "best.keras").is_file()
    qtbot.waitUntil(lambda: window.train_page.view.end_card.isVisible(), timeout=5_000)


def test_a_killed_worker_is_noticed_within_three_seconds_and_continues(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.files.open(write_config(tmp_path, epochs=60))
    window.actions_["start"].trigger()
    qtbot.waitUntil(lambda: "last" in state_of(window).checkpoints, timeout=PATIENCE_MS)
    kill_worker(run_path_of(window))
    qtbot.waitUntil(lambda: status_of(window) is Status.LOST, timeout=3_000)
    saved = state_of(window).checkpoints["last"].epoch

    window.actions_["continue"].trigger()
    qtbot.waitUntil(
        lambda: state_of(window).session == 2 and state_of(window).training is not None, timeout=PATIENCE_MS
    )
    training = state_of(window).training
    assert training is not None
    assert training.initial_epoch >= saved


def test_training_survives_the_window_and_a_new_window_shows_it_whole(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, settings_folder: Path, repository: Path
) -> None:
    config = write_config(tmp_path, epochs=60)
    runs = config.parent / "runs" / "exp1"
    first = subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.window_that_trains", str(config), str(settings_folder)],
        cwd=repository,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    qtbot.waitUntil(lambda: (runs / "history.csv").is_file(), timeout=PATIENCE_MS)
    first.kill()
    first.wait()

    window.reattach()
    qtbot.waitUntil(lambda: status_of(window) is Status.RUNNING, timeout=10_000)
    assert run_path_of(window) == runs
    assert state_of(window).epochs[0].epoch == 1, "the history before this window was opened is there"
    seen = len(state_of(window).epochs)
    qtbot.waitUntil(lambda: len(state_of(window).epochs) > seen, timeout=PATIENCE_MS)


def test_an_own_loss_is_loaded_from_a_file_shows_its_arguments_is_tried_and_trains(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = write_config(tmp_path, epochs=1)
    folder = tmp_path / "custom_functions"
    folder.mkdir()
    (folder / "losses.py").write_text(_OWN_LOSS, encoding="utf-8")
    window.files.open(path)
    tree = window.panel.tree
    tree.jump_to("training.loss")
    loss = tree.rows.find("training.loss")
    assert loss is not None
    loss.editor.combo.showPopup()
    loss.editor.combo.hidePopup()
    place = loss.editor.combo.findText(LOAD_CUSTOM)
    loss.editor.combo.activated.emit(place)
    (dialog,) = [found for found in window.findChildren(QFileDialog) if found.isVisible()]
    dialog.fileSelected.emit(str(folder / "losses.py"))
    dialog.reject()
    assert loss.editor.field.text() == "tilted", "the one function that is a loss was taken"

    power = tree.rows.find("training.loss.arguments.power")
    assert power is not None
    power.editor.field.setFocus()
    power.editor.field.selectAll()
    qtbot.keyClicks(power.editor.field, "1.5")
    qtbot.keyClick(power.editor.field, Qt.Key.Key_Return)
    assert window.project.value("training.loss") == {
        "name": "tilted",
        "file": "custom_functions/losses.py",
        "arguments": {"power": 1.5},
    }

    loss.editor.trial_button.click()
    assert "custom_functions/losses.py" in window.messages.text.text(), "it was there before the window: asked once"
    qtbot.mouseClick(window.messages.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: loss.note is not None and "works" in loss.note.text(0), timeout=PATIENCE_MS)
    qtbot.mouseClick(window.toolbar.widgetForAction(window.actions_["start"]), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: status_of(window) is Status.COMPLETED, timeout=PATIENCE_MS)
    assert len(list((run_path_of(window) / "functions").glob("losses_*.py"))) == 1
