"""Watching a run on a terminal: a progress bar where there is one, plain lines elsewhere, JSON for programs."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from trainer.cli import EXIT_BAD_INPUT, EXIT_FAILED, EXIT_OK, EXIT_STOPPED
from trainer.native_chatter import is_chatter
from trainer.runs.commands import StopNow
from trainer.runs.events import Outcome, Reason, encode_event
from trainer.runs.folder import RunFolder
from trainer.runs.follow import RunFollower
from trainer.runs.line_file import LineReader
from trainer.runs.state import RunState

_TICK_S = 0.1
_EXIT_CODES = {Outcome.COMPLETED: EXIT_OK, Outcome.STOPPED: EXIT_STOPPED, Outcome.FAILED: EXIT_FAILED}
_BAD_INPUT = (Reason.CONFIG_ERROR, Reason.DATA_ERROR, Reason.USER_CODE_ERROR)


def watch(follower: RunFollower, process: subprocess.Popen[bytes], *, as_json: bool) -> int:
    """Follow a run to its end; Ctrl+C or SIGTERM stops it after the batch, a second one ends the watching only.

    Args:
        follower: From `follow_from_now`, made before the worker was started.
        process: The worker.
        as_json: Print events instead of log lines and bars.

    Returns:
        0 completed, 1 failed while training, 2 refused before its first batch, 3 stopped.
    """
    folder = follower.folder
    view: Any = _JsonView() if as_json else _TerminalView(folder)
    interrupts = 0
    with _obeying_sigterm(), view:
        while True:
            try:
                ended = process.poll() is not None
                view.show(follower.poll(), follower.poll_log(), follower.state)
                if ended and follower.state.end is not None:
                    return exit_code(follower.state)
                if ended:
                    return _lost(folder, process.returncode)
                time.sleep(_TICK_S)
            except KeyboardInterrupt:
                interrupts += 1
                if interrupts > 1:
                    print(f"\n{folder.name} goes on stopping by itself.", file=sys.stderr)
                    return EXIT_STOPPED
                print("\nStopping after this batch; press Ctrl+C again to leave at once.", file=sys.stderr)
                folder.send(StopNow())


@contextlib.contextmanager
def _obeying_sigterm() -> Iterator[None]:
    """Batch systems and `timeout` send it, and expect the training to end and not only the watching."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def exit_code(state: RunState) -> int:
    """The exit code for a run that has ended."""
    assert state.end is not None
    if state.end.reason in _BAD_INPUT and state.training is None:
        return EXIT_BAD_INPUT
    return _EXIT_CODES[state.end.outcome]


def follow_from_now(folder: RunFolder) -> RunFollower:
    """A follower that knows the earlier sessions but shows only what comes from now on."""
    follower = RunFollower(folder)
    while follower.poll():
        pass
    while follower.poll_log():
        pass
    follower.state.end = None
    return follower


def _lost(folder: RunFolder, exit_code: int) -> int:
    tail = LineReader(folder.log_path).read()[-20:]
    for line in tail:
        print(line.decode("utf-8", "replace"), file=sys.stderr)
    print(
        f"error: the worker ended without a word (exit code {exit_code}). "
        f"Go on with: gardener train --resume {folder.path}",
        file=sys.stderr,
    )
    return EXIT_FAILED


class _JsonView(contextlib.AbstractContextManager["_JsonView"]):
    def __exit__(self, *_: object) -> None:
        return None

    def show(self, events: list[Any], _log: list[str], _state: RunState) -> None:
        for event in events:
            sys.stdout.write(encode_event(event).decode())
        sys.stdout.flush()


class _TerminalView(contextlib.AbstractContextManager["_TerminalView"]):
    """Log lines as they come; below them, on a terminal, one bar for the epochs and one for the batches."""

    def __init__(self, folder: RunFolder) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._folder = folder
        self._is_end_shown = False
        self._console = Console(highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[figures]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._epochs = self._progress.add_task("epochs", total=None, figures="")
        self._batches = self._progress.add_task("batches", total=None, figures="")

    def __enter__(self) -> _TerminalView:
        self._console.print(f"Run {self._folder.name} in {self._folder.path}", markup=False)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, _events: list[Any], log: list[str], state: RunState) -> None:
        for line in log:
            if not is_chatter(line.encode()):
                self._console.print(line, markup=False)
        if state.training is None:
            return
        speed = f"{state.samples_per_second:,.0f} images/s" if state.samples_per_second else ""
        loss = f"loss {state.batch_metrics['loss']:.4f}" if "loss" in state.batch_metrics else ""
        self._progress.update(self._epochs, total=state.num_epochs, completed=len(state.epochs), figures=loss)
        self._progress.update(self._batches, total=state.training.steps_per_epoch, completed=state.step, figures=speed)
        if state.end is not None and not self._is_end_shown:
            self._is_end_shown = True
            self._progress.stop()
            self._show_end(state)

    def _show_end(self, state: RunState) -> None:
        end = state.end
        assert end is not None
        if end.file:
            self._console.print(f"In {end.file}:{end.line or '?'}", markup=False)
        if end.advice:
            self._console.print(end.advice, markup=False)
        if end.saved:
            self._console.print(f"Saved in {self._folder.path}: {', '.join(end.saved)}", markup=False)
