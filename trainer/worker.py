"""The worker: a process of its own in which everything that needs Keras happens.

    main.py --worker RUN_DIR [--resume]     train a run
    main.py --worker --standby STATUS_FILE  import Keras in advance, then wait for a run on standard input

The main thread supervises: it reads commands, measures resources, hears SIGTERM. `TrainerThread` trains. The
worker goes on when the window that started it ends; a worker on standby does not.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainer.config.document import load_file
from trainer.errors import GardenerError, RunError
from trainer.native_chatter import without_native_chatter
from trainer.resource_probe import ResourceProbe
from trainer.runs.atomic import write_atomically
from trainer.runs.checkpoints import newest_checkpoint
from trainer.runs.commands import (
    Command,
    Discard,
    Pause,
    Resume,
    SaveCheckpoint,
    StopAfterEpoch,
    StopNow,
    Terminate,
    decode_command,
)
from trainer.runs.events import Outcome, Phase, Reason, SessionEnded, SessionStarted, StopRequested
from trainer.runs.folder import RunFolder
from trainer.runs.line_file import LineReader
from trainer.runs.output import RunOutput, capture_output
from trainer.runs.process import ProcessIdentity

_TICK_S = 0.1
_HEARTBEAT_S = 1.0
_LOCK_TIMEOUT_S = 20.0
_NICENESS = 10
EXIT_CODES = {Outcome.COMPLETED: 0, Outcome.STOPPED: 3, Outcome.FAILED: 1}
EXIT_REFUSED = 2


def main(arguments: Sequence[str]) -> int:
    """Run the worker; returns the exit code."""
    parser = argparse.ArgumentParser(prog="worker")
    parser.add_argument("run_dir", nargs="?", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--commands-offset", type=int, default=0)
    parser.add_argument("--background", action="store_true", help="let the window go first on a busy machine")
    parser.add_argument("--standby", type=Path, metavar="STATUS_FILE")
    options = parser.parse_args(arguments)
    _prepare_environment()
    if options.background or options.standby is not None:
        _give_way()
    if options.standby is not None:
        return _stand_by(options.standby)
    return run_worker(options.run_dir, resume=options.resume, commands_offset=options.commands_offset)


def _prepare_environment() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _give_way() -> None:
    """Lower this process' priority a little: training fills every core, and the window must still react at once."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process().nice(getattr(psutil, "BELOW_NORMAL_PRIORITY_CLASS", _NICENESS))


def _stand_by(status_path: Path) -> int:
    """Import Keras, say so in `status_path`, wait for one JSON line with a run."""
    _write_status(status_path, "importing")
    try:
        _import_engine()
    except Exception as error:
        _write_status(status_path, "failed", message=f"{type(error).__name__}: {error}")
        raise
    from trainer.engine.runtime import describe_engine

    _write_status(status_path, "ready", **describe_engine())
    _refresh_catalog()
    line = sys.stdin.readline()
    if not line.strip():
        return 0
    job = json.loads(line)
    return run_worker(Path(job["run_dir"]), resume=bool(job["resume"]), commands_offset=int(job["commands_offset"]))


def _refresh_catalog() -> None:
    """Describe this version of Keras for the next start of the window, where the committed catalog is of another."""
    from trainer.engine.introspect import refresh_user_catalog

    try:
        was_written = refresh_user_catalog()
    except Exception as error:  # a convenience, on which no training depends
        print(f"The catalog of Keras could not be refreshed: {error}", file=sys.stderr)
        return
    if was_written and os.name != "nt":
        # That used the devices, which then can no longer be chosen for a run: begin again, as the same process.
        os.execv(sys.executable, [sys.executable, *sys.argv])


def _write_status(path: Path, state: str, **details: str) -> None:
    status = {"state": state, "process_id": os.getpid(), **details}
    write_atomically(path, json.dumps(status).encode())


def _import_engine() -> None:
    with without_native_chatter():
        import trainer.engine.training.job  # noqa: F401
        from trainer.engine.runtime import describe_device

        describe_device()


def run_worker(run_dir: Path, *, resume: bool, commands_offset: int = 0) -> int:
    """Train one run in this process; returns the exit code.

    Args:
        run_dir: The run folder.
        resume: Go on from its newest checkpoint.
        commands_offset: Where in `commands.jsonl` the commands for this session begin, in bytes.
    """
    folder = RunFolder(run_dir)
    try:
        lock = folder.acquire(timeout_s=_LOCK_TIMEOUT_S if resume else 0.0)
    except RunError as error:
        print(error, file=sys.stderr)
        return EXIT_REFUSED
    try:
        if folder.read_record().kind == "cross_validation":
            from trainer.engine.cross_validation import train_folds

            return EXIT_CODES[train_folds(folder, resume=resume, commands_offset=commands_offset)]
        _choose_backend(folder)
        return _Supervisor(folder, resume=resume, commands_offset=commands_offset).run()
    finally:
        lock.release()


def _choose_backend(folder: RunFolder) -> None:
    """Keras asks for its backend once, when it is imported. A configuration with problems is refused later."""
    config = None
    with contextlib.suppress(GardenerError):
        config = load_file(folder.config_path).config
    if config is None:
        return
    os.environ["KERAS_BACKEND"] = config.runtime.backend
    if config.runtime.backend == "torch" and importlib.util.find_spec("torch") is not None:
        # Both bring LLVM: loaded after TensorFlow, PyTorch and what Keras loads with it abort the process.
        for name in ("torch", "keras"):
            importlib.import_module(name)
    if config.runtime.memory_growth:
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


