"""The run that a window shows, for tests that drive the real window."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

from app.main_window import MainWindow
from trainer.runs.folder import RunFolder
from trainer.runs.state import RunState, Status

PATIENCE_MS = 180_000


def state_of(window: MainWindow) -> RunState:
    """What is known of it; empty while there is none."""
    followed = window.train_page.followed
    return followed.state if followed is not None else RunState()


def status_of(window: MainWindow) -> Status | None:
    """Its status; `None` while there is none."""
    followed = window.train_page.followed
    return followed.status if followed is not None else None


def run_path_of(window: MainWindow) -> Path:
    """Its folder."""
    assert window.train_page.followed is not None
    return window.train_page.followed.path


def kill_worker(run: Path) -> None:
    """Kill the worker of a run, as the system does when memory runs out."""
    _process(run).kill()


def end_worker(window: MainWindow) -> None:
    """Make sure that no worker outlives its test."""
    if window.train_page.followed is None or status_of(window) is None:
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        process = _process(run_path_of(window))
        process.kill()
        process.wait(5)


def _process(run: Path) -> psutil.Process:
    identity = RunFolder(run).read_record().process
    assert identity is not None
    return psutil.Process(identity.process_id)
