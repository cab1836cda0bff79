"""`train`, `runs` and `stop` as a person types them, short of training itself."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from main import _wants_window
from tests.trainer.conftest import Gardener, WrittenRun
from trainer import __version__
from trainer.cli import main, running
from trainer.cli.watching import exit_code, follow_from_now, watch
from trainer.config.document import load_file
from trainer.runs.checkpoints import CheckpointManifest, write_checkpoint
from trainer.runs.commands import Discard, Pause, Resume, StopAfterEpoch, StopNow, decode_command
from trainer.runs.events import Outcome, Reason
from trainer.runs.folder import RunFolder
from trainer.runs.follow import read_run
from trainer.runs.line_file import LineReader
from trainer.runs.process import ProcessIdentity

Captured = pytest.CaptureFixture[str]


def errors(captured: Captured) -> list[str]:
    return captured.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "error: c.yaml: The file cannot be read: No such file or directory."),
        ("data: [", "error: c.yaml: line 1: Not valid YAML: "),
        ("- a\n", "error: c.yaml: line 1: Expected settings as 'key: value' lines"),
        ("trainning: {}\n", "error: c.yaml: line 1: trainning: There is no such setting. Did you mean 'training'?"),
        ("data: {train_dir: none}\n", "error: c.yaml: line 1: data.train_dir: There is no folder "),
        (
            "data: {train_dir: .}\ntraining: {loss: Focul}\n",
            "error: c.yaml: line 2: training.loss: There is no loss called 'Focul'.",
        ),
    ],
    ids=["missing", "broken", "list", "unknown key", "missing folder", "unknown component"],
)
def test_a_configuration_that_cannot_be_trained_leaves_no_run(
    gardener: Gardener, tmp_path: Path, capsys: Captured, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "c.yaml").write_text(content)
    assert gardener("train", "c.yaml") == 2
    (line,) = errors(capsys)
    assert line.startswith(message)
    assert {entry.name for entry in tmp_path.iterdir()} <= {"c.yaml"}


def test_a_runs_folder_that_cannot_be_written_is_one_error(
    gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "runs").touch()
    (tmp_path / "c.yaml").write_text("data: {train_dir: pets}\n")
    assert gardener("train", "c.yaml") == 2
    (line,) = errors(capsys)
    assert line.startswith(f"error: Cannot write to {tmp_path / 'runs'}: ")


def test_train_needs_something_to_train(gardener: Gardener, capsys: Captured) -> None:
    assert gardener("train") == 2
    assert errors(capsys) == ["error: Give a configuration to train, or --resume RUN."]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[RunFolder, bool]]:
    """Which runs a worker would have been started for, and whether to go on with them."""
    found: list[tuple[RunFolder, bool]] = []
    monkeypatch.setattr(running, "start_worker", lambda folder, *, resume: found.append((folder, resume)))
    return found


def test_train_makes_a_run_that_holds_everything_it_needs(
    gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured, started: list[tuple[RunFolder, bool]]
) -> None:
    (tmp_path / "mine.py").write_text("def focal(y_true, y_pred): ...\n")
    text = "project: {name: pets}\ndata: {train_dir: pets}\ntraining: {loss: {name: focal, file: mine.py}}\n"
    (tmp_path / "c.yaml").write_text(text)
    arguments = ("--runs", "elsewhere", "--set", "training.epochs=2", "--detach")
    assert gardener("train", "c.yaml", *arguments) == 0
    ((folder, resume),) = started
    assert not resume
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "elsewhere" / "exp1")]
    assert folder.path == tmp_path / "elsewhere" / "exp1"
    config = load_file(folder.config_path).require()
    assert config.data.train_dir == str(pictures)
    assert config.training.epochs == 2
    assert folder.read_record().config_path == str(tmp_path / "c.yaml")
    assert [path.read_text() for path in folder.functions_path.glob("*.py")] == ["def focal(y_true, y_pred): ...\n"]
    assert (tmp_path / "c.yaml").read_text() == text


def test_going_on_with_a_run_takes_more_epochs_into_it(
    gardener: Gardener, tmp_path: Path, started: list[tuple[RunFolder, bool]]
) -> None:
    run = WrittenRun(tmp_path / "runs")
    run.end(Outcome.STOPPED, Reason.STOPPED_NOW)
    assert gardener("train", "--resume", "exp1", "--set", "training.epochs=40", "--detach") == 0
    assert [(folder.name, resume) for folder, resume in started] == [("exp1", True)]
    assert load_file(run.folder.config_path).require().training.epochs == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["exp9"], "error: There is no run 'exp9' in "),
        (["exp1", "--set", "data.batch_size=4"], "data.batch_size: A run cannot change this when it goes on."),
        (["exp1", "--set", "training.epochs=0"], "training.epochs: Expected a whole number"),
    ],
)
def test_going_on_with_a_run_can_be_refused(
    gardener: Gardener,
    tmp_path: Path,
    capsys: Captured,
    started: list[tuple[RunFolder, bool]],
    arguments: list[str],
    message: str,
) -> None:
    run = WrittenRun(tmp_path / "runs")
    before = run.folder.config_path.read_bytes()
    assert gardener("train", "--resume", *arguments) == 2
    (line,) = errors(capsys)
    assert message in line
    assert started == []
    assert run.folder.config_path.read_bytes() == before


def test_a_running_run_cannot_be_gone_on_with(
    gardener: Gardener, tmp_path: Path, capsys: Captured, started: list[tuple[RunFolder, bool]]
) -> None:
    WrittenRun(tmp_path / "runs", ProcessIdentity.current()).train(0.5)
    assert gardener("train", "--resume", "exp1") == 2
    assert errors(capsys) == ["error: exp1 is still running. Stop it first, or open it to watch."]
    assert started == []


def test_a_completed_run_goes_on_only_with_more_epochs(
    gardener: Gardener, tmp_path: Path, capsys: Captured, started: list[tuple[RunFolder, bool]]
) -> None:
    folder = WrittenRun(tmp_path / "runs").folder
    write_checkpoint(folder.checkpoints_path, "last", CheckpointManifest(epoch=15, created=1.0), {})
    folder.final_model_path.parent.mkdir()
    folder.final_model_path.touch()
    assert gardener("train", "--resume", "exp1", "--detach") == 2
    (line,) = errors(capsys)
    assert "training.epochs: All 15 epochs of exp1 are done already. Give a larger number of epochs" in line
    assert gardener("train", "--resume", "exp1", "--detach", "--set", "training.epochs=16") == 0
    assert [(found.name, resume) for found, resume in started] == [("exp1", True)]


def test_without_runs_the_list_says_so(gardener: Gardener, tmp_path: Path, capsys: Captured) -> None:
    assert gardener("runs") == 0
    assert capsys.readouterr().out == f"There are no runs in {tmp_path / 'runs'}.\n"
    assert gardener("runs", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def three_runs(tmp_path: Path) -> Path:
    """A completed run, a lost one, and one that is training in this process."""
    for process, is_done in ((None, True), (None, False), (ProcessIdentity.current(), False)):
        run = WrittenRun(tmp_path / "runs", process)
        run.train(0.5, 0.25, 0.75)
        if is_done:
            run.end()
    return tmp_path / "runs"


def test_the_list_shows_a_line_per_run(gardener: Gardener, three_runs: Path, capsys: Captured) -> None:
    assert gardener("runs") == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["run", "status", "model"]
    cells = {row.split()[0]: row.split()[1:] for row in rows}
    assert {name: found[0] for name, found in cells.items()} == {"exp1": "completed", "exp2": "lost", "exp3": "running"}
    assert cells["exp1"][1] == "SmallCNN"
    assert cells["exp1"][-4:] == ["3/5", "2", "val_loss", "0.2500"]


def test_the_list_can_be_json(gardener: Gardener, three_runs: Path, capsys: Captured) -> None:
    assert gardener("runs", "--runs", three_runs, "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {"exp1", "exp2", "exp3"}
    assert rows["exp1"] == rows["exp1"] | {
        "path": str(three_runs / "exp1"),
        "status": "completed",
        "project": "pets",
        "epochs_done": 3,
        "num_epochs": 5,
        "best_epoch": 2,
        "best_metrics": {"loss": 0.25, "val_loss": 0.25},
        "duration_s": 6.0,
    }


def test_a_damaged_run_does_not_hide_the_others(gardener: Gardener, three_runs: Path, capsys: Captured) -> None:
    (three_runs / "exp2" / "run.json").write_text("{")
    assert gardener("runs", "--json") == 0
    out, err = capsys.readouterr()
    assert {row["name"] for row in json.loads(out)} == {"exp1", "exp3"}
    assert err == f"warning: {Path('runs/exp2')} is not a run folder: run.json is missing or damaged.\n"


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["stop"], StopAfterEpoch),
        (["stop", "--now"], StopNow),
        (["stop", "--discard"], Discard),
        (["pause"], Pause),
        (["resume"], Resume),
    ],
)
def test_a_running_run_is_told_what_to_do(
    gardener: Gardener, three_runs: Path, capsys: Captured, arguments: list[str], command: type
) -> None:
    assert gardener(*arguments, "exp3") == 0
    assert capsys.readouterr().out == f"Told exp3 to {arguments[0]}.\n"
    (line,) = LineReader(three_runs / "exp3" / "commands.jsonl").read()
    assert type(decode_command(line)) is command


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("exp1", "error: exp1 is not running; its status is completed."),
        ("exp2", "error: exp2 is not running; its status is lost."),
        ("exp9", "error: There is no run 'exp9' in "),
    ],
)
def test_a_run_that_is_not_running_cannot_be_told_anything(
    gardener: Gardener, three_runs: Path, capsys: Captured, name: str, message: str
) -> None:
    assert gardener("stop", name) == 2
    (line,) = errors(capsys)
    assert line.startswith(message)
    for run in ("exp1", "exp2"):
        assert (three_runs / run / "commands.jsonl").read_bytes() == b""


@pytest.mark.parametrize(
    ("reason", "has_begun", "code"),
    [
        (Reason.CONFIG_ERROR, False, 2),
        (Reason.DATA_ERROR, False, 2),
        (Reason.USER_CODE_ERROR, False, 2),
        (Reason.OUT_OF_MEMORY, False, 1),
        (Reason.INTERNAL_ERROR, False, 1),
        (Reason.DATA_ERROR, True, 1),
        (Reason.USER_CODE_ERROR, True, 1),
        (Reason.LOSS_NOT_FINITE, True, 1),
    ],
)
def test_what_is_refused_before_training_is_bad_input_and_what_fails_in_it_is_a_failure(
    tmp_path: Path, reason: Reason, has_begun: bool, code: int
) -> None:
    run = WrittenRun(tmp_path / "runs")
    if has_begun:
        run.train(0.5)
    run.end(Outcome.FAILED, reason)
    assert exit_code(read_run(run.folder.path).state) == code


class WorkerThatIsToStop:
    """Is sent a signal by the first look, and ends with the second."""

    returncode = 0

    def __init__(self, run: WrittenRun, sent: signal.Signals) -> None:
        self._run, self._sent, self._looks = run, sent, 0

    def poll(self) -> int | None:
        """See `subprocess.Popen.poll`."""
        self._looks += 1
        if self._looks == 1:
            signal.raise_signal(self._sent)
        self._run.end(Outcome.STOPPED, Reason.STOPPED_NOW)
        return 0


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_training_and_not_only_the_watching(
    tmp_path: Path, capsys: Captured, sent: signal.Signals
) -> None:
    run = WrittenRun(tmp_path / "runs")
    run.train(0.5)
    before = signal.getsignal(signal.SIGTERM)
    worker: Any = WorkerThatIsToStop(run, sent)
    assert watch(follow_from_now(run.folder), worker, as_json=True) == 3
    (line,) = LineReader(run.folder.commands_path).read()
    assert type(decode_command(line)) is StopNow
    assert "Stopping after this batch" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_help_lists_the_commands_and_exit_codes(gardener: Gardener, capsys: Captured) -> None:
    assert gardener("--help") == 0
    text = capsys.readouterr().out
    for command in ("new", "sample", "check", "train", "runs", "stop", "pause", "resume"):
        assert f"\n    {command} " in text
    assert "exit codes:" in text
    for code, meaning in enumerate(("done", "training failed", "bad input, refused", "stopped before the last epoch")):
        assert f"{code}  {meaning}" in text


@pytest.mark.parametrize("command", ["new", "sample", "check", "train", "runs", "stop", "pause", "resume"])
def test_each_command_explains_its_options(gardener: Gardener, capsys: Captured, command: str) -> None:
    assert gardener(command, "--help") == 0
    assert f"usage: gardener {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["trane", "c.yaml"], ["stop"], ["train", "c.yaml", "--epochs", "3"], ["--none"]])
def test_what_is_no_command_is_bad_input(gardener: Gardener, capsys: Captured, arguments: list[str]) -> None:
    assert gardener(*arguments) == 2
    assert "usage: gardener" in capsys.readouterr().err


def test_the_version_is_told(gardener: Gardener, capsys: Captured) -> None:
    assert gardener("--version") == 0
    assert capsys.readouterr().out == f"ModelGardener {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "opens"),
    [
        ([], True),
        (["c.yaml"], True),
        (["C.YML"], True),
        (["deep/c.json"], True),
        (["./runs"], True),
        (["runs/exp1"], True),
        (["."], True),
        (["runs"], False),
        (["pictures"], False),
        (["./none"], False),
        (["check", "c.yaml"], False),
        (["c.yaml", "d.yaml"], False),
        (["--help"], False),
        (["--version"], False),
    ],
)
def test_the_window_opens_for_nothing_a_file_or_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], opens: bool
) -> None:
    (tmp_path / "runs" / "exp1").mkdir(parents=True)
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    assert _wants_window(arguments) == opens


def test_the_program_itself_works_from_any_folder_and_loads_neither_window_nor_keras(
    repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "runs").mkdir()
    code = (
        "import runpy, sys; sys.argv = ['main.py', 'runs', '--json']\n"
        f"try: runpy.run_path({str(repository / 'main.py')!r}, run_name='__main__')\n"
        "except SystemExit as ended: assert ended.code == 0, ended.code\n"
        "print(sorted({'PySide6', 'keras', 'tensorflow'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(repository)!r})\n{code}"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "[]\n[]\n", "")


def test_a_configuration_and_a_run_to_go_on_with_are_not_taken_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "flowers.yaml", "--resume", "exp1"]) == 2
    assert "not both" in capsys.readouterr().err
