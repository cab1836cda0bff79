"""What happens after every batch costs next to nothing and speaks at most ten times a second."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import pytest

from trainer.engine.training.control import LossNotFinite, StoppedNow, TrainingControl
from trainer.runs.events import BatchesEnded

pytestmark = pytest.mark.keras

LOGS = {"loss": 0.5, "accuracy": 0.25}


class Clock:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def perf_counter(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    replaced = SimpleNamespace(perf_counter=clock.perf_counter, monotonic=clock.perf_counter)
    monkeypatch.setattr("trainer.engine.training.callbacks.time", replaced)
    return clock


def batch_control(events: list[BatchesEnded], control: TrainingControl, steps: int, **options: Any) -> Any:
    from trainer.engine.training.callbacks import BatchControl

    settings = {"first_step": 0, "stop_on_nan": True, "save_state": print, "hold": print, **options}
    return BatchControl(control, events.append, steps_per_epoch=steps, batch_size=16, **settings)


def test_three_seconds_of_one_millisecond_batches_give_about_thirty_events(clock: Clock) -> None:
    events: list[BatchesEnded] = []
    callback = batch_control(events, TrainingControl(), steps=3000)
    callback.on_epoch_begin(0)
    for batch in range(3000):
        clock.now_s += 0.001
        callback.on_train_batch_end(batch, LOGS)
    assert 28 <= len(events) <= 32
    assert (events[-1].epoch, events[-1].step, events[-1].steps_per_epoch) == (1, 3000, 3000)
    assert [event.samples_per_second for event in events] == pytest.approx([16_000] * len(events), rel=1e-3)
    assert events[0].metrics == LOGS


def test_epochs_that_take_a_moment_do_not_flood_the_events(clock: Clock) -> None:
    events: list[BatchesEnded] = []
    callback = batch_control(events, TrainingControl(), steps=2)
    for epoch in range(1000):
        callback.on_epoch_begin(epoch)
        for batch in range(2):
            clock.now_s += 0.001
            callback.on_train_batch_end(batch, LOGS)
    assert len(events) <= 1030  # the last batch of each epoch, and ten a second besides


def test_a_batch_without_report_or_request_costs_less_than_a_fiftieth_of_a_millisecond() -> None:
    callback = batch_control([], TrainingControl(), steps=10**9)
    callback.on_epoch_begin(0)
    callback.on_train_batch_end(0, LOGS)
    best_s = math.inf
    for _ in range(20):
        started = time.perf_counter()
        for batch in range(500):
            callback.on_train_batch_end(batch, LOGS)
        best_s = min(best_s, (time.perf_counter() - started) / 500)
    assert best_s < 20e-6


def test_a_continued_epoch_counts_from_where_it_was() -> None:
    events: list[BatchesEnded] = []
    callback = batch_control(events, TrainingControl(), steps=4, first_step=3)
    callback.on_epoch_begin(5)
    callback.on_train_batch_end(0, LOGS)
    callback.on_epoch_begin(6)
    callback.on_train_batch_end(0, LOGS)
    assert (events[0].epoch, events[0].step) == (6, 4)
    assert (callback.epoch, callback.step) == (7, 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_leaves_training_at_that_batch(value: float) -> None:
    callback = batch_control([], TrainingControl(), steps=9)
    callback.on_epoch_begin(1)
    callback.on_train_batch_end(0, LOGS)
    with pytest.raises(LossNotFinite, match=r"The loss became -?(nan|inf) in epoch 2, batch 2\."):
        callback.on_train_batch_end(1, {"loss": value})


def test_requests_are_obeyed_in_order_of_harm() -> None:
    """A checkpoint asked for together with a stop is saved before training is left."""
    saved: list[tuple[int, int]] = []
    control = TrainingControl()
    callback = batch_control([], control, steps=9, save_state=lambda epoch, step: saved.append((epoch, step)))
    callback.on_epoch_begin(0)
    control.request_checkpoint()
    control.request_stop("now")
    with pytest.raises(StoppedNow):
        callback.on_train_batch_end(0, LOGS)
    assert saved == [(1, 1)]


def test_stop_after_epoch_does_not_leave_the_epoch() -> None:
    control = TrainingControl()
    callback = batch_control([], control, steps=3)
    callback.on_epoch_begin(0)
    control.request_stop("after_epoch")
    for batch in range(3):
        callback.on_train_batch_end(batch, LOGS)
    assert callback.step == 3
