"""Small jobs on the command line, run beside the window so that it never waits."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QProcess

_MAIN = Path(__file__).resolve().parents[2] / "main.py"


class QuickJob(QObject):
    """Runs one command of ours and reports when it is done.

    Args:
        arguments: As on the command line, such as `["new", "pictures", "--out", "pictures.yaml"]`.
        done: Called with the lines it printed when it succeeded.
        failed: Called with its error message when it did not.
        told: Called with each line of its standard error as it comes: progress and warnings.

    Attributes:
        printed: The lines on its standard output, complete when `done` or `failed` is called.
    """

    def __init__(
        self,
        arguments: list[str],
        done: Callable[[list[str]], None],
        failed: Callable[[str], None],
        parent: QObject | None = None,
        *,
        told: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(parent)
        self.printed: list[str] = []
        self._done = done
        self._failed = failed
        self._told = told
        self._errors = b""
        self._num_told = 0
        self._process = QProcess(self)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._on_error)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.start(sys.executable, [str(_MAIN), *arguments])

    def cancel(self) -> None:
        """End it without a report."""
        self._process.finished.disconnect(self._finish)
        self._process.errorOccurred.disconnect(self._on_error)
        self._process.readyReadStandardError.disconnect(self._read_errors)
        self._process.kill()
        self._process.waitForFinished(1000)
        self.deleteLater()

    def _finish(self, exit_code: int) -> None:
        self._read_errors()
        output = bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace")
        self.printed = output.splitlines()
        if exit_code == 0:
            self._done(self.printed)
        else:
            errors = self._errors.decode("utf-8", "replace")
            lines = [line.removeprefix("error: ") for line in errors.strip().splitlines()]
            self._failed("\n".join(lines[-3:]) or f"The command ended with exit code {exit_code}.")
        self.deleteLater()

    def _read_errors(self) -> None:
        self._errors += bytes(self._process.readAllStandardError().data())
        if self._told is None:
            return
        whole = self._errors[: self._errors.rfind(b"\n") + 1]
        for line in whole[self._num_told :].decode("utf-8", "replace").splitlines():
            self._told(line)
        self._num_told = len(whole)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._failed(f"The command could not be started: {self._process.errorString()}.")
            self.deleteLater()
