"""Check model: what the window shows of the command's findings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.window.model_check_dialog import ModelCheckDialog
from tests.app.fake_command import answer_commands

GOOD = {"name": "forward", "title": "Forward pass", "outcome": "pass", "text": "(8, 3) → (8, 2)", "advice": ""}
POOR = {"name": "labels", "title": "Labels", "outcome": "warn", "text": "cat 90 %", "advice": "Balance the classes."}
BAD = {"name": "range", "title": "Output range", "outcome": "fail", "text": "from -3", "advice": "Use softmax."}


def checked(
    qtbot: QtBot, window: MainWindow, folder: Path, monkeypatch: pytest.MonkeyPatch, *findings: dict[str, str]
) -> ModelCheckDialog:
    """The dialog after a check that found this, which the command says with its exit code too."""
    answer = json.dumps({"outcome": findings[-1]["outcome"], "findings": findings})
    code = 1 if any(finding["outcome"] == "fail" for finding in findings) else 0
    program = (
        "import sys\n"
        "print('progress: 3/14', file=sys.stderr, flush=True)\n"
        f"print({answer!r})\n"
        f"sys.exit({code} if sys.argv[1] == 'probe' else 9)\n"
    )
    answer_commands(monkeypatch, folder, program)
    window.files.new_empty()
    window.actions_["check_model"].trigger()
    dialog = window.tools.model_check
    assert dialog is not None
    qtbot.waitUntil(lambda: not dialog.is_busy, timeout=20_000)
    return dialog


def texts_of(dialog: ModelCheckDialog) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel) if label.text()]


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ((GOOD,), "Nothing found that stands against training."),
        ((GOOD, POOR), "No check failed; 1 finding to look at."),
        ((GOOD, POOR, BAD), "1 check failed: training cannot go well like this."),
    ],
)
def test_the_findings_are_shown_with_their_advice(
    qtbot: QtBot,
    window: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    findings: tuple[dict[str, str], ...],
    sentence: str,
) -> None:
    dialog = checked(qtbot, window, tmp_path, monkeypatch, *findings)
    assert dialog.sentence.text() == sentence
    for finding in findings:
        assert {finding["title"], finding["text"]} <= set(texts_of(dialog))
        assert not finding["advice"] or finding["advice"] in texts_of(dialog)
    assert dialog.cancel_button.text() == "Close"
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith("pass: Forward pass: (8, 3) → (8, 2)")


def test_overfitting_is_tried_on_request(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = checked(qtbot, window, tmp_path, monkeypatch, GOOD)
    echo = {**GOOD, "text": "ARGUMENTS"}
    program = f"import json, sys; print(json.dumps({{'findings': [{echo!r} | {{'text': ' '.join(sys.argv[3:])}}]}}))"
    answer_commands(monkeypatch, tmp_path, program)
    dialog.overfit.setChecked(True)
    qtbot.mouseClick(dialog.again_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.is_busy, timeout=20_000)
    assert dialog.findings[0]["text"] == "--json --overfit"


def test_a_configuration_that_cannot_be_built_says_why_and_cancel_ends_it(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = checked(qtbot, window, tmp_path, monkeypatch, GOOD)
    answer_commands(monkeypatch, tmp_path, "import sys; print('error: no data', file=sys.stderr); sys.exit(2)")
    dialog.begin()
    qtbot.waitUntil(lambda: not dialog.is_busy, timeout=20_000)
    assert dialog.sentence.text() == "no data"
    answer_commands(monkeypatch, tmp_path, "import threading; threading.Event().wait()")
    dialog.begin()
    assert dialog.cancel_button.text() == "Cancel"
    qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert not dialog.is_busy
    assert dialog.sentence.text() == "Cancelled."
