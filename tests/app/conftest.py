"""The main window, for tests that need the whole of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.application import make_application
from app.main_window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The window as it opens, with a workspace of its own and no worker standing by."""
    monkeypatch.setenv("GARDENER_WORKSPACE", str(tmp_path / "workspace"))
    make_application([])
    shown = MainWindow(start_standby=False)
    qtbot.addWidget(shown)
    shown.show()
    yield shown
    shown.close_without_asking()
