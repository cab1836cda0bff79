"""The learning rate's curve and the rate finder: windows that never block."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.project import Project
from app.window.rate_finder_dialog import RateFinderDialog
from app.window.schedule_dialog import ScheduleDialog
from tests.app.fake_command import answer_commands

CURVE = {"steps_per_epoch": 40, "steps_per_epoch_source": "counted", "epochs": [0.0, 1.0, 2.0]}
FOUND = {
    "learning_rates": [1e-5, 1e-4, 1e-3, 1e-2],
    "losses": [2.0, 1.5, 0.7, 3.0],
    "smoothed_losses": [2.0, 1.8, 1.0, 2.5],
    "suggestion": 0.0004321,
    "steepest_descent": 0.0004321,
    "tenth_of_minimum": 1e-4,
    "has_exploded": True,
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(recovery_folder=tmp_path / "recovery")
    yield project
    project.close()


def close(dialog: Any) -> None:
    dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def answer_with(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: dict[str, Any]) -> None:
    answer_commands(monkeypatch, folder, f"print({json.dumps(answer)!r})")


def test_the_curve_is_drawn_and_drawn_again_when_a_setting_that_matters_changes(
    qtbot: QtBot, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, tmp_path, CURVE | {"learning_rates": [0.0, 0.001, 1e-6]})
    dialog = ScheduleDialog(project)
    dialog.show()
    dialog.refresh()
    qtbot.waitUntil(lambda: not dialog.is_busy, timeout=20_000)
    assert dialog.canvas.points.values == [0.0, 0.001, 1e-6]
    assert "40 steps per epoch" in dialog.sentence.text()
    assert dialog.canvas.text_at(0.9) == "epoch 1 · learning rate 0.001"

    answer_with(monkeypatch, tmp_path, CURVE | {"learning_rates": [0.5, 0.5, 0.5]})
    project.set_value("project.name", "elsewhere")
    project.set_value("training.initial_learning_rate", 0.5)
    qtbot.waitUntil(lambda: dialog.canvas.points.values == [0.5, 0.5, 0.5], timeout=20_000)
    close(dialog)


def test_an_error_of_the_schedule_is_said_in_the_window(
    qtbot: QtBot, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_commands(monkeypatch, tmp_path, "import sys; print('error: no such thing', file=sys.stderr); sys.exit(2)")
    dialog = ScheduleDialog(project)
    dialog.refresh()
    qtbot.waitUntil(lambda: not dialog.is_busy, timeout=20_000)
    assert dialog.sentence.text() == "no such thing"
    close(dialog)


def test_the_found_rate_is_marked_and_taken_in_one_undo_step(
    qtbot: QtBot, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, tmp_path, FOUND)
    dialog = RateFinderDialog(project)
    dialog.show()
    dialog.begin()
    assert not dialog.use_button.isEnabled()
    qtbot.waitUntil(lambda: dialog.use_button.isEnabled(), timeout=20_000)
    assert dialog.canvas.points.mark == 0.00043, "two figures are all that it can tell"
    assert "4.3e-4" in dialog.sentence.text()
    dialog.canvas.copy_values()
    assert QGuiApplication.clipboard().text().splitlines()[:2] == ["learning rate,loss", "1e-05,2.0"]
    dialog.use_button.click()
    assert project.value("training.initial_learning_rate") == 0.00043
    project.undo()
    assert project.text == ""
    close(dialog)


def test_steps_show_as_progress_and_cancel_kills_the_search(
    qtbot: QtBot, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import sys, threading\nprint('progress: 7/100', file=sys.stderr, flush=True)\nthreading.Event().wait()\n"
    answer_commands(monkeypatch, tmp_path, program)
    dialog = RateFinderDialog(project)
    dialog.show()
    dialog.begin()
    qtbot.waitUntil(lambda: dialog.bar.value() == 7, timeout=20_000)
    assert dialog.bar.maximum() == 100
    dialog.cancel_button.click()
    assert not dialog.is_busy
    assert dialog.sentence.text() == "Cancelled. Nothing was changed."
    assert dialog.again_button.isEnabled()
    close(dialog)


def test_a_loss_that_never_fell_gives_no_rate_to_take(
    qtbot: QtBot, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, tmp_path, FOUND | {"suggestion": None, "tenth_of_minimum": None})
    dialog = RateFinderDialog(project)
    dialog.begin()
    qtbot.waitUntil(lambda: not dialog.is_busy, timeout=20_000)
    assert "never fell" in dialog.sentence.text()
    assert not dialog.use_button.isEnabled()
    close(dialog)
