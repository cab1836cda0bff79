"""The robot of pytest-qt that waits as long as a busy machine may need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytestqt.qtbot import QtBot

PATIENCE_MS = 60_000
"""Nothing takes this long; a test that asks for something in time says so with its own `timeout`."""


class PatientBot(QtBot):
    """A `QtBot` that does not give up after 5 s, as it does where other processes take the processor from the test."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:
        """Wait until a condition holds; raises `TimeoutError` after `timeout` milliseconds."""
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **options: Any) -> Any:
        """Give a context that ends when a signal is emitted; raises `TimeoutError` after `timeout` milliseconds."""
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitSignals(self, signals: Any, *, timeout: int = PATIENCE_MS, **options: Any) -> Any:
        """Give a context that ends when all signals were emitted; like `waitSignal`."""
        return super().waitSignals(signals, timeout=timeout, **options)
