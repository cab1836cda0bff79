"""The Train page follows run folders: live, ended, lost, continued."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.pages.train import followed_run
from app.pages.train.followed_run import FollowedRun
from app.pages.train.page import TrainPage
from tests.app.run_writer import DEAD, RunWriter
from trainer.runs import events as e
from trainer.runs.process import ProcessIdentity
from trainer.runs.state import Status


@pytest.fixture
def run(tmp_path: Path) -> RunWriter:
    return RunWriter(tmp_path)


@pytest.fixture
def page(qtbot: QtBot) -> TrainPage:
    page = TrainPage()
    qtbot.addWidget(page, before_close_func=lambda _: page.show_run(None))
    page.resize(900, 660)
    page.show()
    return page


def status(page: TrainPage) -> Status | None:
    return page.followed.status if page.followed is not None else None


def test_an_empty_page_offers_to_start_and_to_open_an_earlier_run(qtbot: QtBot, page: TrainPage) -> None:
    assert page.empty.isVisible() and page.followed is None
    with qtbot.waitSignal(page.start_requested):
        qtbot.mouseClick(page.empty.button, Qt.MouseButton.LeftButton)


def test_a_starting_run_shows_its_phases_then_progress_then_plots(
    qtbot: QtBot, page: TrainPage, run: RunWriter
) -> None:
    run.start()
    run.add(e.PhaseStarted(phase=e.Phase.IMPORTING), e.PhaseStarted(phase=e.Phase.READING_DATA))
    page.show_run(run.path)
    qtbot.waitUntil(lambda: status(page) is Status.STARTING)
    assert page.view.phases.isVisible() and not page.view.progress.isVisible()
    assert page.view.phases.texts()[1].startswith("Reading data: active")
    run.train([1.0, 0.5])
    qtbot.waitUntil(lambda: page.view.progress.isVisible())
    assert not page.view.phases.isVisible()
    qtbot.waitUntil(lambda: "loss" in page.view.plots.plots)
    plot = page.view.plots.plots["loss"]
    qtbot.waitUntil(lambda: len(plot.curves.validation) == 2)
    assert page.view.progress.epoch.value.text() == "2 / 10"
    assert page.view.instruments.learning_rate.curves.train.last == 1e-3


def test_a_run_that_ended_long_ago_is_shown_as_it_was(qtbot: QtBot, page: TrainPage, run: RunWriter) -> None:
    run.prepare()
    run.train([1.0, 0.5], epochs=2)
    run.log("[TRAINING] Loading datasets...", "done")
    run.end(e.Outcome.COMPLETED, e.Reason.ALL_EPOCHS_DONE, "All 2 epochs are done.", saved=("model/final.keras",))
    run.set_process(DEAD)
    page.show_run(run.path)
    qtbot.waitUntil(lambda: page.view.end_card.isVisible())
    assert status(page) is Status.COMPLETED
    assert "All 2 epochs are done." in page.view.end_card.sentence.text()
    assert page.view.end_card.continue_button.text().strip() == "Train longer"
    qtbot.waitUntil(lambda: page.view.log.text.toPlainText() == "[TRAINING] Loading datasets...\ndone")
    qtbot.waitUntil(lambda: "loss" in page.view.plots.plots)


def test_a_killed_worker_is_noticed_within_two_seconds(qtbot: QtBot, page: TrainPage, run: RunWriter) -> None:
    run.prepare()
    run.train([1.0])
    page.show_run(run.path)
    qtbot.waitUntil(lambda: status(page) is Status.RUNNING)
    run.set_process(DEAD)
    died_at = time.monotonic()
    qtbot.waitUntil(lambda: status(page) is Status.LOST, timeout=5000)
    assert time.monotonic() - died_at < 2.0
    assert "killed or crashed" in page.view.end_card.sentence.text()
    with qtbot.waitSignal(page.continue_requested) as asked:
        qtbot.mouseClick(page.view.end_card.continue_button, Qt.MouseButton.LeftButton)
    assert asked.args == [run.path]


def test_an_old_lost_run_never_looks_alive(qtbot: QtBot, run: RunWriter) -> None:
    run.prepare()
    run.train([1.0])
    run.set_process(DEAD)
    seen: list[Status] = []
    followed = FollowedRun(run.path)
    followed.status_changed.connect(seen.append)
    with qtbot.waitSignal(followed.caught_up):
        followed.start()
    followed.stop()
    assert seen == [Status.LOST]


def test_the_last_words_of_a_dead_worker_are_read_before_it_counts_as_lost(qtbot: QtBot, run: RunWriter) -> None:
    run.prepare()
    followed = FollowedRun(run.path)
    seen: list[Status] = []
    followed.status_changed.connect(seen.append)
    with qtbot.waitSignal(followed.caught_up):
        followed.start()
    run.end(e.Outcome.FAILED, e.Reason.OUT_OF_MEMORY)
    run.set_process(DEAD)
    qtbot.waitUntil(lambda: followed.status is Status.FAILED)
    followed.stop()
    assert Status.LOST not in seen


def test_a_long_history_of_a_dead_worker_is_read_to_its_end_before_it_is_judged(
    qtbot: QtBot, run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_run, "_EVENTS_SLICE_BYTES", 200)
    monkeypatch.setattr(followed_run, "_TICK_BUDGET_S", 0.0)
    run.prepare()
    run.train([1.0, 0.5])
    run.end(e.Outcome.COMPLETED, e.Reason.ALL_EPOCHS_DONE)
    run.set_process(DEAD)
    seen: list[Status] = []
    followed = FollowedRun(run.path)
    followed.status_changed.connect(seen.append)
    with qtbot.waitSignal(followed.caught_up):
        followed.start()
    followed.stop()
    assert seen == [Status.COMPLETED]


def test_a_run_without_a_worker_yet_counts_as_starting(qtbot: QtBot, page: TrainPage, run: RunWriter) -> None:
    run.set_process(None)
    page.show_run(run.path)
    qtbot.waitUntil(lambda: status(page) is Status.STARTING)
    assert page.view.phases.isVisible()


def test_continue_shows_at_once_and_the_run_goes_on_in_place(qtbot: QtBot, page: TrainPage, run: RunWriter) -> None:
    run.prepare()
    run.train([1.0, 0.9])
    run.end(e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    run.set_process(DEAD)
    page.show_run(run.path)
    qtbot.waitUntil(lambda: page.view.end_card.isVisible())
    page.show_run(run.path)
    page.expect_session()
    assert status(page) is Status.STARTING
    assert page.view.phases.isVisible() and not page.view.end_card.isVisible()
    run.set_process(ProcessIdentity.current())
    run.start(session=2)
    run.train([0.8], initial_epoch=2)
    qtbot.waitUntil(lambda: status(page) is Status.RUNNING)
    qtbot.waitUntil(lambda: len(page.view.plots.plots["loss"].curves.validation) == 3)


def test_a_continue_from_elsewhere_is_noticed(qtbot: QtBot, page: TrainPage, run: RunWriter) -> None:
    run.prepare()
    run.end(e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    page.show_run(run.path)
    qtbot.waitUntil(lambda: status(page) is Status.STOPPED)
    run.start(session=2)
    qtbot.waitUntil(lambda: status(page) is Status.STARTING, timeout=3000)


def test_a_failure_shows_place_and_trace_and_copies_them(qtbot: QtBot, page: TrainPage, run: RunWriter) -> None:
    run.start()
    run.end(
        e.Outcome.FAILED, e.Reason.USER_CODE_ERROR, "a < b failed", file="losses.py", line=3, trace="ValueError: no"
    )
    page.show_run(run.path)
    card = page.view.end_card
    qtbot.waitUntil(lambda: card.isVisible())
    assert card.place.text() == "losses.py:3"
    assert "a &lt; b failed" in card.sentence.text()
    assert not card.trace.isVisible()
    qtbot.mouseClick(card.trace_toggle, Qt.MouseButton.LeftButton)
    assert card.trace.isVisible() and card.trace.toPlainText() == "ValueError: no"
    qtbot.mouseClick(card.copy_button, Qt.MouseButton.LeftButton)
    assert "losses.py:3\nValueError: no" in QGuiApplication.clipboard().text()
    with qtbot.waitSignal(page.open_folder_requested) as asked:
        qtbot.mouseClick(card.folder_button, Qt.MouseButton.LeftButton)
    assert asked.args == [run.path]


def test_another_run_replaces_everything_of_the_one_before(
    qtbot: QtBot, page: TrainPage, run: RunWriter, tmp_path: Path
) -> None:
    run.prepare()
    run.train([1.0], val_dice=0.5)
    run.log("of the first run")
    page.show_run(run.path)
    qtbot.waitUntil(lambda: set(page.view.plots.plots) == {"loss", "dice"})
    qtbot.waitUntil(lambda: page.view.log.text.toPlainText() != "")
    other = RunWriter(tmp_path)
    other.log("of the second run")
    page.show_run(other.path)
    assert page.view.plots.plots == {}
    qtbot.waitUntil(lambda: page.view.log.text.toPlainText() == "of the second run")
    page.show_run(None)
    assert page.empty.isVisible() and page.followed is None


def test_a_hidden_page_draws_nothing_and_is_up_to_date_when_shown(
    qtbot: QtBot, page: TrainPage, run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    refresh = page.view.refresh
    monkeypatch.setattr(page.view, "refresh", lambda *args: (drawn.append(1), refresh(*args)))
    page.hide()
    run.prepare()
    run.train([1.0])
    page.show_run(run.path)
    qtbot.waitUntil(lambda: status(page) is Status.RUNNING)
    assert drawn == []
    page.show()
    qtbot.waitUntil(lambda: "loss" in page.view.plots.plots)


def test_a_long_history_is_read_in_short_slices(qtbot: QtBot, run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    run.prepare()
    run.add(e.TrainingStarted(epochs=1000, steps_per_epoch=100, batch_size=1))
    batch = e.BatchesEnded(epoch=1, step=1, steps_per_epoch=100, samples_per_second=1, metrics={"loss": 1.0})
    run.add(*[batch] * 100_000)
    run.log(*["[TRAINING] a line of the log"] * 100_000)
    ticks_s: list[float] = []
    tick = FollowedRun._tick

    def timed(followed: FollowedRun) -> None:
        began = time.thread_time()
        tick(followed)
        ticks_s.append(time.thread_time() - began)

    monkeypatch.setattr(FollowedRun, "_tick", timed)
    followed = FollowedRun(run.path)
    lines: list[str] = []
    followed.log_lines.connect(lines.extend)
    gc.collect()
    gc.freeze()  # as the application does after its start: what earlier tests left is not this run's
    with qtbot.waitSignal(followed.caught_up, timeout=60_000):
        followed.start()
    gc.unfreeze()
    followed.stop()
    assert len(followed.state.batch_trace) == 100_000
    assert len(lines) == 100_000
    assert sorted(ticks_s)[-2] < 0.030


def test_only_the_end_of_a_huge_log_is_read(qtbot: QtBot, page: TrainPage, run: RunWriter) -> None:
    with run.folder.log_path.open("wb") as file:
        file.truncate(20 << 20)
    run.log("", "the end")
    page.show_run(run.path)
    qtbot.waitUntil(lambda: page.view.log.text.toPlainText().endswith("the end"), timeout=10_000)
    assert "log.txt" in page.view.log.cut_note.text()


def test_a_folder_that_is_removed_while_followed_makes_the_run_lost(
    qtbot: QtBot, page: TrainPage, run: RunWriter
) -> None:
    run.prepare()
    page.show_run(run.path)
    qtbot.waitUntil(lambda: status(page) is Status.STARTING)
    run.path.rename(run.path.with_name("elsewhere"))
    qtbot.waitUntil(lambda: status(page) is Status.LOST, timeout=3000)
