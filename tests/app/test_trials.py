"""Trying a component out: what the window makes of the command's answer, and of none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.project import Project
from app.training.trials import TrialResult, Trials
from tests.app.fake_command import answer_commands


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(recovery_folder=tmp_path / "recovery")
    yield project
    project.close()


@pytest.fixture
def trials(project: Project) -> Iterator[Trials]:
    trials = Trials(project)
    yield trials
    trials.close()


def result_of(qtbot: QtBot, trials: Trials, key: str = "training.loss") -> TrialResult:
    with qtbot.waitSignal(trials.finished, timeout=20_000) as blocker:
        trials.begin(key)
    assert blocker.args is not None
    assert blocker.args[0] == key
    result: TrialResult = blocker.args[1]
    return result


def test_a_good_trial_gives_its_sentence(
    qtbot: QtBot, trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import json; print('user text'); print(json.dumps({'ok': True, 'message': 'mine works'}))"
    answer_commands(monkeypatch, tmp_path, program)
    assert result_of(qtbot, trials) == TrialResult(True, "mine works")


def test_a_failure_gives_its_place_and_trace(
    qtbot: QtBot, trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import json, sys\n"
        "print(json.dumps({'ok': False, 'message': 'losses.py:3 in mine: ValueError', 'trace': 'the trace'}))\n"
        "sys.exit(2)\n"
    )
    answer_commands(monkeypatch, tmp_path, program)
    assert result_of(qtbot, trials) == TrialResult(False, "losses.py:3 in mine: ValueError", "the trace")


def test_a_process_that_dies_without_a_word_is_told_as_such(
    qtbot: QtBot, trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_commands(monkeypatch, tmp_path, "import os; os._exit(9)")
    result = result_of(qtbot, trials)
    assert not result.is_ok
    assert "ended without a result" in result.sentence
    assert "exit code 9" in result.sentence


def test_the_command_gets_the_unsaved_settings_the_key_and_the_limit(
    qtbot: QtBot, trials: Trials, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "import json, sys\n"
        "text = open(sys.argv[2]).read()\n"
        "print(json.dumps({'ok': 'epochs: 77' in text, 'message': ' '.join(sys.argv[1:2] + sys.argv[3:])}))\n"
    )
    answer_commands(monkeypatch, tmp_path, program)
    project.set_value("training.epochs", 77)
    assert result_of(qtbot, trials) == TrialResult(True, "try training.loss --json --timeout 60")


def test_settings_with_a_problem_are_said_instead_of_tried(qtbot: QtBot, trials: Trials, project: Project) -> None:
    project.set_value("training.epochs", "many")
    result = result_of(qtbot, trials)
    assert not result.is_ok
    assert "training.epochs" in result.sentence


def test_closing_ends_what_is_still_running(trials: Trials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_commands(monkeypatch, tmp_path, "import threading; threading.Event().wait()")
    trials.begin("training.loss")
    trials.begin("training.loss")
    trials.close()  # a process left behind fails the test
