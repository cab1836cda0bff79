"""The reducer as tables: events in, what is known of the run out."""

from __future__ import annotations

import math
from typing import Any

import pytest

from trainer.runs import events as e
from trainer.runs.batch_trace import BatchTrace
from trainer.runs.state import RECENT_RESOURCES, RunState, Status

STARTED = e.SessionStarted(time=100.0, session=1, process_id=1)
TRAINING = e.TrainingStarted(epochs=4, steps_per_epoch=10, batch_size=8)
COMPLETED = e.SessionEnded(outcome=e.Outcome.COMPLETED, reason=e.Reason.ALL_EPOCHS_DONE, message="Done.")


def state_after(*events: Any) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def batches(epoch: int, step: int, loss: float = 1.0, **others: Any) -> e.BatchesEnded:
    return e.BatchesEnded(
        epoch=epoch, step=step, steps_per_epoch=10, samples_per_second=80.0, metrics={"loss": loss}, **others
    )


def epoch(number: int, loss: float = 1.0, *, best: bool = False, duration_s: float = 2.0) -> e.EpochEnded:
    metrics = {"loss": loss, "val_loss": loss + 1}
    return e.EpochEnded(epoch=number, metrics=metrics, learning_rate=0.1, duration_s=duration_s, is_best=best)


def ended(outcome: e.Outcome, reason: e.Reason = e.Reason.INTERNAL_ERROR) -> e.SessionEnded:
    return e.SessionEnded(outcome=outcome, reason=reason, message="m")


@pytest.mark.parametrize(
    ("events", "is_alive", "status"),
    [
        ([], True, Status.STARTING),
        ([], False, Status.LOST),
        ([STARTED], True, Status.STARTING),
        ([STARTED], False, Status.LOST),
        ([STARTED, TRAINING], True, Status.RUNNING),
        ([STARTED, TRAINING, epoch(1)], False, Status.LOST),
        ([STARTED, TRAINING, e.Paused(epoch=1, step=1)], True, Status.PAUSED),
        ([STARTED, TRAINING, e.Paused(epoch=1, step=1)], False, Status.LOST),
        ([STARTED, TRAINING, e.Paused(epoch=1, step=1), e.Resumed()], True, Status.RUNNING),
        ([STARTED, TRAINING, e.StopRequested(when="now")], True, Status.STOPPING),
        ([STARTED, TRAINING, e.Paused(epoch=1, step=1), e.StopRequested(when="now")], True, Status.STOPPING),
        ([STARTED, e.StopRequested(when="discard")], True, Status.STOPPING),
        ([STARTED, TRAINING, COMPLETED], False, Status.COMPLETED),
        ([STARTED, TRAINING, COMPLETED], True, Status.COMPLETED),
        ([STARTED, ended(e.Outcome.FAILED)], False, Status.FAILED),
        ([STARTED, TRAINING, e.StopRequested(when="now"), ended(e.Outcome.STOPPED)], False, Status.STOPPED),
        ([STARTED, COMPLETED, STARTED], True, Status.STARTING),
        ([STARTED, TRAINING, e.StopRequested(when="now"), ended(e.Outcome.STOPPED), STARTED], True, Status.STARTING),
        ([STARTED, TRAINING, ended(e.Outcome.STOPPED), STARTED, TRAINING], False, Status.LOST),
    ],
)
def test_the_status_is_the_last_event_and_whether_the_process_lives(
    events: list[Any], is_alive: bool, status: Status
) -> None:
    assert state_after(*events).status(is_alive=is_alive) == status


def test_only_a_run_with_a_worker_is_active() -> None:
    active = {status for status in Status if status.is_active}
    assert active == {Status.STARTING, Status.RUNNING, Status.PAUSED, Status.STOPPING}


