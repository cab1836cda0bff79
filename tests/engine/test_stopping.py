"""Stop, pause, discard and save at an exact place; what is on disk afterwards is that place."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny import NUM_STEPS, Session, TinyRuns, write_code
from trainer.engine.training.control import TrainingControl
from trainer.runs import events as e
from trainer.runs.checkpoints import CheckpointManifest, find_checkpoint, newest_checkpoint, verify_checkpoint
from trainer.runs.folder import RunFolder

pytestmark = [pytest.mark.keras, pytest.mark.usefixtures("every_batch_reported")]

THREE_EPOCHS = {"training.epochs": 3}


def at_batch(epoch: int, step: int, act: Callable[[Any], object]) -> Callable[[Any, Any], None]:
    """React to the end of one batch."""

    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (epoch, step):
            act(control)

    return react


def saved_state(folder: RunFolder, name: str = "last") -> CheckpointManifest:
    """Manifest of a checkpoint whose files are all as they were written."""
    found = find_checkpoint(folder.checkpoints_path, name)
    assert found is not None
    verify_checkpoint(*found)
    return found[1]


def position(folder: RunFolder, name: str = "last") -> tuple[int, int]:
    manifest = saved_state(folder, name)
    return manifest.epoch, manifest.step


def phases(session: Session) -> list[e.Phase]:
    return [event.phase for event in session.all_of(e.PhaseStarted)]


def test_stop_after_epoch_finishes_the_epoch_with_its_validation(runs: TinyRuns) -> None:
    session = runs.train(THREE_EPOCHS, at_batch(1, 2, lambda control: control.request_stop("after_epoch")))
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.STOPPED, e.Reason.STOPPED_AFTER_EPOCH)
    assert session.ending.message == "Stopped after epoch 1 of 3, as asked."
    assert session.all_of(e.BatchesEnded)[-1].step == NUM_STEPS
    assert "val_loss" in session.only(e.EpochEnded).metrics
    assert position(session.folder) == (1, 0)
    assert {"checkpoints/last", "model/final.keras", "model/best.keras", "history.csv"} <= set(session.ending.saved)


def test_stop_now_ends_after_that_batch_without_validation(runs: TinyRuns) -> None:
    session = runs.train(THREE_EPOCHS, at_batch(2, 3, lambda control: control.request_stop("now")))
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert session.ending.message == "Stopped in epoch 2 of 3 after batch 3, as asked."
    assert "[TRAINING] Stopping in epoch 2 after batch 3" in session.lines
    assert session.all_of(e.BatchesEnded)[-1].step == 3
    assert phases(session).count(e.Phase.VALIDATING) == 1 and phases(session)[-1] is e.Phase.SAVING
    assert session.only(e.EpochEnded).epoch == 1
    assert position(session.folder) == (1, 3)
    with session.folder.history_csv_path.open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]
    assert {"model/final.keras", "model/best.keras"} <= set(session.ending.saved)


def test_stop_now_does_not_wait_for_the_rest_of_a_validation(runs: TinyRuns) -> None:
    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.PhaseStarted) and event.phase is e.Phase.VALIDATING:
            control.request_stop("now")

    session = runs.train(THREE_EPOCHS, react)
    assert session.ending.reason is e.Reason.STOPPED_NOW
    assert session.all_of(e.EpochEnded) == []
    assert position(session.folder) == (0, NUM_STEPS)


def test_stop_now_before_the_first_batch_saves_nothing_and_says_so(runs: TinyRuns) -> None:
    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.PhaseStarted) and event.phase is e.Phase.BUILDING_MODEL:
            control.request_stop("now")

    session = runs.train(THREE_EPOCHS, react)
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert "before the first batch" in session.ending.message and session.ending.saved == ()
    assert session.ending.advice == "Continue starts from the beginning."
    assert newest_checkpoint(session.folder.checkpoints_path) is None


def test_discard_ends_after_that_batch_and_leaves_earlier_checkpoints_alone(runs: TinyRuns) -> None:
    session = runs.train(THREE_EPOCHS, at_batch(2, 2, lambda control: control.request_stop("discard")))
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.STOPPED, e.Reason.DISCARDED)
    assert session.ending.saved == ()
    assert session.all_of(e.BatchesEnded)[-1].step == 2
    assert position(session.folder) == (1, 0)
    assert not session.folder.model_path.exists()


def test_a_termination_by_the_system_is_told_from_a_persons_stop(runs: TinyRuns) -> None:
    session = runs.train(THREE_EPOCHS, at_batch(1, 1, lambda control: control.request_stop("now", terminated=True)))
    assert session.ending.reason is e.Reason.TERMINATED
    assert "because the system asked" in session.ending.message
    assert position(session.folder) == (0, 1)


def test_pause_saves_and_holds_until_it_may_go_on(runs: TinyRuns) -> None:
    held_at: list[tuple[int, int]] = []
    folder = runs.create()

    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (2, 2):
            control.request_pause(True)
        if isinstance(event, e.Paused):
            held_at.append(position(folder))
            control.request_pause(False)

    from tests.engine.tiny import run_session

    session = run_session(folder, resume=False, react=react)
    paused = session.only(e.Paused)
    assert (paused.epoch, paused.step) == (2, 2)
    assert held_at == [(1, 2)]
    kinds = [type(event) for event in session.events]
    assert kinds.index(e.Resumed) > kinds.index(e.Paused)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    steps = [event.step for event in session.all_of(e.BatchesEnded) if event.epoch == 2]
    assert steps == [1, 2, 3, 4]


def test_a_paused_run_can_be_stopped(runs: TinyRuns) -> None:
    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and event.step == 2:
            control.request_pause(True)
        if isinstance(event, e.Paused):
            control.request_stop("now")

    session = runs.train(THREE_EPOCHS, react)
    assert session.ending.reason is e.Reason.STOPPED_NOW
    assert position(session.folder) == (0, 2)


def test_a_checkpoint_is_saved_on_request_and_training_goes_on(runs: TinyRuns) -> None:
    session = runs.train({"checkpoints.last_every_epochs": 0}, at_batch(1, 3, lambda c: c.request_checkpoint()))
    saved = [(event.name, event.epoch, event.step) for event in session.all_of(e.CheckpointSaved)]
    assert saved[0] == ("last", 0, 3)
    assert saved[-1] == ("last", 2, 0)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE


# ---------------------------------------------------------------- a loss that is no number

RUINED_IN_EPOCH_2 = """
    import keras

    class Ruin(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.optimizer.learning_rate = 1e38
"""


@pytest.fixture
def ruined(tmp_path: Path) -> dict[str, Any]:
    path = write_code(tmp_path / "ruin.py", RUINED_IN_EPOCH_2)
    return {
        "training.epochs": 4,
        "training.optimizer": "SGD",
        "training.callbacks": [{"name": "Ruin", "file": str(path)}],
    }


@pytest.mark.parametrize(
    ("batch_size", "figure"), [(8, "loss"), (64, "val_loss")], ids=["inside the epoch", "only validation shows it"]
)
def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_healthy_checkpoint(
    runs: TinyRuns, ruined: dict[str, Any], batch_size: int, figure: str
) -> None:
    session = runs.train({**ruined, "data.batch_size": batch_size})
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.FAILED, e.Reason.LOSS_NOT_FINITE)
    assert session.ending.message.startswith(f"The {figure} became ") and "epoch 2" in session.ending.message
    assert "learning rate" in session.ending.advice and "last healthy state" in session.ending.advice
    assert position(session.folder) == position(session.folder, "best") == (1, 0)
    with np.load(session.folder.checkpoints_path / "last" / "state.npz") as saved:
        assert all(np.isfinite(saved[key]).all() for key in saved.files)
    assert session.only(e.EpochEnded).epoch == 1
    assert "model/best.keras" in session.ending.saved


def test_without_stop_on_nan_the_run_goes_on(runs: TinyRuns, ruined: dict[str, Any]) -> None:
    session = runs.train({**ruined, "training.epochs": 2, "training.stop_on_nan": False})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    assert not np.isfinite(session.all_of(e.EpochEnded)[-1].metrics["val_loss"])
    assert position(session.folder, "best") == (1, 0)


# ---------------------------------------------------------------- a disk that is full


def no_room(*arguments: Any, **arrays: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_after_epoch_1(monkeypatch: pytest.MonkeyPatch, module: Any, function: str) -> Callable[[Any, Any], None]:
    """No room from the moment on in which the first epoch is saved; stop in the third."""

    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.CheckpointSaved) and (event.name, event.epoch) == ("last", 1):
            monkeypatch.setattr(module, function, no_room)
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (3, 1):
            control.request_stop("now")

    return react


def test_a_checkpoint_that_cannot_be_written_is_told_and_training_goes_on(
    runs: TinyRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = np.savez, []

    def no_room_twice(*arguments: Any, **arrays: Any) -> None:
        calls.append(1)
        (no_room if len(calls) <= 2 else real)(*arguments, **arrays)

    monkeypatch.setattr(np, "savez", no_room_twice)
    session = runs.train(THREE_EPOCHS)
    notices = [event.message for event in session.all_of(e.Noticed)]
    assert len(notices) == 2 and all("could not be saved: No space left on device" in text for text in notices)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    assert position(session.folder) == (3, 0)


def test_a_full_disk_at_the_end_ends_the_run_with_its_reason(runs: TinyRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    session = runs.train(THREE_EPOCHS, full_after_epoch_1(monkeypatch, os, "fsync"))
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.FAILED, e.Reason.DISK_FULL)
    assert "No space left on device" in session.ending.message
    assert "Free some space" in session.ending.advice
    assert position(session.folder) == (1, 0)
    leftovers = [path.name for path in session.folder.path.rglob(".*") if path.name != ".lock"]
    assert leftovers == []


def test_a_stop_whose_state_could_not_be_saved_does_not_promise_an_exact_continuation(
    runs: TinyRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = runs.train(THREE_EPOCHS, full_after_epoch_1(monkeypatch, np, "savez"))
    assert session.ending.reason is e.Reason.STOPPED_NOW
    assert "could not be saved" in session.ending.advice and "exactly" not in session.ending.advice
    assert position(session.folder) == (1, 0)


# ---------------------------------------------------------------- requests


def test_a_stronger_stop_replaces_a_weaker_one_and_never_the_other_way() -> None:
    control = TrainingControl()
    assert control.request_stop("after_epoch") and control.request_stop("now")
    assert not control.request_stop("after_epoch") and not control.request_stop("now")
    assert control.stop == "now"
    assert control.request_stop("discard") and control.stop == "discard"


def test_nothing_is_pending_once_a_checkpoint_was_taken() -> None:
    control = TrainingControl()
    control.request_checkpoint()
    assert control.is_pending and control.take_checkpoint_request()
    assert not control.is_pending and not control.take_checkpoint_request()
    control.request_stop("after_epoch")
    control.request_checkpoint()
    assert control.take_checkpoint_request() and control.is_pending
