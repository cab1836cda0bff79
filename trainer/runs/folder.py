"""A run's folder: its layout, its creation, and how its events, commands and log are reached.

The format is published in `docs/run-folder.md`.
"""

from __future__ import annotations

import datetime
import json
import platform
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from trainer import __version__
from trainer.errors import RunError
from trainer.runs.atomic import write_atomically
from trainer.runs.commands import encode_command
from trainer.runs.line_file import append_line, last_line
from trainer.runs.process import ProcessIdentity

if TYPE_CHECKING:
    from filelock import FileLock

RUN_SCHEMA_VERSION = 1
CLAIM_GRACE_S = 60.0
_NAME = re.compile(r"exp(\d+)")


class RunRecord(BaseModel):
    """Content of `run.json`.

    A `cross_validation` trains nothing itself: its folds are runs beside it, each with it as `parent` and its number,
    from 1, as `fold`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = RUN_SCHEMA_VERSION
    kind: Literal["training", "cross_validation"] = "training"
    name: str
    project: str = ""
    created: str
    parent: str | None = None
    fold: int = 0
    session: int = 0
    process: ProcessIdentity | None = None
    seed: int = 0
    config_path: str | None = None
    migration_notes: tuple[str, ...] = ()
    git_commit: str | None = None
    machine: dict[str, Any] = {}
    versions: dict[str, str] = {}

    def awaits_worker(self) -> bool:
        """Whether no worker took the run yet, but it is so young that one may still come."""
        if self.process is not None:
            return False
        try:
            created = datetime.datetime.fromisoformat(self.created)
        except ValueError:
            return False
        return time.time() - created.timestamp() < CLAIM_GRACE_S


class RunFolder:
    """Paths of one run and the small files in it. Cheap to make; reads nothing until asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record_path = path / "run.json"
        self.config_path = path / "config.yaml"
        self.events_path = path / "events.jsonl"
        self.commands_path = path / "commands.jsonl"
        self.log_path = path / "log.txt"
        self.history_csv_path = path / "history.csv"
        self.history_json_path = path / "history.json"
        self.curves_path = path / "curves.png"
        self.split_path = path / "split.csv"
        self.checkpoints_path = path / "checkpoints"
        self.model_path = path / "model"
        self.final_model_path = self.model_path / "final.keras"
        self.functions_path = path / "functions"
        self.tensorboard_path = path / "tensorboard"
        self.cross_validation_path = path / "cross_validation.json"

    @property
    def name(self) -> str:
        """The folder's name, such as `exp7`."""
        return self.path.name

    @classmethod
    def create(
        cls,
        runs_dir: Path,
        config_yaml: str,
        *,
        project: str,
        seed: int,
        config_path: Path | None = None,
        migration_notes: tuple[str, ...] = (),
        kind: Literal["training", "cross_validation"] = "training",
    ) -> RunFolder:
        """Make the next free `expN` below `runs_dir`, complete with `run.json` and `config.yaml`.

        Raises:
            RunError: The folder cannot be written. Nothing is left behind.
        """
        try:
            path = _claim_next(runs_dir)
        except OSError as error:
            raise RunError(_cannot_write(runs_dir, error)) from error
        record = RunRecord(
            kind=kind,
            name=path.name,
            project=project,
            created=datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            seed=seed,
            config_path=str(config_path) if config_path else None,
            migration_notes=migration_notes,
            git_commit=_git_commit(config_path.parent if config_path else runs_dir),
            machine={"host": platform.node(), "system": platform.platform(), "processor": platform.machine()},
            versions={"modelgardener": __version__, "python": platform.python_version(), **_versions()},
        )
        folder = cls(path)
        folder._fill(config_yaml, record)
        return folder

    def create_fold(self, fold: int, config_yaml: str) -> RunFolder:
        """Make the run of one fold beside this cross-validation, with the same copies of the user's files.

        Args:
            fold: Its number, from 1.
            config_yaml: Its whole configuration.

        Raises:
            RunError: The folder cannot be written. Nothing is left behind.
        """
        child = self.fold_folder(fold)
        created = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        changes = {"kind": "training", "name": child.name, "parent": self.name, "fold": fold, "created": created}
        record = self.read_record().model_copy(update={**changes, "session": 0, "process": None})
        try:
            child.path.mkdir(exist_ok=True)  # a fold whose making was interrupted has no run.json yet
            if self.functions_path.is_dir():
                shutil.copytree(self.functions_path, child.functions_path, dirs_exist_ok=True)
        except OSError as error:
            shutil.rmtree(child.path, ignore_errors=True)
            raise RunError(_cannot_write(child.path, error)) from error
        child._fill(config_yaml, record)
        return child

    def fold_folder(self, fold: int) -> RunFolder:
        """The run of a fold of this cross-validation, whether it exists or not."""
        return RunFolder(self.path.with_name(f"{self.name}_fold{fold}"))

    def _fill(self, config_yaml: str, record: RunRecord) -> None:
        try:
            write_atomically(self.config_path, config_yaml.encode())
            self.write_record(record)
            self.commands_path.touch()
            self.log_path.touch()
        except OSError as error:
            shutil.rmtree(self.path, ignore_errors=True)
            raise RunError(_cannot_write(self.path.parent, error)) from error

    def read_record(self) -> RunRecord:
        """Content of `run.json`.

        Raises:
            RunError: The file is missing, damaged or of a newer format.
        """
        try:
            record = RunRecord.model_validate_json(self.record_path.read_bytes())
        except (OSError, ValidationError) as error:
            raise RunError(f"{self.path} is not a run folder: run.json is missing or damaged.") from error
        if record.schema_version > RUN_SCHEMA_VERSION:
            raise RunError(
                f"{self.path} has format {record.schema_version}; this version of ModelGardener reads up to "
                f"{RUN_SCHEMA_VERSION}. Update ModelGardener to open it."
            )
        return record

    def write_record(self, record: RunRecord) -> None:
        """Replace `run.json`."""
        text = json.dumps(record.model_dump(mode="json"), indent=2)
        write_atomically(self.record_path, (text + "\n").encode())

    def send(self, command: Any) -> None:
        """Append a command for the worker.

        Raises:
            RunError: The command file cannot be written.
        """
        try:
            append_line(self.commands_path, encode_command(command))
        except OSError as error:
            raise RunError(_cannot_write(self.path, error)) from error

    def is_alive(self) -> bool:
        """Whether the worker recorded in `run.json` exists."""
        process = self.read_record().process
        return process is not None and process.is_alive()

    def has_ended(self) -> bool:
        """Whether the last event ends a session. Reads only the end of the file."""
        line = last_line(self.events_path)
        return b'"event":"SessionEnded"' in line

    def acquire(self, timeout_s: float = 0.0) -> FileLock:
        """Lock the run for writing; only one worker may. Keep the result until the process ends.

        Args:
            timeout_s: How long to wait for a worker that is just ending.

        Raises:
            RunError: Another worker holds it.
        """
        from filelock import FileLock, Timeout  # here, as the window starts faster without it

        lock = FileLock(str(self.path / ".lock"))
        try:
            lock.acquire(timeout=timeout_s)
        except Timeout as error:
            raise RunError(f"{self.name} is already being written by another worker.") from error
        return lock


