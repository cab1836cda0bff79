"""The real window, with settings and a workspace of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.application import make_application
from app.main_window import MainWindow
from tests.end_to_end.shown_run import end_worker


@pytest.fixture
def settings_folder(tmp_path: Path) -> Path:
    """Gives the folder in which the window keeps its settings."""
    folder = tmp_path / "settings"
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    return folder


@pytest.fixture
def window(
    qtbot: QtBot, tmp_path: Path, settings_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """Gives the window on its welcome page; its workspace is `workspace` in the test's folder."""
    del settings_folder
    monkeypatch.setenv("GARDENER_WORKSPACE", str(tmp_path / "workspace"))
    make_application([])
    shown = MainWindow(start_standby=False)
    qtbot.addWidget(shown)
    shown.show()
    yield shown
    end_worker(shown)
    shown.close_without_asking()
