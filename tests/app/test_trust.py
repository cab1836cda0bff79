"""Code that came with a project: what may run, what is asked about, and for how long the answer holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.project import Project
from app.project.trust import files_that_run
from app.project.trusted_files import TrustedFiles
from tests.app.fake_command import answer_commands
from trainer.runs.folder import RunFolder

LOSS = "def own(y_true, y_pred):\n    return y_pred\n"
CONFIG = "training: {loss: {name: own, file: custom_functions/losses.py}}\n"


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives a user's data folder in which nothing has been agreed to."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("app.project.trusted_files.trusted_files_path", lambda: tmp_path / "data" / "trusted.json")
    return tmp_path / "data"


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Gives the configuration of a project that came from elsewhere, with a loss of its own."""
    folder = tmp_path / "foreign"
    (folder / "custom_functions").mkdir(parents=True)
    (folder / "custom_functions" / "losses.py").write_text(LOSS, encoding="utf-8")
    (folder / "own.yaml").write_text(CONFIG, encoding="utf-8")
    return folder / "own.yaml"


@pytest.fixture
def opened(tmp_path: Path, qtbot: QtBot) -> Callable[[Path], Project]:
    """Opens configurations one after the other, each in a project of its own."""

    def open_(path: Path) -> Project:
        project = Project(recovery_folder=tmp_path / "recovery")
        project.open(path)
        return project

    return open_


def unknown(project: Project) -> list[str]:
    return [path.name for path in project.trust.unknown()]


def test_a_project_that_was_opened_is_asked_about_once(opened: Callable[[Path], Project], foreign: Path) -> None:
    project = opened(foreign)
    assert unknown(project) == ["losses.py"]
    project.trust.agree()
    assert unknown(project) == []
    assert unknown(opened(foreign)) == [], "the answer holds for the next window"
    assert sorted(path.name for path in foreign.parent.iterdir()) == ["custom_functions", "own.yaml"]


def test_a_copy_in_another_folder_is_asked_about_again(
    opened: Callable[[Path], Project], foreign: Path, tmp_path: Path
) -> None:
    opened(foreign).trust.agree()
    (tmp_path / "copy" / "custom_functions").mkdir(parents=True)
    for name in ("own.yaml", "custom_functions/losses.py"):
        (tmp_path / "copy" / name).write_bytes((foreign.parent / name).read_bytes())
    assert unknown(opened(tmp_path / "copy" / "own.yaml")) == ["losses.py"]


def test_what_changed_while_no_window_had_it_open_is_asked_about_again(
    opened: Callable[[Path], Project], foreign: Path
) -> None:
    opened(foreign).trust.agree()
    losses = foreign.parent / "custom_functions" / "losses.py"
    losses.write_text(LOSS + "import os\n", encoding="utf-8")
    assert unknown(opened(foreign)) == ["losses.py"]
    losses.write_text(LOSS, encoding="utf-8")
    assert unknown(opened(foreign)) == []


def test_an_edit_while_it_is_open_stays_trusted_also_in_the_next_window(
    qtbot: QtBot, opened: Callable[[Path], Project], foreign: Path
) -> None:
    project = opened(foreign)
    project.trust.agree()
    project.watch_functions()
    qtbot.waitUntil(lambda: not project.functions.is_reading)
    with qtbot.waitSignal(project.functions.changed, timeout=5_000):
        (foreign.parent / "custom_functions" / "losses.py").write_text(LOSS + "# mine\n", encoding="utf-8")
    assert unknown(project) == []
    assert unknown(opened(foreign)) == []
    project.close()


def test_a_file_written_while_the_project_is_open_is_trusted_and_the_others_are_not(
    opened: Callable[[Path], Project], foreign: Path
) -> None:
    project = opened(foreign)
    (foreign.parent / "custom_functions" / "metrics.py").write_text(LOSS, encoding="utf-8")
    project.set_value("training.metrics", [{"file": "custom_functions/metrics.py", "name": "own"}])
    assert unknown(project) == ["losses.py"]


def test_a_time_in_the_future_as_an_archive_can_give_it_changes_nothing(
    opened: Callable[[Path], Project], foreign: Path
) -> None:
    losses = foreign.parent / "custom_functions" / "losses.py"
    os.utime(losses, (4e9, 4e9))
    assert unknown(opened(foreign)) == ["losses.py"]


def test_a_file_from_elsewhere_that_is_loaded_into_a_foreign_project_is_asked_about(
    opened: Callable[[Path], Project], foreign: Path, tmp_path: Path
) -> None:
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / "models.py").write_text(f"# model\n{LOSS}", encoding="utf-8")
    project = opened(foreign)
    project.trust.agree()
    project.set_value("model.architecture", {"file": str(tmp_path / "downloads" / "models.py")})
    assert unknown(project) == ["models.py"]


def test_a_project_made_here_is_never_asked_about_also_when_it_is_opened_again(
    opened: Callable[[Path], Project], foreign: Path, tmp_path: Path
) -> None:
    project = Project(recovery_folder=tmp_path / "recovery")
    project.new({"training": {"loss": {"name": "own", "file": "custom_functions/losses.py"}}})
    assert unknown(project) == []
    project.save_as(foreign.parent / "mine.yaml")
    assert unknown(project) == []
    assert unknown(opened(foreign.parent / "mine.yaml")) == []


