"""The open project as a file of its own, for a job that works on it while the person goes on editing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from app.project.project import Project
from trainer.config.document import resolved_yaml
from trainer.config.paths import with_absolute_paths
from trainer.errors import ConfigError, Problem


class NotAgreedError(ConfigError):
    """The project brings code of its own that nobody let run here yet."""


class Snapshot:
    """A copy of the project as it stands, with absolute paths, in a folder that goes with it.

    Args:
        project: What is being edited, saved or not.

    Raises:
        ConfigError: A setting has no valid value.
        NotAgreedError: The project's files may not run yet; see `Trust`.
    """

    def __init__(self, project: Project) -> None:
        project.commit_pending_edits()
        config = project.loaded.config
        if config is None:
            raise ConfigError(tuple(p for p in project.problems if p.severity == "error"), project.path)
        if unknown := project.trust.unknown():
            names = ", ".join(path.name for path in unknown)
            message = f"{names} came with this project and may not run yet. Press Start, and let it run there."
            raise NotAgreedError((Problem("", message),))
        self._folder = tempfile.TemporaryDirectory(prefix="modelgardener-")
        self.path = Path(self._folder.name) / "config.yaml"
        self.path.write_text(resolved_yaml(with_absolute_paths(config, project.base_dir)), encoding="utf-8")

    def remove(self) -> None:
        """Delete it."""
        self._folder.cleanup()


def refusal(error: ConfigError) -> str:
    """Why there can be no snapshot, in a sentence that says what to do."""
    problem = error.problems[0]
    if isinstance(error, NotAgreedError):
        return problem.message
    return f"Correct {problem.key or 'the file'} first: {problem.message}"
