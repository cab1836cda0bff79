"""What threads make for the window, handed over in the window's own thread."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

from PySide6.QtCore import QObject, QRunnable, QThreadPool, QTimer, Signal

_INTERVAL_MS = 8
_END = object()
Put = Callable[[object], None]


class Outbox(QObject):
    """Runs work in a pool and gives what it makes to the window's thread.

    The threads put it into a queue and know nothing of Qt: one that emits a signal of an object that the window is
    just destroying ends the process.

    Signals:
        arrived: Something that work has made.
    """

    arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._queue: SimpleQueue[object] = SimpleQueue()
        self._num_at_work = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._hand_over)

    @property
    def is_idle(self) -> bool:
        """Whether nothing more will arrive."""
        return self._num_at_work == 0

    def start(self, pool: QThreadPool, work: Callable[[Put], None]) -> None:
        """Let the pool do some work, which puts what it makes."""
        put = self._queue.put

        def run() -> None:
            try:
                work(put)
            finally:
                put(_END)

        self._num_at_work += 1
        self._timer.start()
        pool.start(QRunnable.create(run))

    def _hand_over(self) -> None:
        while True:
            try:
                made = self._queue.get_nowait()
            except Empty:
                break
            if made is _END:
                self._num_at_work -= 1
            else:
                self.arrived.emit(made)
        if self.is_idle:
            self._timer.stop()
