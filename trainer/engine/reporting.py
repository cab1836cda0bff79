"""What the engine says while it works; the worker turns it into events and log lines."""

from __future__ import annotations

from typing import Literal, Protocol


class Reporter(Protocol):
    """Where the engine reports to. Calls are cheap and never raise."""

    def log(self, tag: str, message: str) -> None:
        """Write a log line such as `[TRAINING] Loading datasets...`; `tag` without brackets."""

    def notice(self, level: Literal["info", "warning", "error"], message: str) -> None:
        """Tell the person something they should know; also written to the log."""

    def progress(self, done: int, total: int, unit: str = "") -> None:
        """Say how far the current phase is. May be called as often as convenient."""
