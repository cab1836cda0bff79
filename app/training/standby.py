"""Keeps a worker ready that has imported Keras already."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from trainer.launch import StandbyWorker

_POLL_MS = 250


class Standby(QObject):
    """One worker in waiting.

    Signals:
        changed: `text` is another one.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: StandbyWorker | None = None
        self._status: dict[str, Any] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def is_ready(self) -> bool:
        """Whether a start need not wait for the import of Keras."""
        return self._worker is not None and self._status.get("state") == "ready"

    @property
    def text(self) -> str:
        """State of the worker for the status bar."""
        match self._status.get("state"):
            case "ready":
                engine = f"TensorFlow {self._status['tensorflow']} on {self._status['device']}"
                return f"{engine} · worker ready" if self._worker else engine
            case "importing":
                return "Preparing TensorFlow …"
            case "failed":
                return f"TensorFlow could not be loaded: {self._status.get('message', '')}"
        return ""

    def prepare(self) -> None:
        """Start a worker if there is none."""
        if self._worker is not None and self._worker.is_usable():
            return
        self._worker = StandbyWorker()
        self._status = {"state": "importing"}
        self._timer.start()
        self.changed.emit()

    def take(self) -> StandbyWorker | None:
        """Hand the worker over; `None` if there is none that can be used. A new one is made by `prepare`."""
        worker, self._worker = self._worker, None
        self._timer.stop()
        self.changed.emit()
        return worker if worker is not None and worker.is_usable() else None

    def close(self) -> None:
        """Let the worker end."""
        self._timer.stop()
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _poll(self) -> None:
        if self._worker is None:
            return
        status = self._worker.status()
        if status != self._status:
            self._status = status
            self.changed.emit()
        if status["state"] != "importing":
            self._timer.stop()
