"""The installed PySide6 survives what the window does all day; 6.12.0 on Python 3.11 did not."""

from __future__ import annotations

import subprocess
import sys

A_DAYS_WORK = """
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel

class Source(QObject):
    changed = Signal(object)

app = QApplication([])
source, label, received = Source(), QLabel(), []
source.changed.connect(received.append)
for number in range(5_000):
    source.changed.emit((None, True, False, number)[number % 4])
for number in range(20_000):
    label.setText(str(number))
print(len(received), label.text())
"""


def test_thousands_of_signals_and_texts_do_not_kill_the_process() -> None:
    result = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", A_DAYS_WORK],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["5000", "19999"]