@pytest.mark.parametrize(
    ("events", "fraction"),
    [
        ([], 0.0),
        ([STARTED], 0.0),
        ([STARTED, TRAINING], 0.0),
        ([STARTED, TRAINING, batches(1, 5)], 0.125),
        ([STARTED, TRAINING, batches(1, 10)], 0.25),
        ([STARTED, TRAINING, batches(1, 10), epoch(1)], 0.25),
        ([STARTED, TRAINING, epoch(1), e.EpochStarted(epoch=2)], 0.25),
        ([STARTED, TRAINING, epoch(1), e.EpochStarted(epoch=2), batches(2, 2)], 0.3),
        ([STARTED, TRAINING, epoch(1), epoch(2), epoch(3), epoch(4)], 1.0),
        ([STARTED, TRAINING, *(epoch(number) for number in range(1, 9))], 1.0),
    ],
)
def test_progress_counts_batches(events: list[Any], fraction: float) -> None:
    assert state_after(*events).fraction_done == pytest.approx(fraction)


DATA = e.DataLoaded(num_train=80, num_validation=8)


@pytest.mark.parametrize(
    ("events", "remaining_s"),
    [
        ([STARTED], None),
        ([STARTED, TRAINING], None),
        ([STARTED, TRAINING, batches(1, 5)], None),
        ([STARTED, DATA, TRAINING, batches(1, 5)], 3.5),
        ([STARTED, TRAINING, epoch(1, duration_s=2.0)], 6.0),
        ([STARTED, TRAINING, epoch(1, duration_s=1.0), epoch(2, duration_s=3.0)], 4.0),
        ([STARTED, TRAINING, epoch(1, duration_s=2.0), batches(2, 5)], 5.0),
        ([STARTED, TRAINING, epoch(1), COMPLETED], None),
    ],
)
def test_the_remaining_time_comes_from_epochs_or_from_the_speed(events: list[Any], remaining_s: float | None) -> None:
    assert state_after(*events).remaining_s == (None if remaining_s is None else pytest.approx(remaining_s))


def test_the_remaining_time_follows_the_last_five_epochs() -> None:
    training = TRAINING.model_copy(update={"epochs": 10})
    slow = [epoch(number, duration_s=100.0) for number in (1, 2)]
    state = state_after(training, *slow, *(epoch(number, duration_s=2.0) for number in range(3, 8)))
    assert state.remaining_s == pytest.approx(6.0)


def test_a_second_session_clears_the_end_and_keeps_the_history() -> None:
    first = (STARTED, TRAINING, epoch(1), epoch(2), e.CheckpointSaved(name="last", epoch=2), ended(e.Outcome.STOPPED))
    state = state_after(*first, e.SessionStarted(time=200.0, session=2, process_id=2, resumed=True))
    assert (state.end, state.training, state.stop_requested) == (None, None, "")
    assert (state.session, state.started_at, state.session_started_at) == (2, 100.0, 200.0)
    assert [record.epoch for record in state.epochs] == [1, 2]
    assert state.checkpoints["last"].epoch == 2
    state.apply(TRAINING.model_copy(update={"initial_epoch": 2}))
    assert (state.epoch, state.step, state.fraction_done) == (3, 0, 0.5)


def test_a_resume_drops_what_came_after_the_checkpoint() -> None:
    events: list[Any] = [STARTED, TRAINING]
    for number in (1, 2, 3):
        events += [e.EpochStarted(epoch=number), batches(number, 5), batches(number, 10), epoch(number)]
    resumed = TRAINING.model_copy(update={"initial_epoch": 1, "initial_step": 5})
    state = state_after(*events, STARTED, resumed)
    assert [record.epoch for record in state.epochs] == [1]
    assert list(state.batch_trace.positions) == [0.5, 1.0, 1.5]
    assert (state.epoch, state.step) == (2, 5)
    assert state.fraction_done == pytest.approx(15 / 40)
    state.apply(e.EpochStarted(epoch=2))
    assert state.step == 5, "the epoch goes on where it stopped"
    state.apply(batches(2, 10))
    state.apply(epoch(2, loss=0.5))
    assert state.series("loss") == ([1, 2], [1.0, 0.5])
    assert list(state.batch_trace.positions) == [0.5, 1.0, 1.5, 2.0]


def test_a_resume_from_the_beginning_drops_everything() -> None:
    state = state_after(STARTED, TRAINING, batches(1, 5), epoch(1), STARTED, TRAINING)
    assert state.epochs == []
    assert len(state.batch_trace) == 0


