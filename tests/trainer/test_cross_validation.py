"""Cross-validation: what it does with its folds, whatever becomes of them. The folds' workers are played here."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.check import check_config
from trainer.catalog.check_folds import fold_problems
from trainer.config.config import Config
from trainer.config.document import load_file
from trainer.engine import cross_validation
from trainer.errors import ConfigError, RunError
from trainer.launch import create_run, prepare_continue
from trainer.runs import commands as c
from trainer.runs import events as e
from trainer.runs.folder import RunFolder
from trainer.runs.follow import read_run
from trainer.runs.output import RunOutput
from trainer.runs.process import ProcessIdentity
from trainer.runs.state import RunState, Status
from trainer.runs.store import summarize

LOSS = "def own(y_true, y_pred):\n    return y_pred\n"


class PlayedWorker:
    """Plays the worker of a fold: says what its script says, one entry each time it is asked whether it ended."""

    returncode = 0

    def __init__(self, folder: RunFolder, script: list[Any]) -> None:
        self._folder = folder
        self._output = RunOutput(folder.events_path)
        self._script = [*script]
        record = folder.read_record()
        session = record.session + 1
        changes = {"session": session, "process": ProcessIdentity.current()}
        folder.write_record(record.model_copy(update=changes))
        self._output.emit(e.SessionStarted(session=session, process_id=1))

    def poll(self) -> int | None:
        if not self._script:
            return 0
        entry = self._script.pop(0)
        if entry == "die":
            changes = {"process": ProcessIdentity(process_id=2**22 + 1, start_time=0.0)}
            self._folder.write_record(self._folder.read_record().model_copy(update=changes))
            self._script = []
            return -9
        if callable(entry):
            entry()
        else:
            self._output.emit(entry)
            with self._folder.log_path.open("a", encoding="utf-8") as log:
                log.write(f"{self._folder.name} says {type(entry).__name__}\n")
        return None


def epochs(*losses: float) -> list[Any]:
    """A training of these validation losses, to its end."""
    best = min(losses)
    return [
        e.ModelBuilt(name="tiny", num_parameters=1, num_trainable_parameters=1),
        e.TrainingStarted(epochs=len(losses), steps_per_epoch=1, batch_size=1),
        *(
            e.EpochEnded(
                epoch=number, metrics={"val_loss": loss}, learning_rate=0.1, duration_s=2.0, is_best=loss == best
            )
            for number, loss in enumerate(losses, start=1)
        ),
        e.Evaluated(split="test", metrics={"loss": losses[-1] + 1}),
        e.SessionEnded(outcome=e.Outcome.COMPLETED, reason=e.Reason.ALL_EPOCHS_DONE, message="Done."),
    ]


STOPPED = e.SessionEnded(outcome=e.Outcome.STOPPED, reason=e.Reason.STOPPED_NOW, message="As asked.")


class Played:
    """A cross-validation of three folds whose workers are played."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "pictures" / "a").mkdir(parents=True)
        (folder / "losses.py").write_text(LOSS, encoding="utf-8")
        self.values: dict[str, Any] = {
            "data": {"train_dir": "pictures", "split": {"num_folds": 3}},
            "training": {"loss": {"name": "own", "file": "losses.py"}},
        }
        self.folder = create_run(Config.model_validate(self.values), folder)
        self.scripts: dict[int, list[Any]] = {fold: epochs(1.0 * fold) for fold in (1, 2, 3)}
        self.started: list[tuple[str, bool]] = []
        monkeypatch.setattr(cross_validation, "start_worker", self._start)
        monkeypatch.setattr(cross_validation, "_TICK_S", 0.0)

    def run(self, *, resume: bool = False) -> e.SessionEnded:
        """One session of it; its end."""
        offset = self.folder.commands_path.stat().st_size if resume else 0
        cross_validation._CrossValidation(self.folder, offset).run(resume=resume)
        end = self.state.end
        assert end is not None
        return end

    @property
    def state(self) -> RunState:
        """What its folder says of it."""
        return read_run(self.folder.path).state

    @property
    def summary(self) -> dict[str, Any]:
        """Its file."""
        content: dict[str, Any] = json.loads(self.folder.cross_validation_path.read_text(encoding="utf-8"))
        return content

    def _start(self, folder: RunFolder, *, resume: bool) -> PlayedWorker:
        self.started.append((folder.name, resume))
        return PlayedWorker(folder, self.scripts[folder.read_record().fold])


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    names = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(name) for name in names]
    yield Played(tmp_path, monkeypatch)
    for name, handler in zip(names, before, strict=True):
        signal.signal(name, handler)


