from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.conftest import WrittenRun
from trainer.errors import RunError
from trainer.runs import events as e
from trainer.runs.follow import RunFollower, read_run
from trainer.runs.process import ProcessIdentity
from trainer.runs.state import Status
from trainer.runs.store import find_run, list_runs, summarize


def test_a_summary_says_what_a_row_of_the_list_needs(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path)
    run.train(0.5, 0.3, 0.4, epochs=3)
    run.end()
    summary = summarize(run.folder.path)
    assert (summary.name, summary.record.project, summary.model) == ("exp1", "pets", "SmallCNN")
    assert (summary.status, summary.epochs_done, summary.num_epochs) == (Status.COMPLETED, 3, 3)
    assert (summary.best_epoch, summary.best_metrics) == (2, {"loss": 0.3, "val_loss": 0.3})
    assert summary.duration_s == 6.0


def test_a_run_that_never_trained_has_an_empty_summary(tmp_path: Path) -> None:
    summary = summarize(WrittenRun(tmp_path).folder.path)
    assert (summary.status, summary.model, summary.epochs_done, summary.best_epoch) == (Status.LOST, "", 0, None)
    assert (summary.best_metrics, summary.duration_s) == ({}, 0)


@pytest.mark.parametrize(
    ("process", "has_ended", "status"),
    [
        (ProcessIdentity.current(), False, Status.RUNNING),
        (None, False, Status.LOST),
        (None, True, Status.COMPLETED),
        (ProcessIdentity.current(), True, Status.COMPLETED),
    ],
)
def test_the_status_of_a_folder_needs_the_process(
    tmp_path: Path, process: ProcessIdentity | None, has_ended: bool, status: Status
) -> None:
    run = WrittenRun(tmp_path, process)
    run.train(0.5)
    if has_ended:
        run.end()
    assert read_run(run.folder.path).status() == status


def test_a_run_whose_process_id_was_reused_is_lost(tmp_path: Path) -> None:
    current = ProcessIdentity.current()
    run = WrittenRun(tmp_path, current.model_copy(update={"start_time": current.start_time - 3600}))
    run.train(0.5)
    assert summarize(run.folder.path).status == Status.LOST


def test_the_last_word_of_a_worker_that_just_ended_is_heard(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path)
    run.train(0.5)
    follower = RunFollower(run.folder)
    follower.poll()
    run.end(e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert follower.status() == Status.STOPPED


def test_a_folder_that_disappears_is_lost_without_an_error(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path, ProcessIdentity.current())
    run.train(0.5)
    follower = read_run(run.folder.path)
    run.folder.record_path.unlink()
    assert follower.status() == Status.LOST


def test_lines_that_are_no_events_are_counted_and_passed_over(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path)
    run.train(0.5)
    with run.folder.events_path.open("ab") as file:
        file.write(b'{"event":"OfTheFuture"}\n\n   \nnonsense\n{"event":"EpochEnd')
    run.end()
    follower = read_run(run.folder.path)
    assert follower.num_unknown_events == 3
    assert follower.status() == Status.COMPLETED


def test_a_follower_reads_events_and_log_as_they_come(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path)
    follower = RunFollower(run.folder)
    assert (follower.poll(), follower.poll_log()) == ([], [])
    run.add(e.EpochStarted(epoch=1))
    run.folder.log_path.write_bytes(b"caf\xc3\xa9 \xff\nhalf")
    assert [type(event) for event in follower.poll()] == [e.EpochStarted]
    assert follower.poll_log() == ["café \ufffd"]
    assert (follower.poll(), follower.poll_log()) == ([], [])
    with run.folder.log_path.open("ab") as file:
        file.write(b" line\n")
    assert follower.poll_log() == ["half line"]
    assert follower.events_at_end and follower.log_at_end


def test_a_backlog_can_be_taken_in_slices(tmp_path: Path) -> None:
    run = WrittenRun(tmp_path)
    with run.folder.events_path.open("ab") as file:
        for number in range(2000):
            file.write(e.encode_event(e.EpochStarted(epoch=number)))
    follower = RunFollower(run.folder)
    found = follower.poll(limit_bytes=10_000)
    assert 0 < len(found) < 2000
    assert not follower.events_at_end
    assert read_run(run.folder.path).state.epoch == 1999


def test_runs_are_listed_newest_first_and_other_folders_left_out(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "exp0").touch()
    for _ in range(3):
        WrittenRun(tmp_path)
    paths = list_runs(tmp_path)
    assert {path.name for path in paths} == {"exp1", "exp2", "exp3"}
    changed = [path.stat().st_ctime for path in paths]
    assert changed == sorted(changed, reverse=True)
    assert list_runs(tmp_path / "none") == []


def test_a_run_is_found_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = WrittenRun(tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    for name in ("exp1", "runs/exp1", str(run.folder.path)):
        assert find_run(tmp_path / "runs", name).path == run.folder.path.resolve()


def test_a_run_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"There is no run 'exp9' in .*\. Runs there: none\."):
        find_run(tmp_path, "exp9")
    WrittenRun(tmp_path)
    with pytest.raises(RunError, match=r"Runs there: exp1\."):
        find_run(tmp_path, "exp9")


def test_a_folder_that_is_no_run_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        read_run(tmp_path)