class TrainerThread(threading.Thread):
    """Trains, so that the main thread can listen. `ending` is the result."""

    def __init__(self, folder: RunFolder, control: Any, output: RunOutput, *, resume: bool) -> None:
        super().__init__(name="trainer", daemon=True)
        self._folder = folder
        self._control = control
        self._output = output
        self._resume = resume
        self.ending: SessionEnded | None = None

    def run(self) -> None:
        """Import the engine and train; never raises."""
        _import_engine()
        from trainer.engine.training.job import run_training

        self.ending = run_training(self._folder, self._control, self._output, resume=self._resume)


class _Supervisor:
    def __init__(self, folder: RunFolder, *, resume: bool, commands_offset: int) -> None:
        from trainer.engine.training.control import TrainingControl

        self._folder = folder
        self._resume = resume
        self._commands = LineReader(folder.commands_path, offset=commands_offset)
        capture_output(folder.log_path)
        self._output = RunOutput(folder.events_path)
        self._control = TrainingControl()
        self._probe = ResourceProbe()
        self._is_terminated = False

    def run(self) -> int:
        self._open_session()
        signal.signal(signal.SIGTERM, self._hear_termination)
        signal.signal(signal.SIGINT, self._hear_termination)
        thread = TrainerThread(self._folder, self._control, self._output, resume=self._resume)
        self._output.phase(Phase.IMPORTING)
        thread.start()
        heartbeat_at = 0.0
        while thread.is_alive():
            thread.join(_TICK_S)
            self._obey_commands()
            if self._is_terminated:
                self._terminate()
            if time.monotonic() >= heartbeat_at:
                heartbeat_at = time.monotonic() + _HEARTBEAT_S
                self._output.emit(self._probe.measure())
                self._keep_claim()
        ending = thread.ending or _thread_died()
        self._output.log(ending.outcome.value.upper(), ending.message)
        self._output.emit(ending)
        return EXIT_CODES[ending.outcome]

    def _open_session(self) -> None:
        record = self._folder.read_record()
        session = record.session + 1
        self._identity = ProcessIdentity.current()
        self._folder.write_record(record.model_copy(update={"session": session, "process": self._identity}))
        self._output.emit(SessionStarted(session=session, process_id=os.getpid(), resumed=self._resume))

    def _keep_claim(self) -> None:
        """A second worker, refused, leaves its identity in the record, and the run would look lost."""
        with contextlib.suppress(RunError, OSError):
            record = self._folder.read_record()
            if record.process != self._identity:
                self._folder.write_record(record.model_copy(update={"process": self._identity}))

    def _hear_termination(self, *_: Any) -> None:
        """Only note it: the signal may have interrupted this thread while it holds a lock that obeying needs."""
        self._is_terminated = True

    def _terminate(self) -> None:
        if self._control.request_stop("now", terminated=True):
            self._output.emit(StopRequested(when="now"))

    def _obey_commands(self) -> None:
        for line in self._commands.read():
            if not line.strip():
                continue
            try:
                self._obey(decode_command(line))
            except ValidationError:
                self._output.notice("warning", f"An unknown command was ignored: {line[:200]!r}")

    def _obey(self, command: Command) -> None:
        match command:
            case StopAfterEpoch():
                self._stop("after_epoch")
            case StopNow():
                self._stop("now")
            case Discard():
                self._stop("discard")
            case Pause():
                self._control.request_pause(True)
            case Resume():
                self._control.request_pause(False)
            case SaveCheckpoint():
                self._control.request_checkpoint()
            case Terminate():
                self._end_hard()

    def _end_hard(self) -> None:
        """End this process without the trainer, which may be in code that never returns."""
        folder = self._folder
        newest = newest_checkpoint(folder.checkpoints_path)
        advice = "Nothing had been saved yet: Continue starts from the beginning."
        if newest is not None:
            epoch, step = newest[1].epoch, newest[1].step
            advice = f"Continue goes on from the last checkpoint, after epoch {epoch}" + (
                f" and batch {step} of the next." if step else "."
            )
        kept = [*folder.checkpoints_path.glob("[!.]*"), folder.history_csv_path, *folder.model_path.glob("[!.]*.keras")]
        message = "Terminated without waiting for the batch to end, as asked."
        self._output.log("STOPPED", message)
        self._output.emit(
            SessionEnded(
                outcome=Outcome.STOPPED,
                reason=Reason.TERMINATED,
                message=message,
                advice=advice,
                saved=tuple(sorted(str(path.relative_to(folder.path)) for path in kept if path.exists())),
            )
        )
        os._exit(EXIT_CODES[Outcome.STOPPED])

    def _stop(self, when: Any) -> None:
        if self._control.request_stop(when):
            self._output.emit(StopRequested(when=when))


def _thread_died() -> SessionEnded:
    return SessionEnded(
        outcome=Outcome.FAILED,
        reason=Reason.INTERNAL_ERROR,
        message="The trainer could not start. The log has the details.",
        advice="Check the installation with './gardener test'.",
    )