def test_the_folds_are_runs_beside_it_and_their_mean_and_deviation_are_told(played: Played) -> None:
    played.scripts[2] = epochs(9.0, 2.0, 5.0)
    end = played.run()
    assert (end.outcome, end.reason) == (e.Outcome.COMPLETED, e.Reason.ALL_FOLDS_DONE)
    assert played.started == [("exp1_fold1", False), ("exp1_fold2", False), ("exp1_fold3", False)]
    assert played.summary["mean"] == {"val_loss": 2.0, "test_loss": pytest.approx((2 + 6 + 4) / 3)}
    assert played.summary["deviation"]["val_loss"] == 1.0
    assert [fold["best_epoch"] for fold in played.summary["folds"]] == [1, 2, 1]
    assert played.folder.read_record().kind == "cross_validation"
    for fold in (1, 2, 3):
        child = played.folder.fold_folder(fold)
        config = load_file(child.config_path).require(child.config_path)
        assert (config.data.split.fold, config.data.split.num_folds) == (fold, 3)
        record = child.read_record()
        assert (record.kind, record.parent, record.fold, record.name) == ("training", "exp1", fold, child.name)
        assert [path.read_text(encoding="utf-8") for path in child.functions_path.glob("*.py")] == [LOSS]


def test_whoever_follows_it_sees_the_fold_that_is_being_trained(
    played: Played, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[int, int, float, Status]] = []

    def look() -> None:
        state = played.state
        seen.append((state.fold, len(state.epochs), round(state.fraction_done, 3), state.status(is_alive=True)))

    played.scripts[2] = [look, *epochs(2.0, 3.0)[:3], lambda: None, look, *epochs(2.0, 3.0)[3:]]
    played.run()
    assert seen == [(2, 0, 0.333, Status.STARTING), (2, 1, 0.5, Status.RUNNING)]
    state = played.state
    assert (state.fold, state.num_folds, state.fold_run) == (3, 3, "exp1_fold3")
    assert state.session == 1, "sessions of the folds are none of its own"
    assert sum(b"SessionEnded" in line for line in played.folder.events_path.read_bytes().splitlines()) == 1
    assert "exp1_fold2 says EpochEnded" in capsys.readouterr().out
    summary = summarize(played.folder.path)
    assert (summary.num_folds, summary.epochs_done, summary.num_epochs, summary.model) == (3, 3, 3, "tiny")
    assert summary.best_metrics["val_loss"] == 2.0


