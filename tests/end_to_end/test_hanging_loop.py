"""A training loop that never returns: the worker still listens, and `terminate` ends it with a typed end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.test_worker import wait_until
from tests.engine.tiny import TinyRuns, draw_pictures, write_code
from trainer.launch import StandbyWorker, start_worker
from trainer.runs import commands as c
from trainer.runs import events as e
from trainer.runs.checkpoints import find_checkpoint
from trainer.runs.follow import RunFollower, read_run
from trainer.runs.state import Status

pytestmark = pytest.mark.slow

PATIENCE_S = 150.0
HANGING = """
    import keras
    import tensorflow as tf

    def hanging(model, train_dataset, val_dataset, epochs, callbacks):
        model.fit(train_dataset, validation_data=val_dataset, epochs=1, callbacks=callbacks, verbose=0)
        print("now it hangs")
        while True:
            pass
"""


def test_terminate_ends_a_loop_that_does_not_react_and_keeps_its_checkpoint(tmp_path: Path) -> None:
    runs = TinyRuns(tmp_path, draw_pictures(tmp_path / "pictures"))
    loop = {"name": "hanging", "file": str(write_code(tmp_path / "hanging.py", HANGING))}
    # The worker in waiting has not touched the devices yet: it can still divide the CPU.
    folder = runs.create({"training.training_loop": loop, "runtime.devices": "CPU:0, CPU:1"})
    standby = StandbyWorker()
    process = start_worker(folder, standby=standby)
    follower = RunFollower(folder)

    def has_said(kind: str) -> bool:
        follower.poll()
        assert follower.state.end is None, follower.state.end
        return folder.events_path.exists() and f'"{kind}"'.encode() in folder.events_path.read_bytes()

    try:
        assert process is standby.process
        wait_until(
            lambda: has_said("CheckpointSaved") and find_checkpoint(folder.checkpoints_path, "last") is not None, "it"
        )
        folder.send(c.StopNow())
        wait_until(lambda: has_said("StopRequested"), "the stop to be heard")
        folder.send(c.Terminate())
        assert process.wait(PATIENCE_S) == 3
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        standby.close()
    state = read_run(folder.path)
    assert state.status() is Status.STOPPED
    end = state.state.end
    assert end is not None
    assert (end.outcome, end.reason) == (e.Outcome.STOPPED, e.Reason.TERMINATED)
    assert "after epoch 1." in end.advice and "checkpoints/last" in end.saved
    assert folder.events_path.read_bytes().count(b'"SessionEnded"') == 1
