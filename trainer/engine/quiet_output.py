"""An output for jobs that keep nothing: only what a person should know is passed on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from trainer.runs.output import RunOutput


class QuietOutput(RunOutput):
    """Passes warnings on and says nothing else.

    Args:
        events_path: Where events go.
        warn: Told each warning and error.
    """

    def __init__(self, events_path: Path, warn: Callable[[str], None]) -> None:
        super().__init__(events_path)
        self._warn = warn

    def log(self, tag: str, message: str) -> None:
        """Say nothing."""

    def notice(self, level: Literal["info", "warning", "error"], message: str) -> None:
        """Pass on what is more than information."""
        if level != "info":
            self._warn(message)
