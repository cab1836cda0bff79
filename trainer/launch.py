"""Starting and continuing runs: the run folder first, then a worker for it. Used by the window and the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config, components_of
from trainer.config.config import Config
from trainer.config.document import load_file, resolved_yaml
from trainer.config.overrides import with_overrides
from trainer.config.paths import resolve, with_absolute_paths
from trainer.config.validate import validate
from trainer.errors import ConfigError, Problem, RunError
from trainer.runs.atomic import write_atomically
from trainer.runs.checkpoints import newest_checkpoint
from trainer.runs.folder import RunFolder
from trainer.runs.follow import read_run
from trainer.runs.functions import copy_functions
from trainer.runs.process import ProcessIdentity
from trainer.runs.state import Status

_MAIN = Path(__file__).resolve().parents[1] / "main.py"
_FREE_ON_CONTINUE = (
    "training.epochs",
    "training.early_stopping",
    "training.stop_on_nan",
    "checkpoints.last_every_epochs",
    "checkpoints.keep_every_epochs",
    "output.tensorboard",
    "project.name",
)


def create_run(
    config: Config, base_dir: Path, *, config_path: Path | None = None, migration_notes: tuple[str, ...] = ()
) -> RunFolder:
    """Make a run folder that is ready for a worker: a training, or a cross-validation where folds are asked for.

    Args:
        config: The configuration; relative paths start from `base_dir`.
        base_dir: Folder of the configuration's file.
        config_path: The file itself, for the record.
        migration_notes: What opening that file moved or dropped, for the record and the run's log.

    Raises:
        ConfigError: The configuration cannot be trained; nothing was written.
        RunError: The runs folder cannot be written.
    """
    problems = [problem for problem in check_config(config, base_dir) if problem.severity == "error"]
    if problems:
        raise ConfigError(tuple(problems), config_path)
    absolute = with_absolute_paths(config, base_dir)
    folder = RunFolder.create(
        resolve(config.output.runs_dir, base_dir),
        resolved_yaml(absolute),
        project=config.project.name,
        seed=config.runtime.seed,
        config_path=config_path,
        migration_notes=migration_notes,
        kind="cross_validation" if config.data.split.trains_all_folds else "training",
    )
    files = [Path(component.file) for _, _, component in components_of(absolute) if component.file]
    try:
        copy_functions(files, folder.functions_path)
    except OSError as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise RunError(f"The files of your functions could not be copied: {error}.") from error
    return folder


def prepare_continue(folder: RunFolder, changes: Mapping[str, Any] | None = None) -> None:
    """Check that a run can go on, and take changes such as more epochs into its configuration.

    Args:
        folder: A run that ended or was lost.
        changes: New values by dotted key.

    Raises:
        RunError: The run is still being trained.
        ConfigError: A change would make it another run, or all its epochs are done.
    """
    if folder.is_alive() and not folder.has_ended():
        raise RunError(f"{folder.name} is still running. Stop it first, or open it to watch.")
    if folder.read_record().kind == "cross_validation":
        _require_folds_left(folder, changes or {})
        return
    for key in changes or {}:
        if not any(key == free or key.startswith(f"{free}.") for free in _FREE_ON_CONTINUE):
            message = (
                f"A run cannot change this when it goes on. Free are: {', '.join(_FREE_ON_CONTINUE)}. Start a new run."
            )
            raise ConfigError((Problem(key, message),), folder.config_path)
    config = load_file(folder.config_path).require(folder.config_path)
    changed = validate(with_overrides(config.to_dict(), dict(changes or {})))
    _require_work_left(folder, changed)
    if changes:
        write_atomically(folder.config_path, resolved_yaml(changed).encode())


def _require_folds_left(folder: RunFolder, changes: Mapping[str, Any]) -> None:
    if changes:
        message = "A cross-validation goes on with the settings of the folds that are done. Start a new one."
        raise ConfigError((Problem(next(iter(changes)), message),), folder.config_path)
    if read_run(folder.path).status() is Status.COMPLETED:
        raise RunError(f"All folds of {folder.name} are done already. Start a new cross-validation.")


def _require_work_left(folder: RunFolder, config: Config) -> None:
    newest = newest_checkpoint(folder.checkpoints_path)
    epochs = config.training.epochs
    if newest is not None and newest[1].epoch >= epochs and folder.final_model_path.is_file():
        message = f"All {epochs} epochs of {folder.name} are done already. Give a larger number of epochs to go on."
        raise ConfigError((Problem("training.epochs", message),), folder.config_path)


class StandbyWorker:
    """A worker that imports Keras while nothing is to be done yet, so that a start need not wait for it.

    It ends by itself when this process does.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="modelgardener-")
        self._has_run = False
        self._status_path = Path(self._folder.name) / "status.json"
        self.process = _spawn(["--standby", str(self._status_path)], standard_input=subprocess.PIPE)

    def status(self) -> dict[str, Any]:
        """`state` is `importing`, `ready` or `failed`; with the versions and the device once ready."""
        try:
            status: dict[str, Any] = json.loads(self._status_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            status = {"state": "importing"}
        if self.process.poll() is not None and status["state"] != "ready":
            return {"state": "failed", "message": status.get("message", "The worker ended unexpectedly.")}
        return status

    def is_usable(self) -> bool:
        """Whether it can still take a run."""
        return self.process.poll() is None

    def assign(self, job: dict[str, Any]) -> None:
        """Give it a run.

        Raises:
            OSError: It has ended meanwhile.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        self.process.stdin.flush()
        self._has_run = True

    def dismiss(self) -> None:
        """Let it end by itself; nothing is to be done for it."""
        if self.process.stdin is not None:
            self.process.stdin.close()

    def close(self) -> None:
        """End it, unless it was given a run; then it goes on by itself."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        if not self._has_run:
            self.process.terminate()
            self.process.wait(timeout=5)
        self._folder.cleanup()


def start_worker(
    folder: RunFolder, *, resume: bool = False, standby: StandbyWorker | None = None, background: bool = False
) -> subprocess.Popen[bytes]:
    """Let a worker train the run; the standby one if there is one, else a new process.

    Args:
        folder: The run.
        resume: Go on from its newest checkpoint.
        standby: A worker in waiting; not used for a run with another backend than TensorFlow.
        background: A new process gives way to the window on a busy machine, as one in waiting always does.

    Raises:
        RunError: The process cannot be started.
    """
    offset = folder.commands_path.stat().st_size if folder.commands_path.exists() else 0
    if not resume:
        offset = 0
    if standby is not None and standby.is_usable() and _suits_standby(folder):
        _record_process(folder, standby.process.pid)
        try:
            standby.assign({"run_dir": str(folder.path), "resume": resume, "commands_offset": offset})
        except OSError:
            pass
        else:
            return standby.process
    elif standby is not None:
        standby.dismiss()
    arguments = [str(folder.path), "--commands-offset", str(offset), *(["--resume"] if resume else [])]
    arguments += ["--background"] if background else []
    try:
        process = _spawn(arguments, standard_input=subprocess.DEVNULL)
    except OSError as error:
        raise RunError(f"The worker could not be started: {error.strerror or error}.") from error
    _record_process(folder, process.pid)
    return process


def _suits_standby(folder: RunFolder) -> bool:
    """Whether a worker that has imported Keras already can train the run: Keras asks for its backend only then."""
    config = load_file(folder.config_path).config
    return config is None or config.runtime.backend == "tensorflow"


def _record_process(folder: RunFolder, process_id: int) -> None:
    """A run must not look lost before its worker has said its first word."""
    import psutil  # here, as the window starts faster without it

    identity = ProcessIdentity(process_id=process_id, start_time=psutil.Process(process_id).create_time())
    folder.write_record(folder.read_record().model_copy(update={"process": identity}))


def _spawn(arguments: list[str], *, standard_input: int) -> subprocess.Popen[bytes]:
    """Start a worker that outlives this process and hears no Ctrl+C of its terminal."""
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        [sys.executable, str(_MAIN), "--worker", *arguments],
        stdin=standard_input,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name != "nt",
        creationflags=flags,
    )
