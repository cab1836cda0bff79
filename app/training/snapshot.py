"""The open project as a file of its own, for a job that works on it while the person goes on editing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from app.project.project import Project
from trainer.config.document import resolved_yaml
from trainer.config.paths import with_absolute_paths
from trainer.errors import ConfigError


class Snapshot:
    """A copy of the project as it stands, with absolute paths, in a folder that goes with it.

    Args:
        project: What is being edited, saved or not.

    Raises:
        ConfigError: A setting has no valid value.
    """

    def __init__(self, project: Project) -> None:
        project.commit_pending_edits()
        config = project.loaded.config
        if config is None:
            raise ConfigError(tuple(p for p in project.problems if p.severity == "error"), project.path)
        self._folder = tempfile.TemporaryDirectory(prefix="modelgardener-")
        self.path = Path(self._folder.name) / "config.yaml"
        self.path.write_text(resolved_yaml(with_absolute_paths(config, project.base_dir)), encoding="utf-8")

    def remove(self) -> None:
        """Delete it."""
        self._folder.cleanup()
