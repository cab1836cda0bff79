"""A run that was stopped goes on exactly where it was, and one that was done takes more epochs."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.exact_runs import STOPS
from tests.engine.tiny import TinyRuns, write_code
from trainer.errors import ConfigError
from trainer.runs import events as e
from trainer.runs.checkpoints import find_checkpoint
from trainer.runs.folder import RunFolder
from trainer.runs.follow import read_run

pytestmark = pytest.mark.keras

INTERRUPTED = [name for name in STOPS if name != "whole"]


# ---------------------------------------------------------------- bit for bit


@pytest.fixture(scope="module")
def exact_runs(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Folder and reasons by name; see `exact_runs.py`."""
    folder = tmp_path_factory.mktemp("exact")
    command = [sys.executable, "-m", "tests.engine.exact_runs", str(folder)]
    result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=280, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    found: dict[str, Any] = json.loads((folder / "runs.json").read_text(encoding="utf-8"))
    return found


def folder_of(exact_runs: dict[str, Any], name: str) -> RunFolder:
    return RunFolder(Path(exact_runs[name]["folder"]))


def state_of(folder: RunFolder, name: str) -> dict[str, np.ndarray]:
    found = find_checkpoint(folder.checkpoints_path, name)
    assert found is not None
    with np.load(found[0] / "state.npz") as saved:
        return {key: saved[key] for key in saved.files}


def rows_of(folder: RunFolder) -> list[dict[str, str]]:
    """`history.csv` without the durations, which no two runs share."""
    with folder.history_csv_path.open(encoding="utf-8") as file:
        return [{key: value for key, value in row.items() if key != "duration_s"} for row in csv.DictReader(file)]


