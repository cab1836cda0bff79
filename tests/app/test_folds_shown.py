"""A cross-validation in the window: which fold is trained, what the folds reached, how they stand among the runs."""

from __future__ import annotations

from pathlib import Path

from app.pages.runs.columns import columns_for
from app.pages.train.end_summary import end_summary
from app.pages.train.progress import progress_figures
from app.window.run_status import status_sentence
from trainer.runs import events as e
from trainer.runs.folder import RunRecord
from trainer.runs.state import RunState, Status
from trainer.runs.store import RunSummary

TRAINING = e.TrainingStarted(epochs=4, steps_per_epoch=10, batch_size=8)


def fold_ended(fold: int, accuracy: float) -> e.FoldEnded:
    metrics = {"loss": 0.5, "val_accuracy": accuracy, "test_accuracy": accuracy}
    return e.FoldEnded(fold=fold, run=f"exp7_fold{fold}", metrics=metrics, best_epoch=3, epochs=4, duration_s=60.0)


def state_after(*events: object) -> RunState:
    state = RunState()
    for event in (e.SessionStarted(time=100.0, session=1, process_id=1), *events):
        state.apply(event)  # type: ignore[arg-type]
    return state


def in_fold(fold: int) -> tuple[object, ...]:
    return (e.FoldStarted(fold=fold, num_folds=5, run=f"exp7_fold{fold}"), TRAINING)


def test_the_toolbar_and_the_progress_name_the_fold() -> None:
    state = state_after(*in_fold(1), fold_ended(1, 0.9), *in_fold(2))
    state.apply(e.BatchesEnded(epoch=2, step=5, steps_per_epoch=10, samples_per_second=8.0, metrics={"loss": 1.0}))
    assert status_sentence("exp7", state, Status.RUNNING).startswith("exp7 running · fold 2 of 5 · epoch 2 of 4")
    figures = progress_figures(state, Status.RUNNING, 200.0)
    assert (figures.epoch, figures.activity) == ("2 / 4", "fold 2 of 5")
    assert 0.2 < state.fraction_done < 0.4


def test_the_time_left_is_that_of_all_folds() -> None:
    state = state_after(*in_fold(1))
    epoch = e.EpochEnded(epoch=1, metrics={"loss": 1.0}, learning_rate=0.1, duration_s=10.0)
    state.apply(epoch)
    assert state.remaining_s == 190.0, "three epochs of this fold and sixteen of the others"


def test_the_end_card_shows_mean_and_deviation_of_every_figure() -> None:
    done = e.SessionEnded(outcome=e.Outcome.COMPLETED, reason=e.Reason.ALL_FOLDS_DONE, message="All 2 folds are done.")
    state = state_after(*in_fold(1), fold_ended(1, 0.90), *in_fold(2), fold_ended(2, 0.92), done)
    summary = end_summary(state, Status.COMPLETED, run_path="runs/exp7")
    assert summary.title == "All folds done"
    facts = dict(summary.facts)
    assert facts["val_accuracy"].startswith("0.9100 ± 0.0141")
    assert "0.9000 to 0.9200" in facts["val_accuracy"]
    assert list(facts) == ["val_accuracy", "test_accuracy", "Folds", "Folder"]
    assert facts["Folds"] == "2 of 5 done: exp7_fold1 to exp7_fold2"
    assert summary.extent == "2 of 5 folds in 2 m 00 s"
    assert not summary.can_continue


def test_a_stopped_or_lost_one_can_go_on_with_its_fold() -> None:
    stopped = e.SessionEnded(outcome=e.Outcome.STOPPED, reason=e.Reason.STOPPED_NOW, message="m")
    running = (*in_fold(1), fold_ended(1, 0.9), *in_fold(2))
    assert end_summary(state_after(*running, stopped), Status.STOPPED, run_path="r").can_continue
    lost = end_summary(state_after(*running), Status.LOST, run_path="r")
    assert lost.can_continue
    assert "Continue goes on with fold 2 of 5." in lost.advice


def run(name: str, **changes: object) -> RunSummary:
    record = RunRecord(name=name, created="2026-01-01T00:00:00+00:00")
    values = {"status": Status.COMPLETED, "model": "m", "epochs_done": 3, "num_epochs": 4, "best_epoch": 1}
    known = {**values, "best_metrics": {}, "duration_s": 1.0, **changes}
    return RunSummary(path=Path(name), **{"record": record, **known})  # type: ignore[arg-type]


def test_the_runs_page_marks_the_folds_and_what_they_belong_to() -> None:
    record = RunRecord(name="exp7_fold2", created="2026-01-01T00:00:00+00:00", parent="exp7", fold=2)
    whole, part, other = run("exp7", num_folds=5), run("exp7_fold2", record=record), run("exp10")
    columns = {column.key: column for column in columns_for([whole, part, other])}
    assert [columns["fold"].text(summary) for summary in (whole, part, other)] == ["mean of 3", "2 of exp7", ""]
    assert list(columns)[:2] == ["name", "fold"]
    names = [run(name) for name in ("exp10", "exp9_fold2", "exp9", "exp9_fold10")]
    in_order = sorted(names, key=lambda summary: str(columns["name"].sort_key(summary)))
    assert [summary.name for summary in in_order] == ["exp9", "exp9_fold2", "exp9_fold10", "exp10"]
    assert "fold" not in {column.key for column in columns_for([other])}, "no column for what nobody uses"
