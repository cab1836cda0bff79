"""What the first click will want, made ready while the window is already on screen."""

from __future__ import annotations

import gc
import importlib
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.garbage import GarbageCollection

if TYPE_CHECKING:
    from app.main_window import MainWindow

_STEP_INTERVAL_MS = 15
_MODULES = (
    "pyqtgraph",
    "app.config_tree.tree",
    "app.pages.train.run_view",
    "app.yaml_view.view",
    "app.pages.data.view",
    "app.pages.data.reading",
)


class WarmUp(QObject):
    """Imports on a thread, then builds what is not on screen yet in steps; clicks and paints come in between.

    A click that comes first does its part of the work at once.

    Signals:
        finished: Everything is ready.
    """

    finished = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.is_finished = False
        self._steps: deque[Callable[[], object]] = deque(
            (window.panel.build, window.train_page.build, window.data_page.build, self._collect_garbage_again)
        )
        # Not a daemon: Python must not end in the middle of an import.
        self._imports = threading.Thread(target=_import_modules, name="warm-up", daemon=False)
        self._timer = QTimer(self)
        self._timer.setInterval(_STEP_INTERVAL_MS)
        self._timer.timeout.connect(self._step)
        QTimer.singleShot(0, self, self._begin)  # once the window is painted

    def _begin(self) -> None:
        self._imports.start()
        self._timer.start()

    def _collect_garbage_again(self) -> None:
        """From here on, but never again through what was made so far: that would hold up the window now and then."""
        gc.freeze()
        GarbageCollection(self)

    def _step(self) -> None:
        if self._imports.is_alive():
            return
        self._steps.popleft()()
        if not self._steps:
            self._timer.stop()
            self.is_finished = True
            self.finished.emit()


def pause_garbage_collection() -> None:
    """Nothing that is made while starting is garbage; looking for it again and again would only take time."""
    gc.disable()


def _import_modules() -> None:
    """None of these makes a Qt object when imported, which would belong to the wrong thread."""
    for name in _MODULES:
        importlib.import_module(name)
    from app.project.edits import warm_up as load_yaml_editor

    load_yaml_editor()