@pytest.mark.slow
def test_the_uninterrupted_run_stops_early_after_two_lowered_rates(exact_runs: dict[str, Any]) -> None:
    rows = rows_of(folder_of(exact_runs, "whole"))
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([0.01, 0.01, 0.005])
    assert exact_runs["whole"]["reasons"] == ["stopped_early"]


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERRUPTED)
def test_a_continued_run_ends_with_the_very_same_weights(exact_runs: dict[str, Any], name: str) -> None:
    assert exact_runs[name]["reasons"][-1] == "stopped_early"
    for checkpoint in ("last", "best"):
        whole = state_of(folder_of(exact_runs, "whole"), checkpoint)
        continued = state_of(folder_of(exact_runs, name), checkpoint)
        assert whole.keys() == continued.keys()
        different = [key for key in whole if not np.array_equal(whole[key], continued[key])]
        assert different == []


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERRUPTED)
def test_a_continued_run_has_the_very_same_history(exact_runs: dict[str, Any], name: str) -> None:
    continued = folder_of(exact_runs, name)
    assert rows_of(continued) == rows_of(folder_of(exact_runs, "whole"))
    seen = read_run(continued.path).state.epochs
    assert [(r.epoch, r.metrics) for r in seen] == [
        (r.epoch, r.metrics) for r in read_run(folder_of(exact_runs, "whole").path).state.epochs
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", INTERRUPTED)
def test_what_callbacks_remember_survives_every_stop(exact_runs: dict[str, Any], name: str) -> None:
    def remembered(folder: RunFolder) -> dict[str, Any]:
        found = find_checkpoint(folder.checkpoints_path, "last")
        assert found is not None
        callbacks = {key: dict(state) for key, state in found[1].callbacks.items()}
        callbacks["recorder"].pop("epoch_spent_s")
        return callbacks

    whole = remembered(folder_of(exact_runs, "whole"))
    assert whole["early_stopping"]["wait"] == 2
    assert remembered(folder_of(exact_runs, name)) == whole


# ---------------------------------------------------------------- more epochs


def test_a_completed_run_takes_more_epochs(runs: TinyRuns) -> None:
    first = runs.train({"training.epochs": 2})
    second = runs.go_on(first.folder, {"training.epochs": 3})
    started = second.only(e.TrainingStarted)
    assert (started.epochs, started.initial_epoch, started.initial_step) == (3, 2, 0)
    assert "[TRAINING] Continuing after epoch 2, batch 0" in second.lines
    assert [event.epoch for event in second.all_of(e.EpochStarted)] == [3]
    assert second.ending.message == "All 3 epochs are done."
    assert [row["epoch"] for row in rows_of(first.folder)] == ["1", "2", "3"]
    before = [event.metrics for event in first.all_of(e.EpochEnded)]
    assert [record.metrics for record in read_run(first.folder.path).state.epochs][:2] == before


def test_a_run_whose_epochs_are_all_done_says_what_to_change(runs: TinyRuns) -> None:
    first = runs.train({"training.epochs": 1})
    kept = state_of(first.folder, "last")
    events = first.folder.events_path.read_bytes()
    with pytest.raises(ConfigError, match=r"All 1 epochs of exp1 are done already. Give a larger number"):
        runs.go_on(first.folder)
    assert first.folder.events_path.read_bytes() == events, "the run stays a completed one"
    assert all(np.array_equal(kept[key], value) for key, value in state_of(first.folder, "last").items())


def test_a_run_that_only_lacks_its_model_gets_it(runs: TinyRuns) -> None:
    """Such as one whose disk was full when all epochs were done."""
    first = runs.train({"training.epochs": 1})
    (first.folder.model_path / "final.keras").unlink()
    second = runs.go_on(first.folder)
    assert second.ending.outcome is e.Outcome.COMPLETED
    assert (first.folder.model_path / "final.keras").is_file()
    assert not second.all_of(e.EpochStarted), "nothing is trained twice"


def test_a_worse_model_never_takes_the_place_of_the_best(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "spoil.py",
        """
        import keras

        class SpoilLater(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                if epoch == 2:
                    head = self.model.layers[-1]
                    head.set_weights([-100 * weight for weight in head.get_weights()])
        """,
    )
    first = runs.train({"training.callbacks": [{"name": "SpoilLater", "file": str(path)}]})
    best = state_of(first.folder, "best")
    second = runs.go_on(first.folder, {"training.epochs": 4})
    assert [event.is_best for event in second.all_of(e.EpochEnded)] == [False, False]
    now = state_of(first.folder, "best")
    assert all(np.array_equal(best[key], now[key]) for key in best)
    assert json.loads(first.folder.history_json_path.read_text(encoding="utf-8"))["best_epoch"] == 2


def test_a_callback_that_opens_things_at_the_start_works_where_only_validation_is_left(
    runs: TinyRuns, tmp_path: Path
) -> None:
    def stop_in_validation(control: Any, event: Any) -> None:
        if isinstance(event, e.PhaseStarted) and event.phase is e.Phase.VALIDATING:
            control.request_stop("now")

    log = tmp_path / "own.csv"
    logger = {"name": "CSVLogger", "arguments": {"filename": str(log), "append": True}}
    first = runs.train({"training.epochs": 1, "training.callbacks": [logger]}, stop_in_validation)
    second = runs.go_on(first.folder)
    assert second.ending.reason is e.Reason.ALL_EPOCHS_DONE, second.ending.trace
    assert second.all_of(e.BatchesEnded) == []
    with log.open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert float(row["val_loss"]) == pytest.approx(second.only(e.EpochEnded).metrics["val_loss"])


def test_stopping_a_continued_run_before_its_first_batch_keeps_its_place(runs: TinyRuns) -> None:
    def stop_at_once(control: Any, event: Any) -> None:
        if isinstance(event, e.DataLoaded):
            control.request_stop("now")

    first = runs.train({"training.epochs": 1})
    second = runs.go_on(first.folder, {"training.epochs": 2}, stop_at_once)
    assert second.ending.reason is e.Reason.STOPPED_NOW
    assert second.ending.advice == "Continue goes on exactly where it stopped."
    third = runs.go_on(first.folder)
    assert third.only(e.TrainingStarted).initial_epoch == 1
    assert third.ending.reason is e.Reason.ALL_EPOCHS_DONE


def test_a_damaged_checkpoint_is_refused_instead_of_trained_on(runs: TinyRuns) -> None:
    first = runs.train({"training.epochs": 1})
    for name in ("last", "best"):
        path = first.folder.checkpoints_path / name / "state.npz"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.unlink()  # the two names share one file
        path.write_bytes(content)
    second = runs.go_on(first.folder, {"training.epochs": 2})
    assert second.ending.outcome is e.Outcome.FAILED
    assert "is damaged: state.npz is not what was written" in second.ending.message
