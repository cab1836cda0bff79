"""Starts, continues and commands runs for the window."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.project.project import Project
from app.training.standby import Standby
from trainer.config.describe import all_settings
from trainer.errors import ConfigError, Problem, RunError
from trainer.launch import StandbyWorker, create_run, prepare_continue, start_worker
from trainer.runs.folder import RunFolder


class RunController(QObject):
    """Turns the open project into runs.

    Signals:
        started: Path of a run that a worker was just given.
        refused: A sentence why something could not be done, and the dotted key of the setting it is about,
            empty if it is about none.
        told: Path of a run, and the command that it was given.

    Args:
        project: The open project.
        standby: Where ready workers come from.
    """

    started = Signal(object)
    refused = Signal(str, str)
    told = Signal(object, object)

    def __init__(self, project: Project, standby: Standby, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._standby = standby
        self._workers: list[tuple[subprocess.Popen[bytes], StandbyWorker | None]] = []

    def start(self) -> None:
        """Make a run of the project as it stands and train it."""
        project = self._project
        project.commit_pending_edits()
        project.recheck()
        errors = [problem for problem in project.problems if problem.severity == "error"]
        config = project.loaded.config
        if errors or config is None:
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            self.refused.emit(f"Training cannot start. {_sentence(errors[0])}{more}", errors[0].key)
            return
        try:
            notes = project.migration_notes
            folder = create_run(config, project.base_dir, config_path=project.path, migration_notes=notes)
            self._give_to_worker(folder, resume=False)
        except ConfigError as error:
            problem = error.problems[0]
            self.refused.emit(f"Training cannot start. {_sentence(problem)}", problem.key)
        except RunError as error:
            self.refused.emit(str(error), "output.runs_dir")

    def continue_run(self, path: Path, changes: dict[str, Any] | None = None) -> None:
        """Let a stopped, failed or lost run go on from its newest checkpoint."""
        folder = RunFolder(path)
        try:
            prepare_continue(folder, changes)
            self._give_to_worker(folder, resume=True)
        except ConfigError as error:
            self.refused.emit(error.problems[0].message, error.problems[0].key)
        except RunError as error:
            self.refused.emit(str(error), "")

    def send(self, path: Path, command: Any) -> None:
        """Tell a run something."""
        try:
            RunFolder(path).send(command)
        except RunError as error:
            self.refused.emit(str(error), "")
            return
        self.told.emit(path, command)

    def reap(self) -> None:
        """Forget workers that have ended; without this they would stay as zombies."""
        self._workers = [pair for pair in self._workers if pair[0].poll() is None]

    def _give_to_worker(self, folder: RunFolder, *, resume: bool) -> None:
        # The folds have workers of their own; the one in waiting is kept for another run.
        trains = folder.read_record().kind == "training"
        standby = self._standby.take() if trains else None
        process = start_worker(folder, resume=resume, standby=standby, background=True)
        self._workers.append((process, standby))
        self.started.emit(folder.path)


def _sentence(problem: Problem) -> str:
    """The problem with the title of its setting in front."""
    setting = all_settings().get(problem.key)
    return f"{setting.title}: {problem.message}" if setting is not None else problem.message