def _claim_next(runs_dir: Path) -> Path:
    runs_dir.mkdir(parents=True, exist_ok=True)
    taken = [int(m[1]) for entry in runs_dir.iterdir() if (m := _NAME.fullmatch(entry.name))]
    number = max(taken, default=0) + 1
    while True:
        path = runs_dir / f"exp{number}"
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
            continue
        return path


def _cannot_write(folder: Path, error: OSError) -> str:
    cause = error.strerror or str(error)
    return f"Cannot write to {folder}: {cause}. Choose another runs folder, or free space and check the permissions."


def _versions() -> dict[str, str]:
    from importlib import metadata

    found = {}
    for package in ("keras", "tensorflow", "numpy"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git_commit(folder: Path) -> str | None:
    """Commit of the project that `folder` belongs to, read from its `.git` without running git."""
    for parent in (folder, *folder.parents):
        head = parent / ".git" / "HEAD"
        if head.is_file():
            return _resolve_head(head)
    return None


def _resolve_head(head: Path) -> str | None:
    text = head.read_text(encoding="utf-8", errors="replace").strip()
    if not text.startswith("ref: "):
        return text or None
    name = text.removeprefix("ref: ")
    reference = head.parent / name
    if reference.is_file():
        return reference.read_text(encoding="utf-8").strip() or None
    packed = head.parent / "packed-refs"
    lines = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), None)
