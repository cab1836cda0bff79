"""Looks for garbage in the window's thread alone."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_INTERVAL_MS = 1000


class GarbageCollection(QObject):
    """Collects as often as Python would, but never in another thread.

    Python looks for garbage in whichever thread makes the next object. A widget that is found by a thread which decodes
    pictures is destroyed there, and Qt may end the process.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self.destroyed.connect(lambda *_: gc.enable())
        self.timer = QTimer(self)
        self.timer.setInterval(_INTERVAL_MS)
        self.timer.timeout.connect(_collect)
        self.timer.start()


def _collect() -> None:
    """The oldest generation that has grown enough, and with it the younger ones."""
    grown = [number for number, limit in enumerate(gc.get_threshold()) if gc.get_count()[number] > limit]
    if grown:
        gc.collect(grown[-1])
