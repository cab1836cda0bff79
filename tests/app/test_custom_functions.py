"""The folder of one's own functions is watched, and reading it never holds up the window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.project import Project

GOOD = "def mine(y_true, y_pred):\n    '''A loss.'''\n    return y_true\n"
BAD = "import keras\n\n\ndef mine(y_true, y_pred)\n    return y_true\n"


@pytest.fixture
def project(qtbot: QtBot, tmp_path: Path) -> Iterator[Project]:
    del qtbot
    project = Project(recovery_folder=tmp_path / "recovery")
    path = tmp_path / "mine.yaml"
    path.write_text("training: {epochs: 3}\n", encoding="utf-8")
    project.open(path)
    yield project
    project.close()


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    folder = tmp_path / "custom_functions"
    folder.mkdir()
    return folder


def names(project: Project, kind: str = "loss") -> list[str]:
    return [item.entry.name for item in project.functions.of(kind) if item.entry is not None]


def test_nothing_is_read_before_it_is_asked_for(project: Project, functions: Path) -> None:
    (functions / "losses.py").write_text(GOOD, encoding="utf-8")
    assert names(project) == []
    assert not project.functions.is_watching


def test_a_dropped_in_file_appears_and_goes_with_its_file(qtbot: QtBot, project: Project, functions: Path) -> None:
    project.watch_functions()
    (functions / "losses.py").write_text(GOOD, encoding="utf-8")
    qtbot.waitUntil(lambda: names(project) == ["mine"])
    (functions / "losses.py").unlink()
    qtbot.waitUntil(lambda: names(project) == [])


def test_a_folder_made_later_is_noticed(qtbot: QtBot, project: Project, tmp_path: Path) -> None:
    project.watch_functions()
    folder = tmp_path / "custom_functions"
    folder.mkdir()
    (folder / "losses.py").write_text(GOOD, encoding="utf-8")
    qtbot.waitUntil(lambda: names(project) == ["mine"])


def test_a_file_in_use_outside_the_folder_is_watched_too(qtbot: QtBot, project: Project, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere" / "own.py"
    outside.parent.mkdir()
    outside.write_text(GOOD, encoding="utf-8")
    project.watch_functions()
    qtbot.wait(50)
    project.set_value("training.loss", {"name": "mine", "file": str(outside)})
    assert not any(problem.key == "training.loss" for problem in project.problems)
    with qtbot.waitSignal(project.problems_changed):
        outside.write_text(BAD, encoding="utf-8")
    (problem,) = [problem for problem in project.problems if problem.key == "training.loss"]
    assert "own.py:4" in problem.message


def test_a_broken_file_is_said_with_its_line_until_it_is_mended(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, functions: Path
) -> None:
    (tmp_path / "mine.yaml").write_text("training: {epochs: 3}\n", encoding="utf-8")
    window.files.open(tmp_path / "mine.yaml")
    qtbot.waitUntil(lambda: window.project.functions.is_watching)
    (functions / "losses.py").write_text(BAD, encoding="utf-8")
    qtbot.waitUntil(window.messages.isVisible)
    assert window.messages.text.text() == "custom_functions/losses.py, line 4: Not valid Python: expected ':'."
    (functions / "losses.py").write_text(GOOD, encoding="utf-8")
    qtbot.waitUntil(lambda: not window.messages.isVisible())


def test_many_files_are_read_beside_the_window(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, functions: Path
) -> None:
    text = "\n\n".join(
        f"def loss_{number}(y_true, y_pred, gamma: float = {number}.0):\n    '''One of many.'''\n    return y_true\n"
        for number in range(20)
    )
    for number in range(30):
        (functions / f"losses_{number}.py").write_text(f"# {number}\n{text}", encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("training: {epochs: 3}\n", encoding="utf-8")
    before = time.perf_counter()
    window.files.open(tmp_path / "mine.yaml")
    window.project.watch_functions()
    opened_s = time.perf_counter() - before
    assert names(window.project) == [], "opening has not waited for them"
    qtbot.waitUntil(lambda: len(names(window.project)) == 600)
    assert opened_s < 5


def test_the_tools_are_in_the_run_menu_and_wait_for_a_project(window: MainWindow, tmp_path: Path) -> None:
    menus = {action.text(): action.menu() for action in window.menuBar().actions()}
    texts = [action.text() for action in menus["&Run"].actions()]
    assert "&Find learning rate …" in texts
    assert not window.actions_["find_rate"].isEnabled()
    (tmp_path / "mine.yaml").write_text("training: {epochs: 3}\n", encoding="utf-8")
    window.files.open(tmp_path / "mine.yaml")
    assert window.actions_["find_rate"].isEnabled()
    assert window.actions_["show_schedule"].isEnabled()
