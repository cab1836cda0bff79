"""A person's own training loop is under control whatever it does; its epochs are recorded and nothing counts twice."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.loops import LOOPS
from tests.engine.tiny import NUM_STEPS, Session, TinyRuns, run_session, write_code
from trainer.runs import events as e
from trainer.runs.checkpoints import find_checkpoint
from trainer.runs.folder import RunFolder

pytestmark = [pytest.mark.keras, pytest.mark.usefixtures("every_batch_reported")]

Loop = Callable[..., dict[str, Any]]
ALL_BATCHES = [(epoch, step) for epoch in (1, 2, 3) for step in range(1, NUM_STEPS + 1)]


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """Settings of a run of three epochs with one of `LOOPS`."""
    path = write_code(tmp_path_factory.mktemp("loops") / "loops.py", LOOPS)

    def settings(name: str, **arguments: Any) -> dict[str, Any]:
        chosen = {"name": name, "file": str(path), "arguments": arguments}
        return {"training.epochs": 3, "training.training_loop": chosen}

    return settings


@pytest.fixture(scope="module")
def trained(loop: Loop, tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Callable[[str], Session]:
    """A run with a loop and nothing else, trained for the first test that looks at it; the others only read it."""
    runs = TinyRuns(tmp_path_factory.mktemp("trained"), pictures)
    return functools.cache(lambda name: runs.train(loop(name)))


def at_batch(epoch: int, step: int, act: Callable[[Any], object]) -> Callable[[Any, Any], None]:
    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (epoch, step):
            act(control)

    return react


def position(folder: RunFolder) -> tuple[int, int]:
    found = find_checkpoint(folder.checkpoints_path, "last")
    assert found is not None
    return found[1].epoch, found[1].step


def epochs_of(session: Session) -> list[int]:
    return [event.epoch for event in session.all_of(e.EpochEnded)]


def batches_of(session: Session) -> list[tuple[int, int]]:
    return [(event.epoch, event.step) for event in session.all_of(e.BatchesEnded)]


def weights_of(folder: RunFolder) -> list[np.ndarray[Any, Any]]:
    with np.load(folder.checkpoints_path / "last" / "state.npz") as saved:
        return [saved[key] for key in sorted(saved.files) if key.startswith("model")]


# ---------------------------------------------------------------- epochs and figures


@pytest.mark.parametrize("name", ["document", "graph", "mapped", "calling", "compiled", "plain_fit", "Loop"])
def test_every_kind_of_loop_has_its_batches_and_epochs_seen_once(trained: Callable[[str], Session], name: str) -> None:
    session = trained(name)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace
    assert batches_of(session) == ALL_BATCHES
    assert [event.epoch for event in session.all_of(e.EpochStarted)] == epochs_of(session) == [1, 2, 3]
    with session.folder.history_csv_path.open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3"]
    assert {"checkpoints/last", "checkpoints/best", "model/best.keras"} <= set(session.ending.saved)
    assert position(session.folder) == (3, 0)


def test_figures_that_a_loop_gives_to_callbacks_are_those_of_the_run(runs: TinyRuns, loop: Loop) -> None:
    session = runs.train(loop("calling", each=True))
    assert [event.metrics["val_loss"] for event in session.all_of(e.EpochEnded)] == [10.0, 9.0, 8.0]
    assert not any("model.evaluate" in line for line in session.lines)


def test_a_fit_inside_the_loop_gives_the_figures_that_fit_would(
    runs: TinyRuns, trained: Callable[[str], Session]
) -> None:
    standard = runs.train({"training.epochs": 3})
    for name in ("compiled", "plain_fit"):
        session = trained(name)
        for own, usual in zip(session.all_of(e.EpochEnded), standard.all_of(e.EpochEnded), strict=True):
            assert own.metrics == pytest.approx(usual.metrics, abs=1e-5)


def test_what_a_loop_does_not_report_is_measured_and_said_once(trained: Callable[[str], Session]) -> None:
    session = trained("document")
    assert all(set(event.metrics) == {"val_loss", "val_accuracy"} for event in session.all_of(e.EpochEnded))
    assert sum("no validation figures: they are measured" in line for line in session.lines) == 1


def test_the_context_takes_figures_and_tells_where_the_run_is(runs: TinyRuns, loop: Loop) -> None:
    session = runs.train(loop("reporting", offset=5.0))
    figures = [event.metrics for event in session.all_of(e.EpochEnded)]
    assert [(each["val_loss"], each["val_mine"]) for each in figures] == [(5.0, 0.0), (4.0, 1.0), (3.0, 2.0)]
    assert all("loss" in each for each in figures)
    assert f"[LOOP] from 0 by 0.01, {NUM_STEPS} steps" in session.lines
    assert max(step for _, step in batches_of(session)) == 2, "take(2) ends an epoch after two batches"


def test_looking_at_the_data_is_no_epoch(
    runs: TinyRuns, loop: Loop, trained: Callable[[str], Session], capfd: pytest.CaptureFixture[str]
) -> None:
    session = runs.train(loop("peeking"))
    assert "seen 4 27" in capfd.readouterr().out
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace
    assert epochs_of(session) == [1, 2, 3]
    assert weights_of(session.folder)[0] == pytest.approx(weights_of(trained("document").folder)[0])


def test_an_optimizer_of_its_own_is_told_once_that_its_state_is_not_saved(runs: TinyRuns, loop: Loop) -> None:
    session = runs.train(loop("own_optimizer"))
    assert "optimizer of its own" in session.only(e.Noticed).message
    assert epochs_of(session) == [1, 2, 3]


def test_figures_of_a_returned_history_count_for_the_last_epoch(runs: TinyRuns, loop: Loop) -> None:
    session = runs.train({**loop("early"), "training.epochs": 1})
    assert session.only(e.EpochEnded).metrics == {"loss": 0.75, "val_loss": 0.5}


# ---------------------------------------------------------------- control


@pytest.mark.parametrize("name", ["document", "graph", "compiled", "swallowing"])
def test_stop_now_leaves_the_loop_at_that_batch_and_continue_ends_as_if_never_stopped(
    runs: TinyRuns, loop: Loop, name: str
) -> None:
    session = runs.train(loop(name), at_batch(2, 2, lambda control: control.request_stop("now")))
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert session.ending.message == "Stopped in epoch 2 of 3 after batch 2, as asked."
    assert position(session.folder) == (1, 2)
    second = runs.go_on(session.folder)
    assert second.ending.reason is e.Reason.ALL_EPOCHS_DONE, second.ending.trace
    assert batches_of(second) == ALL_BATCHES[6:]
    assert epochs_of(second) == [2, 3]


def test_a_continued_loop_ends_with_the_weights_of_one_that_was_never_stopped(runs: TinyRuns, loop: Loop) -> None:
    settings = {**loop("document"), "model.dropout_rate": 0.0}
    whole = runs.train(settings)
    first = runs.train(settings, at_batch(2, 1, lambda control: control.request_stop("now")))
    runs.go_on(first.folder)
    for own, expected in zip(weights_of(first.folder), weights_of(whole.folder), strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["document", "calling", "endless"])
def test_stop_after_epoch_ends_a_loop_that_does_not_ask(runs: TinyRuns, loop: Loop, name: str) -> None:
    session = runs.train(loop(name), at_batch(1, 2, lambda control: control.request_stop("after_epoch")))
    assert session.ending.reason is e.Reason.STOPPED_AFTER_EPOCH
    assert batches_of(session) == ALL_BATCHES[:NUM_STEPS]
    assert position(session.folder) == (1, 0)


def test_a_stop_during_the_last_batch_still_closes_what_is_left(runs: TinyRuns, loop: Loop) -> None:
    session = runs.train(loop("document"), at_batch(1, NUM_STEPS, lambda control: control.request_stop("now")))
    assert position(session.folder) == (0, NUM_STEPS)
    second = runs.go_on(session.folder)
    assert (epochs_of(second), batches_of(second)) == ([1, 2, 3], ALL_BATCHES[NUM_STEPS:])


def test_pause_saves_and_holds_and_a_checkpoint_is_saved_on_request(runs: TinyRuns, loop: Loop) -> None:
    folder = runs.create(loop("graph"))
    held_at: list[tuple[int, int]] = []

    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (1, 3):
            control.request_checkpoint()
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (2, 1):
            control.request_pause(True)
        if isinstance(event, e.Paused):
            held_at.append(position(folder))
            control.request_pause(False)

    session = run_session(folder, resume=False, react=react)
    saved = [(event.epoch, event.step) for event in session.all_of(e.CheckpointSaved) if event.name == "last"]
    assert saved[0] == (0, 3) and held_at == [(1, 1)]
    assert batches_of(session) == ALL_BATCHES


def test_a_loop_without_end_ends_after_its_epochs(runs: TinyRuns, loop: Loop) -> None:
    session = runs.train(loop("endless"))
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    assert epochs_of(session) == [1, 2, 3]


def test_early_stopping_ends_a_loop_that_does_not_look_at_it(runs: TinyRuns, loop: Loop) -> None:
    early = {"training.early_stopping": {"enabled": True, "patience": 1, "min_delta": 99.0}}
    session = runs.train({**loop("document"), **early})
    assert session.ending.reason is e.Reason.STOPPED_EARLY and epochs_of(session) == [1, 2]


# ---------------------------------------------------------------- loops that fail


@pytest.mark.parametrize(
    ("name", "text", "message", "saved_at"),
    [
        ("failing", 'raise KeyError("third epoch")', "KeyError: 'third epoch'", (2, 1)),
        ("exiting", "sys.exit(4)", "SystemExit: 4", (0, NUM_STEPS)),
        ("misreporting", "context.report([0.5])", "Expected a dictionary of figures", (0, NUM_STEPS)),
    ],
)
def test_a_failing_loop_is_named_by_line_and_what_was_trained_is_saved(
    runs: TinyRuns, loop: Loop, name: str, text: str, message: str, saved_at: tuple[int, int]
) -> None:
    settings = loop(name)
    session = runs.train(settings)
    path = Path(settings["training.training_loop"]["file"])
    line = next(number for number, code in enumerate(path.read_text().splitlines(), 1) if text in code)
    ending = session.ending
    assert (ending.outcome, ending.reason) == (e.Outcome.FAILED, e.Reason.USER_CODE_ERROR)
    assert (ending.file, ending.line) == (str(path), line)
    assert message in ending.message and f"in {name}" in ending.message
    assert position(session.folder) == saved_at


def test_a_loop_that_trains_nothing_is_an_error_at_its_first_line(runs: TinyRuns, loop: Loop) -> None:
    ending = runs.train(loop("idle")).ending
    assert ending.reason is e.Reason.USER_CODE_ERROR and ending.line is not None
    assert "returned without having trained" in ending.message


def test_a_loop_that_returns_early_completes_and_says_so(runs: TinyRuns, loop: Loop) -> None:
    ending = runs.train(loop("early")).ending
    assert (ending.outcome, ending.reason) == (e.Outcome.COMPLETED, e.Reason.STOPPED_EARLY)
    assert ending.message == "Stopped early in epoch 1 of 3: the training loop returned."


def test_a_reported_loss_that_is_no_number_ends_the_run(runs: TinyRuns, loop: Loop) -> None:
    session = runs.train(loop("diverging"))
    assert session.ending.reason is e.Reason.LOSS_NOT_FINITE and "epoch 2" in session.ending.message
    assert epochs_of(session) == [1] and position(session.folder) == (1, 0)