@pytest.mark.parametrize("command", [c.StopNow(), c.StopAfterEpoch(), c.Discard(), c.Terminate()])
def test_a_stop_ends_the_fold_and_the_rest_and_continue_goes_on_with_that_fold(played: Played, command: Any) -> None:
    told: list[str] = []

    def obey() -> None:
        told.append(played.folder.fold_folder(2).commands_path.read_text(encoding="utf-8"))

    started = epochs(2.0)
    script = played.scripts[2]
    played.scripts[2] = [*started[:2], lambda: played.folder.send(command), lambda: None, obey, STOPPED]
    end = played.run()
    assert (end.outcome, end.reason) == (e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert end.message == "Stopped in fold 2 of 3 (exp1_fold2): As asked."
    assert command.command in told[0]
    assert played.state.stop_requested
    assert len(played.summary["folds"]) == 1

    played.scripts[2] = script
    prepare_continue(played.folder)
    assert played.run(resume=True).reason is e.Reason.ALL_FOLDS_DONE
    assert played.started[2:] == [("exp1_fold2", True), ("exp1_fold3", False)]
    assert played.summary["mean"]["val_loss"] == 2.0
    assert played.state.session == 2


def test_a_stop_between_two_folds_trains_no_other(played: Played) -> None:
    played.scripts[1].insert(-1, lambda: played.folder.send(c.StopAfterEpoch()))
    end = played.run()
    assert (end.outcome, end.message) == (e.Outcome.STOPPED, "Stopped before fold 2 of 3.")
    assert played.started == [("exp1_fold1", False)]


def test_a_signal_of_the_system_stops_the_fold_at_once(played: Played) -> None:
    def obey() -> None:
        assert "stop_now" in played.folder.fold_folder(1).commands_path.read_text(encoding="utf-8")

    played.scripts[1] = [lambda: signal.raise_signal(signal.SIGTERM), lambda: None, obey, STOPPED]
    assert played.run().reason is e.Reason.TERMINATED


def test_pause_and_resume_reach_the_fold_and_show(played: Played) -> None:
    statuses: list[Status] = []
    played.scripts[1] = [
        *epochs(1.0)[:2],
        lambda: played.folder.send(c.Pause()),
        e.Paused(epoch=1, step=1),
        lambda: statuses.append(played.state.status(is_alive=True)),
        e.Resumed(),
        *epochs(1.0)[2:],
    ]
    played.scripts[1].insert(4, lambda: None)
    played.run()
    assert statuses == [Status.PAUSED]
    assert '"pause"' in played.folder.fold_folder(1).commands_path.read_text(encoding="utf-8")


def test_a_fold_that_fails_ends_it_with_the_folds_reason_and_place(played: Played) -> None:
    failure = e.SessionEnded(
        outcome=e.Outcome.FAILED,
        reason=e.Reason.USER_CODE_ERROR,
        message="losses.py:2: no",
        advice="Correct the line.",
        file="losses.py",
        line=2,
    )
    played.scripts[2] = [failure]
    end = played.run()
    assert (end.outcome, end.reason, end.file, end.line) == (
        e.Outcome.FAILED, e.Reason.USER_CODE_ERROR, "losses.py", 2
    )  # fmt: skip
    assert end.message == "Failed in fold 2 of 3 (exp1_fold2): losses.py:2: no"
    assert end.advice == "Correct the line. Continue goes on with this fold."


def test_a_fold_whose_worker_dies_is_said_and_continued(played: Played) -> None:
    whole = played.scripts[2]
    played.scripts[2] = [*whole[:2], "die"]
    end = played.run()
    assert end.outcome is e.Outcome.FAILED
    assert "fold 2 of 3 ended without saying why" in end.message
    played.scripts[2] = whole
    assert played.run(resume=True).outcome is e.Outcome.COMPLETED


def test_a_fold_that_outlived_it_is_watched_and_not_started_twice(played: Played) -> None:
    config = load_file(played.folder.config_path).require(played.folder.config_path)
    child = played.folder.create_fold(1, cross_validation._config_of_fold(config, 1))
    worker = PlayedWorker(child, epochs(1.0))
    while worker.poll() is None:
        pass
    assert played.run(resume=True).outcome is e.Outcome.COMPLETED
    assert [name for name, _ in played.started] == ["exp1_fold2", "exp1_fold3"]
    assert played.state.fold_results[1].metrics["val_loss"] == 1.0


def test_a_completed_one_cannot_go_on_and_settings_cannot_change_in_the_middle(played: Played) -> None:
    played.scripts[2] = [STOPPED]
    played.run()
    with pytest.raises(ConfigError, match="settings of the folds that are done"):
        prepare_continue(played.folder, {"training.epochs": 9})
    played.scripts[2] = epochs(2.0)
    played.run(resume=True)
    with pytest.raises(RunError, match="All folds of exp1 are done"):
        prepare_continue(played.folder)


def test_a_figure_that_is_no_number_leaves_the_file_readable(played: Played) -> None:
    played.scripts[2] = epochs(2.0)
    played.scripts[2][2] = played.scripts[2][2].model_copy(update={"metrics": {"val_loss": float("nan")}})
    played.run()
    assert played.summary["mean"]["val_loss"] is None
    assert played.summary["folds"][1]["metrics"]["val_loss"] is None


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"split": {"num_folds": 1}}, "data.split.num_folds", "2 or more"),
        ({"split": {"num_folds": 3, "fold": 4}}, "data.split.fold", "There are 3 folds, received 4"),
        ({"split": {"fold": 2}}, "data.split.fold", "of how many"),
        ({"split": {"num_folds": 3}, "val_dir": "elsewhere"}, "data.val_dir", "validates on its folds"),
        ({"split": {"num_folds": 3}, "loader": {"file": "own.py"}}, "data.split.num_folds", "cannot be divided"),
    ],
)
def test_what_cannot_be_divided_into_folds_is_refused_before_the_start(
    changes: dict[str, Any], key: str, words: str, tmp_path: Path
) -> None:
    config = Config.model_validate({"data": changes})
    (problem,) = fold_problems(config)
    assert problem.key == key
    assert words in problem.message
    assert problem in check_config(config, tmp_path)


@pytest.mark.parametrize("split", [{}, {"num_folds": 2}, {"num_folds": 5, "fold": 5}])
def test_what_can_be_divided_is_not_refused(split: dict[str, int]) -> None:
    assert fold_problems(Config.model_validate({"data": {"split": split}})) == ()


def test_one_fold_alone_is_an_ordinary_run(tmp_path: Path) -> None:
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    values = {"data": {"train_dir": "pictures", "split": {"num_folds": 3, "fold": 2}}}
    assert create_run(Config.model_validate(values), tmp_path).read_record().kind == "training"


def test_it_needs_no_keras(repository: Path) -> None:
    import subprocess

    code = "import trainer.engine.cross_validation, sys; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