def test_the_best_epoch_is_the_last_that_was_best() -> None:
    assert state_after(TRAINING).best_epoch is None
    state = state_after(TRAINING, epoch(1, best=True), epoch(2, best=True), epoch(3))
    assert state.best_epoch is not None
    assert state.best_epoch.epoch == 2
    state.apply(TRAINING.model_copy(update={"initial_epoch": 1}))
    assert state.best_epoch is not None
    assert state.best_epoch.epoch == 1


def test_the_time_of_each_phase_is_measured_and_summed() -> None:
    def phase(name: e.Phase, time: float) -> e.PhaseStarted:
        return e.PhaseStarted(phase=name, time=time)

    state = state_after(
        STARTED,
        phase(e.Phase.IMPORTING, 100.0),
        phase(e.Phase.TRAINING, 107.0),
        e.PhaseProgressed(done=3, total=10, unit="batches"),
        phase(e.Phase.VALIDATING, 110.0),
        phase(e.Phase.TRAINING, 111.0),
    )
    now = (state.phase, state.phase_done, state.phase_total, state.phase_unit)
    assert now == (e.Phase.TRAINING, 0, 0, "")
    assert state.phase_durations_s == {e.Phase.IMPORTING: 7.0, e.Phase.TRAINING: 3.0, e.Phase.VALIDATING: 1.0}
    state.apply(COMPLETED.model_copy(update={"time": 121.0}))
    assert state.phase is None
    assert state.phase_durations_s[e.Phase.TRAINING] == 13.0


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    state = state_after(
        e.PhaseStarted(phase=e.Phase.IMPORTING, time=100.0), e.PhaseStarted(phase=e.Phase.TRAINING, time=50.0)
    )
    assert state.phase_durations_s == {e.Phase.IMPORTING: 0.0}


def test_figures_are_named_with_loss_first_and_validation_beside_training() -> None:
    state = state_after(TRAINING, batches(1, 1), epoch(1))
    state.apply(
        e.EpochEnded(
            epoch=2, metrics={"accuracy": 0.5, "val_loss": 1.0, "val_auc": 0.7}, learning_rate=0.1, duration_s=1.0
        )
    )
    assert state.metric_names() == ["loss", "accuracy", "auc"]
    assert state.series("val_auc") == ([2], [0.7])
    assert state.series("val_loss") == ([1, 2], [2.0, 1.0])
    assert state.series("nothing") == ([], [])


def test_what_is_told_is_kept() -> None:
    state = state_after(
        STARTED,
        DATA,
        e.ModelBuilt(name="SmallCNN", num_parameters=3, num_trainable_parameters=2),
        e.LearningRateChanged(learning_rate=0.05, cause="plateau"),
        e.Noticed(message="careful"),
        e.Evaluated(split="test", metrics={"accuracy": 0.9}),
        e.CheckpointSaved(name="best", epoch=1),
        e.CheckpointSaved(name="best", epoch=2, time=300.0),
    )
    assert state.data == DATA
    assert state.model is not None and state.model.name == "SmallCNN"
    assert state.learning_rate == 0.05
    assert [notice.message for notice in state.notices] == ["careful"]
    assert state.evaluations == {"test": {"accuracy": 0.9}}
    assert state.checkpoints["best"].epoch == 2
    assert state.last_event_at == 300.0


def test_measurements_of_hours_do_not_pile_up() -> None:
    state = RunState()
    for number in range(10 * RECENT_RESOURCES):
        state.apply(e.ResourcesMeasured(time=number, cpu_percent=1.0, memory_bytes=1, machine_memory_bytes=2))
    assert RECENT_RESOURCES <= len(state.resources) <= 2 * RECENT_RESOURCES
    assert state.resources[-1].time == 10 * RECENT_RESOURCES - 1


def test_a_trace_fills_what_was_not_reported_with_nan() -> None:
    trace = BatchTrace()
    trace.append(0.5, {"loss": 2.0})
    trace.append(1.0, {"accuracy": 0.5})
    trace.append(1.5, {"loss": 1.0, "accuracy": 0.7})
    assert list(trace.column("loss"))[::2] == [2.0, 1.0]
    assert math.isnan(trace.column("loss")[1])
    assert math.isnan(trace.column("accuracy")[0])
    assert list(trace.column("nothing")) == []
    trace.cut_after(1.0)
    assert len(trace) == len(trace.column("loss")) == len(trace.column("accuracy")) == 2
