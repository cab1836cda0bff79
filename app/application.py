"""Starts the window."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from app.theme import apply_theme
from app.warm_up import WarmUp, pause_garbage_collection

if TYPE_CHECKING:
    from app.main_window import MainWindow

_HAND_OVER_S = 0.001


def main(arguments: list[str]) -> int:
    """Open the window, with a configuration, folder or run if one is given; returns the exit code."""
    app = make_application(arguments)
    _window = open_window(arguments)
    return app.exec()


def open_window(arguments: list[str]) -> MainWindow:
    """Show the window; what it does not need to be seen follows while it is on screen."""
    pause_garbage_collection()
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would search every installed package for some
    from app.main_window import MainWindow

    window = MainWindow()
    window.show()
    if arguments:
        path = Path(arguments[0]).absolute()
        QTimer.singleShot(0, window, lambda: window.files.open_anything(path))
    else:
        QTimer.singleShot(0, window, window.offer_recovery)
        QTimer.singleShot(0, window, window.reattach)
    WarmUp(window)
    return window


def make_application(arguments: list[str]) -> QApplication:
    """The application object, with name, theme and settings in place."""
    QApplication.setApplicationName("ModelGardener")
    QApplication.setOrganizationName("ModelGardener")
    QApplication.setDesktopFileName("modelgardener")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    # One paint asks for Python dozens of times, and a busy thread gives it up only when asked for so long.
    sys.setswitchinterval(_HAND_OVER_S)
    # Qt would share out every fill among threads that wake hundreds of times a second, on the cores that train.
    os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication([sys.argv[0], *arguments])
    mode = QSettings().value("theme", "system")
    apply_theme(app, mode if mode in ("light", "dark") else "system")
    return app
