"""What the Train page says, worked out without a window."""

from __future__ import annotations

from pathlib import Path

from app.pages.train.end_summary import end_summary
from app.pages.train.phase_steps import StepState, is_before_first_batch, phase_steps
from app.pages.train.progress import progress_figures
from app.pages.train.resource_figures import gpu_figures, memory_figures
from app.pages.train.run_curves import RunCurves
from tests.app.run_writer import RunWriter
from trainer.runs import events as e
from trainer.runs.follow import read_run
from trainer.runs.state import RunState, Status


def state_of(*events: e.Event) -> RunState:
    state = RunState()
    for event in events:
        state.apply(event)
    return state


def test_phases_are_ticked_with_their_duration_and_the_current_one_has_a_clock() -> None:
    state = state_of(
        e.SessionStarted(time=100, session=1, process_id=1),
        e.PhaseStarted(time=100, phase=e.Phase.IMPORTING),
        e.PhaseStarted(time=107, phase=e.Phase.READING_DATA),
        e.PhaseProgressed(time=108, done=250, total=1000, unit="pictures"),
    )
    steps = phase_steps(state, now=110)
    assert [step.state for step in steps[:3]] == [StepState.DONE, StepState.ACTIVE, StepState.WAITING]
    assert (steps[0].seconds, steps[1].seconds) == (7, 3)
    assert (steps[1].fraction, steps[1].progress) == (0.25, "250 of 1,000 pictures")


