"""Tries components of the open project out, each in a process of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.project.project import Project
from app.training.quick_job import QuickJob
from app.training.snapshot import Snapshot, refusal
from trainer.errors import ConfigError

LIMIT_S = 60
_GUARD_MS = 150_000
"""The command ends itself after its limit, counted from when Keras is there; this is for when it cannot."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What came of a trial: one sentence, and for a failure the user's part of the traceback."""

    is_ok: bool
    sentence: str
    details: str = ""


class Trials(QObject):
    """Runs `gardener try` for components, at most once at a time for each.

    Signals:
        started: Dotted key of a component that is being tried.
        finished: That key, and its `TrialResult`.

    Args:
        project: What is being edited.
    """

    started = Signal(str)
    finished = Signal(str, object)

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._running: dict[str, _Trial] = {}

    def begin(self, key: str, *, limit_s: float = LIMIT_S) -> None:
        """Try the component at a key; a trial of it that is still running is given up.

        Args:
            key: Dotted key, such as `training.loss`.
            limit_s: Time after which it is killed.
        """
        if (running := self._running.pop(key, None)) is not None:
            running.cancel()
        try:
            snapshot = Snapshot(self._project)
        except ConfigError as error:
            self.finished.emit(key, TrialResult(False, refusal(error)))
            return
        self._running[key] = _Trial(self, key, snapshot, limit_s)
        self.started.emit(key)

    def close(self) -> None:
        """Give up what is running."""
        for trial in self._running.values():
            trial.cancel()
        self._running.clear()

    def take(self, trial: _Trial, result: TrialResult) -> None:
        """A trial has ended."""
        if self._running.get(trial.key) is trial:
            del self._running[trial.key]
        self.finished.emit(trial.key, result)


class _Trial:
    def __init__(self, owner: Trials, key: str, snapshot: Snapshot, limit_s: float) -> None:
        self.key = key
        self._owner = owner
        self._snapshot = snapshot
        arguments = ["try", str(snapshot.path), key, "--json", "--timeout", f"{limit_s:g}"]
        self._job = QuickJob(arguments, lambda _: self._end(""), self._end, owner)
        self._guard = QTimer(owner)
        self._guard.setSingleShot(True)
        self._guard.timeout.connect(self._give_up)
        self._guard.start(_GUARD_MS)

    def cancel(self) -> None:
        self._guard.stop()
        self._job.cancel()
        self._snapshot.remove()

    def _give_up(self) -> None:
        self.cancel()
        self._owner.take(self, TrialResult(False, f"Stopped after {_GUARD_MS // 1000} s: the process did not answer."))

    def _end(self, errors: str) -> None:
        self._guard.stop()
        self._snapshot.remove()
        self._owner.take(self, _result(self._job.printed, errors))


def _result(lines: list[str], errors: str) -> TrialResult:
    """From the last line the command printed; from its error where the process ended without one."""
    answer: Any = None
    if lines:
        try:
            answer = json.loads(lines[-1])
        except ValueError:
            answer = None
    if not isinstance(answer, dict) or "ok" not in answer:
        return TrialResult(False, f"The process ended without a result. {errors}".strip(), errors)
    return TrialResult(bool(answer["ok"]), str(answer["message"]), str(answer.get("trace", "")))
