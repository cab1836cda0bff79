"""Widgets that nobody holds any more are destroyed in the window's thread, whichever thread makes objects meanwhile."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.application import make_application
from app.garbage import GarbageCollection


def make_much() -> None:
    kept = [[number] for number in range(50_000)]
    assert kept


def test_garbage_is_collected_by_the_timer_and_by_no_other_thread(qtbot: QtBot) -> None:
    make_application([])
    parent = QObject()
    collection = GarbageCollection(parent)
    ends: list[threading.Thread] = []
    dropped = QObject()
    dropped.itself = dropped  # type: ignore[attr-defined]
    watched = weakref.ref(dropped, lambda _: ends.append(threading.current_thread()))
    del dropped
    maker = threading.Thread(target=make_much)
    maker.start()
    maker.join()
    assert watched() is not None
    held = [[number] for number in range(2000)]
    collection.timer.timeout.emit()
    assert watched() is None and held
    assert ends == [threading.main_thread()]
    del collection
    parent.deleteLater()
    qtbot.waitUntil(gc.isenabled)
