"""Bad files of a person, through the command line and the real worker: the message, the state and what is kept."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.tiny import TinyRuns, draw_pictures, write_code
from trainer.cli import EXIT_BAD_INPUT, main
from trainer.config.yaml_editor import dump_yaml
from trainer.launch import start_worker
from trainer.runs import commands as c
from trainer.runs import events as e
from trainer.runs.folder import RunFolder
from trainer.runs.follow import read_run

PATIENCE_S = 240.0

SYNTAX_ERROR = """
    import keras

    def loss(y_true, y_pred)
        return y_pred
"""
WRONG_SIGNATURE = """
    import keras


    def loss(prediction):
        return prediction
"""
BAD_CALLBACKS = """
    import os
    import sys

    import keras


    class Wanders(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            os.chdir(os.sep)


    class Chatters(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                for number in range(100_000):
                    print("line", number)


    class Raises(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyError("third epoch")


    class Exits(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                sys.exit(7)


    class Loops(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            while epoch == 2:
                pass
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture
def runs(tmp_path: Path, pictures: Path) -> TinyRuns:
    return TinyRuns(tmp_path, pictures)


@pytest.fixture
def started() -> Iterator[Callable[[RunFolder], subprocess.Popen[bytes]]]:
    """Starts workers, and ends those that a failed test leaves."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(folder: RunFolder) -> subprocess.Popen[bytes]:
        processes.append(start_worker(folder))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited {PATIENCE_S} s for {what}"
        time.sleep(0.05)


def bad_callbacks(folder: Path, *names: str) -> dict[str, Any]:
    """Callbacks of a file that is called like a module of Python, which TensorFlow imports too."""
    path = write_code(folder / "random.py", BAD_CALLBACKS)
    return {
        "training.epochs": 4,
        "training.callbacks": [{"name": name, "file": str(path)} for name in names],
        "output.runs_dir": str(folder / "runs"),
    }


def ending_of(folder: RunFolder) -> e.SessionEnded:
    end = read_run(folder.path).state.end
    assert end is not None
    return end


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        (SYNTAX_ERROR, 3, ["Not valid Python", "expected ':'"]),
        (WRONG_SIGNATURE, 4, ["It takes (prediction)", "function(y_true, y_pred, ...)"]),
    ],
    ids=["syntax error", "wrong signature"],
)
@pytest.mark.parametrize("command", ["check", "train"])
def test_a_file_that_cannot_work_is_refused_before_the_start(
    tmp_path: Path,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    code: str,
    line: int,
    words: list[str],
) -> None:
    write_code(tmp_path / "own.py", code)
    config = tmp_path / "own.yaml"
    loss = {"file": "own.py", "name": "loss"}
    config.write_text(dump_yaml({"data": {"train_dir": str(pictures)}, "training": {"loss": loss}}), encoding="utf-8")
    assert main([command, str(config)]) == EXIT_BAD_INPUT
    told = "".join(capsys.readouterr())
    assert f"own.py:{line}" in told
    assert all(word in told for word in words)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "statement", "message"),
    [("Raises", 'raise KeyError("third epoch")', "KeyError: 'third epoch'"), ("Exits", "sys.exit(7)", "SystemExit: 7")],
)
def test_one_that_fails_in_the_third_epoch_is_named_and_two_epochs_are_kept(
    runs: TinyRuns,
    tmp_path: Path,
    started: Callable[[RunFolder], subprocess.Popen[bytes]],
    name: str,
    statement: str,
    message: str,
) -> None:
    folder = runs.create(bad_callbacks(tmp_path, "Wanders", "Chatters", name))
    assert started(folder).wait(PATIENCE_S) == 1
    ending = ending_of(folder)
    source = (tmp_path / "random.py").read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(source, 1) if statement in text)
    assert (ending.outcome, ending.reason) == (e.Outcome.FAILED, e.Reason.USER_CODE_ERROR)
    assert (ending.file, ending.line) == (str(tmp_path / "random.py"), line)
    assert f"random.py:{line} in on_epoch_begin: {message}" in ending.message
    assert statement in ending.trace
    assert {"checkpoints/last", "checkpoints/best", "model/best.keras", "history.csv"} <= set(ending.saved)
    assert all((folder.path / name).exists() for name in ending.saved)
    rows = folder.history_csv_path.read_text(encoding="utf-8").splitlines()
    assert [row.partition(",")[0] for row in rows] == ["epoch", "1", "2"]
    log = folder.log_path.read_text(encoding="utf-8")
    assert log.count("\nline ") >= 99_999 and "\nline 99999\n" in log
    assert f"random.py:{line}" in log


@pytest.mark.slow
def test_one_that_loops_for_ever_can_be_terminated_and_keeps_its_epochs(
    runs: TinyRuns,
    tmp_path: Path,
    started: Callable[[RunFolder], subprocess.Popen[bytes]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = runs.create(bad_callbacks(tmp_path, "Loops"))
    process = started(folder)
    wait_until(lambda: len(read_run(folder.path).state.epochs) == 2, "two epochs")
    assert main(["stop", str(folder.path), "--now"]) == 0
    wait_until(lambda: read_run(folder.path).state.stop_requested == "now", "the worker to hear of the stop")
    assert process.poll() is None, "a stop waits for the batch, which never ends"
    folder.send(c.Terminate())
    process.wait(PATIENCE_S)
    ending = ending_of(folder)
    assert (ending.outcome, ending.reason) == (e.Outcome.STOPPED, e.Reason.TERMINATED)
    assert (folder.checkpoints_path / "last" / "manifest.json").is_file()
    rows = folder.history_csv_path.read_text(encoding="utf-8").splitlines()
    assert [row.partition(",")[0] for row in rows] == ["epoch", "1", "2"]
    assert "Told" in capsys.readouterr().out
