"""A person's path: the real window, the real worker, real pictures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.application import make_application
from app.config_tree.editors.component_editor import LOAD_CUSTOM
from app.main_window import MainWindow
from tests.end_to_end.paths import write_config
from trainer.runs.state import RunState, Status

pytestmark = pytest.mark.slow
_PATIENCE_MS = 180_000
_OWN_LOSS = '''"""A loss, and what it uses."""
import keras


def _scaled(value, power):
    return keras.ops.power(value, power)


def tilted(y_true, y_pred, power: float = 2.0):
    """Differences to a power."""
    return keras.ops.mean(_scaled(keras.ops.abs(y_true - y_pred), power), axis=-1)
'''


@pytest.fixture
def settings_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "settings"
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    return folder


@pytest.fixture
def window(
    qtbot: QtBot, tmp_path: Path, settings_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    del settings_folder
    monkeypatch.setenv("GARDENER_WORKSPACE", str(tmp_path / "workspace"))
    make_application([])
    shown = MainWindow(start_standby=False)
    qtbot.addWidget(shown)
    shown.show()
    yield shown
    _end_worker(shown)
    shown.close_without_asking()


def test_a_sample_trains_stops_and_continues_within_three_clicks(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.welcome.cards["sample:shapes"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(window.project.text), timeout=_PATIENCE_MS)
    assert not window.project.problems
    window.project.set_value("training.epochs", 3)
    window.project.set_value("model.architecture", {"name": "SmallCNN", "arguments": {"filters": 8}})

    qtbot.mouseClick(window.toolbar.widgetForAction(window.actions_["start"]), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(_state(window).epochs) >= 1, timeout=_PATIENCE_MS)
    assert not window.actions_["start"].isEnabled(), "a second start must not be possible"
    window.actions_["stop_now"].trigger()
    qtbot.waitUntil(lambda: _status(window) is Status.STOPPED, timeout=_PATIENCE_MS)
    epochs_before = len(_state(window).epochs)
    assert epochs_before < 3

    window.actions_["continue"].trigger()
    qtbot.waitUntil(lambda: _status(window) is Status.COMPLETED, timeout=_PATIENCE_MS)
    assert [record.epoch for record in _state(window).epochs] == [1, 2, 3]
    run = _run_path(window)
    assert (run / "model" / "best.keras").is_file()
    qtbot.waitUntil(lambda: window.train_page.view.end_card.isVisible(), timeout=5_000)


def test_a_killed_worker_is_noticed_within_three_seconds_and_continues(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.files.open(write_config(tmp_path, epochs=60))
    window.actions_["start"].trigger()
    qtbot.waitUntil(lambda: "last" in _state(window).checkpoints, timeout=_PATIENCE_MS)
    _kill(_run_path(window))
    qtbot.waitUntil(lambda: _status(window) is Status.LOST, timeout=3_000)
    saved = _state(window).checkpoints["last"].epoch

    window.actions_["continue"].trigger()
    qtbot.waitUntil(lambda: _state(window).session == 2 and _state(window).training is not None, timeout=_PATIENCE_MS)
    training = _state(window).training
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
    qtbot.waitUntil(lambda: (runs / "history.csv").is_file(), timeout=_PATIENCE_MS)
    first.kill()
    first.wait()

    window.reattach()
    qtbot.waitUntil(lambda: _status(window) is Status.RUNNING, timeout=10_000)
    assert _run_path(window) == runs
    assert _state(window).epochs[0].epoch == 1, "the history before this window was opened is there"
    seen = len(_state(window).epochs)
    qtbot.waitUntil(lambda: len(_state(window).epochs) > seen, timeout=_PATIENCE_MS)


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
    qtbot.waitUntil(lambda: loss.note is not None and "works" in loss.note.text(0), timeout=_PATIENCE_MS)
    qtbot.mouseClick(window.toolbar.widgetForAction(window.actions_["start"]), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: _status(window) is Status.COMPLETED, timeout=_PATIENCE_MS)
    assert len(list((_run_path(window) / "functions").glob("losses_*.py"))) == 1


def _state(window: MainWindow) -> RunState:
    followed = window.train_page.followed
    return followed.state if followed is not None else RunState()


def _status(window: MainWindow) -> Status | None:
    followed = window.train_page.followed
    return followed.status if followed is not None else None


def _run_path(window: MainWindow) -> Path:
    assert window.train_page.followed is not None
    return window.train_page.followed.path


def _process(run: Path) -> psutil.Process:
    from trainer.runs.folder import RunFolder

    identity = RunFolder(run).read_record().process
    assert identity is not None
    return psutil.Process(identity.process_id)


def _kill(run: Path) -> None:
    os.kill(_process(run).pid, signal.SIGKILL)


def _end_worker(window: MainWindow) -> None:
    followed = window.train_page.followed
    if followed is None or _status(window) is None:
        return
    try:
        process = _process(followed.path)
        process.kill()
        process.wait(5)
    except psutil.NoSuchProcess:
        return
