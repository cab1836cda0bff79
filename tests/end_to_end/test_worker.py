"""The worker as a process of its own: what it writes, whom it obeys, and what outlives what."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.engine.tiny import TinyRuns, draw_pictures, write_code
from trainer.launch import StandbyWorker, prepare_continue, start_worker
from trainer.runs import commands as c
from trainer.runs import events as e
from trainer.runs.checkpoints import find_checkpoint, newest_checkpoint
from trainer.runs.folder import RunFolder
from trainer.runs.follow import RunFollower, read_run
from trainer.runs.state import Status

pytestmark = pytest.mark.slow

PATIENCE_S = 150.0
needs_signals = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")

OWN_CALLBACKS = """
    import os
    import sys
    import time

    import keras

    class Talks(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            print("printed by a callback: größer")
            print("an error line", file=sys.stderr)
            os.write(1, b"native standard output\\n")
            os.write(2, b"native standard error\\n")

    class Slow(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            time.sleep(0.03)
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures") / "colours")


@pytest.fixture
def runs(tmp_path: Path, pictures: Path) -> TinyRuns:
    return TinyRuns(tmp_path, pictures)


@pytest.fixture
def own_callback(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    path = write_code(tmp_path / "own.py", OWN_CALLBACKS)
    return lambda name: {"training.callbacks": [{"name": name, "file": str(path)}]}


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts workers and ends those that a failed test leaves."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(folder: RunFolder, **options: Any) -> subprocess.Popen[bytes]:
        processes.append(start_worker(folder, **options))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)


def wait_until(condition: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Look every 20 ms."""
    deadline_s = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline_s, f"waited {patience_s} s for {what}"
        time.sleep(0.02)


def wait_for_epochs(follower: RunFollower, count: int) -> None:
    def are_done() -> bool:
        follower.poll()
        assert follower.state.end is None, follower.state.end
        return len(follower.state.epochs) >= count

    wait_until(are_done, f"{count} epochs")


def ending_of(folder: RunFolder) -> e.SessionEnded:
    end = read_run(folder.path).state.end
    assert end is not None
    return end


def events_of(folder: RunFolder) -> list[Any]:
    return [e.decode_event(line) for line in folder.events_path.read_bytes().splitlines()]


def saved_position(folder: RunFolder) -> tuple[int, int]:
    found = find_checkpoint(folder.checkpoints_path, "last")
    assert found is not None
    return found[1].epoch, found[1].step


def test_a_run_from_start_to_end_with_everything_it_prints(
    runs: TinyRuns,
    own_callback: Callable[[str], dict[str, Any]],
    started: Callable[..., subprocess.Popen[bytes]],
) -> None:
    folder = runs.create({**own_callback("Talks"), "output.tensorboard": True})
    process = started(folder)
    assert folder.is_alive(), "the run must not look lost before its worker has said its first word"
    assert process.wait(PATIENCE_S) == 0

    follower = read_run(folder.path)
    assert follower.status() is Status.COMPLETED
    assert follower.num_unknown_events == 0
    events = events_of(folder)
    assert isinstance(events[0], e.SessionStarted) and events[0].process_id == process.pid
    assert isinstance(events[1], e.PhaseStarted) and events[1].phase is e.Phase.IMPORTING
    assert isinstance(events[-1], e.SessionEnded)
    assert sum(isinstance(event, e.SessionEnded) for event in events) == 1
    resources = [event for event in events if isinstance(event, e.ResourcesMeasured)]
    assert len(resources) >= 3 and all(0 <= event.cpu_percent <= 100 for event in resources)
    assert resources[-1].memory_bytes > 100_000_000

    log = folder.log_path.read_text(encoding="utf-8")
    for line in (
        "printed by a callback: größer",
        "an error line",
        "native standard output",
        "native standard error",
        "[MODEL] Model parameters: 299",
        "[COMPLETED] All 2 epochs are done.",
    ):
        assert f"{line}\n" in log
    assert "absl::InitializeLog" not in log and "oneDNN" not in log and "\x1b[" not in log
    record = folder.read_record()
    assert record.session == 1 and record.process is not None and record.process.process_id == process.pid


def test_a_standby_worker_becomes_ready_takes_one_run_and_ends_with_it(runs: TinyRuns) -> None:
    standby = StandbyWorker()
    try:
        assert standby.status()["state"] == "importing"
        wait_until(lambda: standby.status()["state"] != "importing", "the standby worker")
        status = standby.status()
        assert status["state"] == "ready", status
        assert status["process_id"] == standby.process.pid and status["keras"] and status["device"]

        folder = runs.create({"runtime.threads": 1})
        process = start_worker(folder, standby=standby)
        assert process is standby.process and folder.is_alive()
        assert process.wait(PATIENCE_S) == 0
        assert not standby.is_usable()
    finally:
        standby.close()
        standby.process.wait(PATIENCE_S)
    follower = read_run(folder.path)
    assert follower.status() is Status.COMPLETED
    assert follower.state.training is not None and follower.state.training.device == "CPU (1 thread)"
    importing_s = follower.state.phase_durations_s[e.Phase.IMPORTING]
    assert importing_s < 1.0, "a worker on standby has imported Keras already"


def test_a_command_given_before_the_worker_reads_is_obeyed(
    runs: TinyRuns, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    folder = runs.create()
    folder.send(c.StopNow())
    assert started(folder).wait(PATIENCE_S) == 3
    ending = ending_of(folder)
    assert (ending.outcome, ending.reason) == (e.Outcome.STOPPED, e.Reason.STOPPED_NOW)
    assert "before the first batch" in ending.message
    assert not folder.checkpoints_path.exists()


@needs_signals
def test_a_live_run_refuses_a_second_worker_obeys_commands_and_saves_everything_on_sigterm(
    runs: TinyRuns,
    own_callback: Callable[[str], dict[str, Any]],
    started: Callable[..., subprocess.Popen[bytes]],
    repository: Path,
) -> None:
    folder = runs.create({**own_callback("Slow"), "training.epochs": 10_000})
    process = started(folder)
    follower = RunFollower(folder)
    wait_for_epochs(follower, 1)

    second = started(folder)
    assert second.wait(PATIENCE_S) == 2
    wait_until(lambda: follower.status() is Status.RUNNING, "the run to be recognised as running again", 5.0)
    record = folder.read_record()
    assert record.session == 1 and record.process is not None and record.process.process_id == process.pid
    command = [sys.executable, str(repository / "main.py"), "--worker", str(folder.path)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert refused.returncode == 2
    assert f"{folder.name} is already being written by another worker." in refused.stderr
    assert process.poll() is None

    (folder.commands_path).open("ab").write(b'{"command":"dance"}\n')
    folder.send(c.Pause())
    wait_until(lambda: bool(follower.poll()) and follower.state.is_paused, "the pause")
    assert follower.status() is Status.PAUSED
    (paused,) = (event for event in events_of(folder) if isinstance(event, e.Paused))
    assert saved_position(folder) == (paused.epoch - 1, paused.step)
    folder.send(c.Resume())
    epochs = len(follower.state.epochs)
    wait_for_epochs(follower, epochs + 1)
    assert any("unknown command was ignored" in notice.message for notice in follower.state.notices)

    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 3
    ending = ending_of(folder)
    assert (ending.outcome, ending.reason) == (e.Outcome.STOPPED, e.Reason.TERMINATED)
    epoch, step = saved_position(folder)
    assert f"in epoch {epoch + 1} of 10000 after batch {step}," in ending.message
    assert {"checkpoints/last", "model/final.keras", "model/best.keras", "history.csv"} <= set(ending.saved)
    assert [event.when for event in events_of(folder) if isinstance(event, e.StopRequested)] == ["now"]


@needs_signals
def test_a_killed_run_is_lost_within_three_seconds_and_goes_on_from_its_last_checkpoint(
    runs: TinyRuns,
    own_callback: Callable[[str], dict[str, Any]],
    started: Callable[..., subprocess.Popen[bytes]],
) -> None:
    folder = runs.create({**own_callback("Slow"), "training.epochs": 10_000})
    process = started(folder)
    follower = RunFollower(folder)
    wait_for_epochs(follower, 2)
    assert follower.status() is Status.RUNNING
    process.kill()
    wait_until(lambda: follower.status() is Status.LOST, "the run to be recognised as lost", 3.0)
    process.wait(PATIENCE_S)

    newest = newest_checkpoint(folder.checkpoints_path)
    assert newest is not None
    epoch = newest[1].epoch
    assert epoch >= 1 and newest[1].step == 0
    prepare_continue(folder, {"training.epochs": epoch + 1})
    assert started(folder, resume=True).wait(PATIENCE_S) == 0
    continued = read_run(folder.path)
    assert continued.status() is Status.COMPLETED
    assert continued.state.session == 2
    assert continued.state.training is not None and continued.state.training.initial_epoch == epoch
    assert [record.epoch for record in continued.state.epochs] == list(range(1, epoch + 2))


PARENT = """
import json, sys
from pathlib import Path
from trainer.launch import StandbyWorker, start_worker
from trainer.runs.folder import RunFolder

if __name__ == "__main__":
    standby = StandbyWorker()
    process = start_worker(RunFolder(Path(sys.argv[1])))
    print(json.dumps([process.pid, standby.process.pid]), flush=True)
    import os
    os._exit(0)  # as if it was killed: nothing is closed or tidied up
"""


def test_a_run_outlives_the_process_that_started_it_and_a_standby_worker_does_not(
    runs: TinyRuns, own_callback: Callable[[str], dict[str, Any]], repository: Path, tmp_path: Path
) -> None:
    folder = runs.create({**own_callback("Slow"), "training.epochs": 3})
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(repository), "TMPDIR": str(tmp_path)}
    parent = subprocess.run(
        [sys.executable, str(script), str(folder.path)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=PATIENCE_S,
        check=True,
    )
    worker_id, standby_id = json.loads(parent.stdout)
    worker = psutil.Process(worker_id)
    assert folder.is_alive() and worker.is_running()
    wait_until(lambda: not is_running(standby_id), "the standby worker to end by itself")
    wait_until(lambda: not is_running(worker_id), "the run to end")
    assert ending_of(folder).reason is e.Reason.ALL_EPOCHS_DONE


def is_running(process_id: int) -> bool:
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
