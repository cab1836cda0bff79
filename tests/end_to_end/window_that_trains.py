"""Opens the real window on a configuration and presses Start; run by a test that kills it."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer

from app.application import make_application

if __name__ == "__main__":
    app = make_application([])
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, sys.argv[2])
    from app.main_window import MainWindow

    window = MainWindow(start_standby=False)
    window.show()
    window.files.open(Path(sys.argv[1]))
    QTimer.singleShot(0, window, window.actions_["start"].trigger)
    sys.exit(app.exec())
