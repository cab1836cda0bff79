"""Runs that are stopped at different places and continued, with bit-exact arithmetic.

A program of its own, `python -m tests.engine.exact_runs FOLDER`: TensorFlow's exact arithmetic can be switched on
only for a whole process. Writes `runs.json`: by name, the run's folder and its sessions' reasons to end.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.tiny import TinyRuns, draw_pictures
from trainer.runs import events as e

SETTINGS: dict[str, Any] = {
    "runtime.deterministic": True,
    "training.epochs": 6,
    "training.metrics": ["accuracy", "AUC"],
    "training.early_stopping": {"enabled": True, "patience": 2, "min_delta": 99.0},
    "training.reduce_on_plateau": {"enabled": True, "patience": 1, "min_delta": 99.0},
    "data.augmentation": {"horizontal_flip": True, "rotation_degrees": 20, "brightness_fraction": 0.1},
}
"""Stops early after epoch 3, after the learning rate was lowered twice; dropout and augmentation draw at random."""

React = Callable[[Any, Any], None]


def stop_at_batch(epoch: int, step: int, kind: str) -> React:
    """Stop after a batch."""

    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (epoch, step):
            control.request_stop(kind)

    return react


def stop_in_validation(epoch: int) -> React:
    """Stop while the epoch is being validated."""
    current = [0]

    def react(control: Any, event: Any) -> None:
        if isinstance(event, e.EpochStarted):
            current[0] = event.epoch
        if isinstance(event, e.PhaseStarted) and event.phase is e.Phase.VALIDATING and current[0] == epoch:
            control.request_stop("now")

    return react


def lose_after_checkpoint(control: Any, event: Any) -> None:
    """Save inside an epoch, train on, and lose that: as if the worker had been killed."""
    if isinstance(event, e.BatchesEnded) and event.epoch == 2:
        if event.step == 1:
            control.request_checkpoint()
        if event.step == 3:
            control.request_stop("discard")


STOPS: dict[str, list[React]] = {
    "whole": [],
    "inside_epoch": [stop_at_batch(2, 2, "now")],
    "at_epoch_end": [stop_at_batch(2, 1, "after_epoch")],
    "after_last_batch": [stop_at_batch(1, 4, "now")],
    "lost": [lose_after_checkpoint],
    "twice": [stop_in_validation(1), stop_at_batch(3, 1, "now")],
    "read_late": [stop_at_batch(1, 2, "now"), stop_at_batch(2, 3, "now")],
}
"""`read_late` decodes while training, as with very many pictures, and is stopped before all were decoded."""


def main(folder: Path) -> None:
    """Train all of them."""
    from trainer.engine.data import verify
    from trainer.engine.training import callbacks

    usual = verify.MOST_DECODED, verify.MOST_LOOKED_AT
    callbacks._REPORT_INTERVAL_S = 0.0
    runs = TinyRuns(folder, draw_pictures(folder / "pictures"))
    done = {}
    for name, stops in STOPS.items():
        run = runs.create(SETTINGS)
        verify.MOST_DECODED, verify.MOST_LOOKED_AT = (0, 2) if name == "read_late" else usual
        sessions = []
        for number, stop in enumerate([*stops, None]):
            from tests.engine.tiny import run_session

            sessions.append(run_session(run, resume=number > 0, react=stop))
        done[name] = {"folder": str(run.path), "reasons": [session.ending.reason for session in sessions]}
    (folder / "runs.json").write_text(json.dumps(done), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