def test_a_project_without_files_of_its_own_is_never_asked_about(
    opened: Callable[[Path], Project], tmp_path: Path
) -> None:
    (tmp_path / "plain.yaml").write_text("training: {loss: CategoricalCrossentropy}\n", encoding="utf-8")
    assert unknown(opened(tmp_path / "plain.yaml")) == []


def test_what_a_file_imports_of_its_neighbours_counts_too(opened: Callable[[Path], Project], foreign: Path) -> None:
    folder = foreign.parent / "custom_functions"
    (folder / "losses.py").write_text("import os\nfrom parts.inner import x\nimport shared\n" + LOSS, encoding="utf-8")
    (folder / "shared.py").write_text("import losses\n", encoding="utf-8")
    (folder / "unused.py").write_text("", encoding="utf-8")
    (folder / "parts").mkdir()
    for name in ("__init__", "inner"):
        (folder / "parts" / f"{name}.py").write_text("x = 1\n", encoding="utf-8")
    assert {path.name for path in files_that_run([folder / "losses.py"])} == {
        "losses.py", "shared.py", "__init__.py", "inner.py"
    }  # fmt: skip
    opened(foreign).trust.agree()
    (folder / "shared.py").write_text("x = 2\n", encoding="utf-8")
    assert unknown(opened(foreign)) == ["shared.py"]


def test_a_damaged_record_asks_again_and_is_replaced(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_text("{", encoding="utf-8")
    kept = TrustedFiles(record)
    assert not kept.in_folder(tmp_path)
    kept.add(tmp_path, {"abc": "losses.py"})
    assert TrustedFiles(record).in_folder(tmp_path) == {"abc"}


# ---------------------------------------------------------------- in the window


def test_start_asks_names_the_file_and_not_now_starts_nothing(
    qtbot: QtBot, window: MainWindow, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(window.controller, "start", lambda: started.append("run"))
    window.files.open(foreign)
    assert not window.messages.isVisible(), "looking at a project asks nothing"
    window.actions_["start"].trigger()
    assert "custom_functions/losses.py" in window.messages.text.text()
    qtbot.mouseClick(window.messages.decline_button, Qt.MouseButton.LeftButton)
    assert (started, window.messages.isVisible()) == ([], False)
    window.actions_["start"].trigger()
    qtbot.mouseClick(window.messages.button, Qt.MouseButton.LeftButton)
    assert started == ["run"]
    window.actions_["start"].trigger()
    assert started == ["run", "run"], "asked once only"


def test_an_answer_does_not_count_for_a_project_opened_meanwhile(
    qtbot: QtBot, window: MainWindow, foreign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(window.controller, "start", lambda: started.append("run"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "evil.py").write_text(LOSS, encoding="utf-8")
    (other / "own.yaml").write_text("training: {loss: {name: own, file: evil.py}}\n", encoding="utf-8")
    window.files.open(foreign)
    window.actions_["start"].trigger()
    window.files.open(other / "own.yaml")
    qtbot.mouseClick(window.messages.button, Qt.MouseButton.LeftButton)
    assert not started
    assert "evil.py" in window.messages.text.text()


def test_try_it_the_curve_and_the_rate_finder_ask_too(
    qtbot: QtBot, window: MainWindow, foreign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_commands(monkeypatch, tmp_path, "import json; print(json.dumps({'ok': True, 'message': 'own works'}))")
    window.files.open(foreign)
    for wanted in (window.tools.show_schedule, window.tools.find_rate):
        wanted()
        assert "losses.py" in window.messages.text.text()
        window.messages.hide()
    assert (window.tools.schedule, window.tools.finder) == (None, None)
    window.panel.trial_wanted.emit("training.loss")
    assert "losses.py" in window.messages.text.text()
    with qtbot.waitSignal(window.tools.trials.finished, timeout=20_000) as blocker:
        qtbot.mouseClick(window.messages.button, Qt.MouseButton.LeftButton)
    assert blocker.args is not None
    assert blocker.args[1].is_ok


def test_a_job_that_nobody_was_asked_about_is_refused_with_what_to_do(
    qtbot: QtBot, window: MainWindow, foreign: Path
) -> None:
    window.files.open(foreign)
    with qtbot.waitSignal(window.tools.trials.finished, timeout=5_000) as blocker:
        window.tools.trials.begin("training.loss")
    assert blocker.args is not None
    assert "losses.py came with this project" in blocker.args[1].sentence
    assert "Press Start" in blocker.args[1].sentence


def test_continuing_a_foreign_run_asks_about_the_copies_it_holds(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    continued: list[Path] = []
    monkeypatch.setattr(window.controller, "continue_run", lambda path, *_: continued.append(path))
    run = RunFolder.create(tmp_path / "runs", "{}\n", project="own", seed=0)
    run.functions_path.mkdir()
    (run.functions_path / "losses_12345678.py").write_text(LOSS, encoding="utf-8")
    window.runs_page.continue_requested.emit(run.path)
    assert "functions/losses_12345678.py" in window.messages.text.text()
    assert not continued
    qtbot.mouseClick(window.messages.button, Qt.MouseButton.LeftButton)
    assert continued == [run.path]
    window.runs_page.continue_requested.emit(run.path)
    assert continued == [run.path, run.path]