def test_a_continued_run_goes_through_its_phases_again_with_new_clocks(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    run.train([1.0])
    run.end(e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    run.add(e.SessionStarted(time=200, session=2, process_id=1), e.PhaseStarted(time=200, phase=e.Phase.IMPORTING))
    state = read_run(run.path).state
    steps = phase_steps(state, now=205)
    assert steps[0].seconds == 5
    assert [step.state for step in steps[1:]] == [StepState.WAITING] * 4
    assert is_before_first_batch(state, Status.STARTING)


def test_the_phases_give_way_to_progress_with_the_first_batch() -> None:
    state = state_of(
        e.SessionStarted(session=1, process_id=1),
        e.PhaseStarted(phase=e.Phase.FIRST_BATCH),
        e.TrainingStarted(epochs=2, steps_per_epoch=10, batch_size=4),
    )
    assert is_before_first_batch(state, Status.RUNNING)
    state.apply(e.BatchesEnded(epoch=1, step=1, steps_per_epoch=10, samples_per_second=9, metrics={}))
    assert not is_before_first_batch(state, Status.RUNNING)


def test_progress_has_epoch_batches_speed_and_times() -> None:
    state = state_of(
        e.SessionStarted(time=100, session=1, process_id=1),
        e.DataLoaded(num_train=5000, num_validation=0),
        e.TrainingStarted(epochs=4, steps_per_epoch=50, batch_size=100),
        e.EpochStarted(epoch=1),
        e.BatchesEnded(epoch=1, step=25, steps_per_epoch=50, samples_per_second=1250.4, metrics={"loss": 1.0}),
    )
    figures = progress_figures(state, Status.RUNNING, now=165)
    assert (figures.epoch, figures.done, figures.total) == ("1 / 4", 25, 50)
    assert (figures.speed, figures.elapsed, figures.remaining) == ("1,250", "1 m 05 s", "13 s")
    paused = progress_figures(state, Status.PAUSED, now=165)
    assert (paused.activity, paused.speed, paused.remaining) == ("paused", "", "")
    state.apply(e.StopRequested(when="after_epoch"))
    assert progress_figures(state, Status.STOPPING, now=165).activity == "stopping after this epoch"


def test_validation_has_its_own_progress() -> None:
    state = state_of(
        e.TrainingStarted(epochs=4, steps_per_epoch=50, batch_size=100),
        e.BatchesEnded(epoch=1, step=50, steps_per_epoch=50, samples_per_second=1, metrics={}),
        e.PhaseStarted(phase=e.Phase.VALIDATING),
        e.PhaseProgressed(done=3, total=8),
    )
    figures = progress_figures(state, Status.RUNNING, now=0)
    assert (figures.activity, figures.done, figures.total) == ("validating", 3, 8)


def test_a_completed_run_says_what_came_out_and_offers_no_continue(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    run.train([1.0, 0.5, 0.75], epochs=3)
    run.add(e.Evaluated(split="test", metrics={"loss": 0.6, "accuracy": 0.81}))
    run.end(e.Outcome.COMPLETED, e.Reason.ALL_EPOCHS_DONE, "All 3 epochs are done.", saved=("model/best.keras",))
    summary = end_summary(read_run(run.path).state, Status.COMPLETED, run_path="runs/exp1")
    assert summary.title == "All epochs done"
    assert summary.sentence == "All 3 epochs are done."
    assert summary.extent == "3 epochs in 6.0 s"
    assert summary.facts == (
        ("Best epoch", "2 of 3: val_loss 0.5000 · loss 0.4000"),
        ("Test", "loss 0.6000 · accuracy 0.8100"),
        ("Saved", "model/best.keras in runs/exp1"),
    )
    assert summary.can_continue
    assert summary.continue_text == "Train longer"


def test_a_stopped_run_can_go_on_if_it_has_a_checkpoint(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    run.end(e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert not end_summary(read_run(run.path).state, Status.STOPPED, run_path="").can_continue
    run.train([1.0])
    run.end(e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert end_summary(read_run(run.path).state, Status.STOPPED, run_path="").can_continue
    run.end(e.Outcome.STOPPED, e.Reason.DISCARDED)
    assert not end_summary(read_run(run.path).state, Status.STOPPED, run_path="").can_continue


def test_a_failure_in_a_users_file_names_file_line_and_trace(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.start()
    run.end(
        e.Outcome.FAILED, e.Reason.USER_CODE_ERROR, "It failed.", file="losses.py", line=41, trace="ValueError: no\n"
    )
    summary = end_summary(read_run(run.path).state, Status.FAILED, run_path="runs/exp1")
    assert (summary.place, summary.trace, summary.tone) == ("losses.py:41", "ValueError: no", "error")
    assert "losses.py:41\nValueError: no" in summary.as_text()


def test_a_lost_run_names_its_last_checkpoint(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    nothing_saved = end_summary(read_run(run.path).state, Status.LOST, run_path="")
    assert not nothing_saved.can_continue and "start the training again" in nothing_saved.advice
    run.train([1.0, 0.9])
    summary = end_summary(read_run(run.path).state, Status.LOST, run_path="")
    assert summary.sentence == (
        "The worker process ended without saying why (killed or crashed). The last checkpoint is from epoch 2."
    )
    assert summary.can_continue


def test_curves_of_a_resumed_run_are_those_of_the_line_it_followed(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    run.train([4.0, 3.0, 2.0])
    curves, state = RunCurves(), read_run(run.path).state
    curves.update(state)
    assert curves.metric("loss").validation.values.tolist() == [4.0, 3.0, 2.0]
    run.start(session=2)
    run.train([9.0, 8.0], initial_epoch=1)
    state = read_run(run.path).state
    curves.update(state)
    metric = curves.metric("loss")
    assert metric.validation.values.tolist() == [4.0, 9.0, 8.0]
    assert metric.batches.epochs.tolist() == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert metric.batches.values.tolist() == [4.0, 4.0, 9.0, 9.0, 8.0, 8.0]


def test_very_many_batches_are_thinned_out() -> None:
    state = RunState()
    for step in range(25_000):
        state.batch_trace.append(step / 1000, {"loss": 1.0})
    curves = RunCurves()
    curves.update(state)
    assert 8_000 < len(curves.metric("loss").batches) <= 10_000


def test_a_figure_that_comes_later_has_a_gap_before_it() -> None:
    state = RunState()
    state.batch_trace.append(0.5, {"loss": 1.0})
    state.batch_trace.append(1.0, {"loss": 1.0, "dice": 0.5})
    curves = RunCurves()
    curves.update(state)
    assert str(curves.metric("dice").batches.values.tolist()) == "[nan, 0.5]"


def test_gpu_figures_are_absent_without_a_gpu() -> None:
    plain = e.ResourcesMeasured(cpu_percent=50, memory_bytes=3_100_000_000, machine_memory_bytes=9_000_000_000)
    with_gpu = plain.model_copy(
        update={"gpu_percent": 74.0, "gpu_memory_bytes": 9_100_000_000, "gpu_total_memory_bytes": 24_000_000_000}
    )
    assert gpu_figures([plain]) is None
    figures = gpu_figures([plain, with_gpu])
    assert figures is not None
    assert (figures.figure, figures.note) == ("74 %", "9.1 GB of 24 GB")
    assert (memory_figures([plain]).figure, memory_figures([plain]).note) == ("3.1 GB", "machine 9.0 GB")
