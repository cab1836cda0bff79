"""A run with another backend never gets the worker in waiting, which has imported Keras with TensorFlow."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from trainer import launch
from trainer.config.config import Config
from trainer.config.document import resolved_yaml
from trainer.errors import RunError
from trainer.runs.folder import RunFolder


class Waiting:
    """A worker in waiting that remembers what is done with it."""

    def __init__(self) -> None:
        self.is_dismissed = False

    def is_usable(self) -> bool:
        return True

    def dismiss(self) -> None:
        self.is_dismissed = True


def test_another_backend_gets_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config.model_validate({"runtime": {"backend": "jax"}})
    folder = RunFolder.create(tmp_path / "runs", resolved_yaml(config), project="p", seed=1, config_path=None)
    spawned: list[list[str]] = []

    def refuse(arguments: list[str], *, standard_input: int) -> subprocess.Popen[bytes]:
        spawned.append(arguments)
        raise OSError("no process is needed here")

    monkeypatch.setattr(launch, "_spawn", refuse)
    waiting: Any = Waiting()
    with pytest.raises(RunError, match="no process is needed here"):
        launch.start_worker(folder, standby=waiting)
    assert waiting.is_dismissed and spawned[0][0] == str(folder.path)
