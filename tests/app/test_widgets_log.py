"""The log view: any number of lines, cleaned, filtered, searched, followed."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.widgets.log_lines import Level, clean_line, line_level
from app.widgets.log_text import KEPT_LINES
from app.widgets.log_view import LogView


@pytest.fixture
def log(qtbot: QtBot) -> LogView:
    view = LogView()
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show()
    return view


def fill(qtbot: QtBot, log: LogView, lines: list[str]) -> None:
    log.append_lines(lines)
    qtbot.waitUntil(lambda: log.is_idle)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("10%\r50%\r100%", "100%"),
        ("ended by Windows\r", "ended by Windows"),
        ("\x1b[1m\x1b[32mgreen\x1b[0m text", "green text"),
        ("1/10\x08\x08\x08\x08 2/10", " 2/10"),
        ("bell\x07 and null\x00", "bell and null"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_a_line_shows_what_a_terminal_would_end_up_with(raw: str, shown: str) -> None:
    assert clean_line(raw) == shown


def test_a_very_long_line_is_capped_and_says_so() -> None:
    shown = clean_line("x" * 25_000)
    assert len(shown) < 10_100
    assert shown.endswith("(15,000 more characters in the log file)")


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("12:01:44 [TRAINING] Epoch 4/30 - MeanSquaredError: 0.2 - loss: 1.2", Level.NORMAL),
        ("WARNING:tensorflow:retracing", Level.WARNING),
        ("lib.py:3: UserWarning: careful", Level.WARNING),
        ("W0000 00:00:17.1 gpu_device.cc] no GPU", Level.WARNING),
        ("12:01:44 [TRAINING] ERROR the disk is full", Level.ERROR),
        ("keras.errors.ValueError: shape", Level.ERROR),
    ],
)
def test_lines_have_levels(text: str, level: Level) -> None:
    assert line_level(text)[0] is level


def test_a_traceback_is_an_error_to_its_last_line_and_no_further() -> None:
    lines = ["Traceback (most recent call last):", '  File "a.py", line 1', "    f()", "my.Problem: no", "after"]
    levels, inside = [], False
    for line in lines:
        level, inside = line_level(line, in_traceback=inside)
        levels.append(level)
    assert levels == [Level.ERROR] * 4 + [Level.NORMAL]


def test_the_filter_shows_only_what_matters_and_gives_the_rest_back(qtbot: QtBot, log: LogView) -> None:
    fill(qtbot, log, ["one", "WARNING: two", "three", "ERROR four"])
    log.level_choice.setCurrentIndex(1)
    qtbot.waitUntil(lambda: log.is_idle)
    assert log.text.toPlainText() == "WARNING: two\nERROR four"
    fill(qtbot, log, ["five", "ERROR six"])
    assert log.text.toPlainText().endswith("ERROR four\nERROR six")
    log.level_choice.setCurrentIndex(0)
    qtbot.waitUntil(lambda: log.is_idle)
    assert log.text.toPlainText().splitlines() == ["one", "WARNING: two", "three", "ERROR four", "five", "ERROR six"]


def test_the_newest_line_stays_in_view_until_the_reader_scrolls_up(qtbot: QtBot, log: LogView) -> None:
    bar = log.text.verticalScrollBar()
    fill(qtbot, log, [f"line {number}" for number in range(300)])
    assert log.text.follows and bar.value() == bar.maximum()
    bar.setValue(20)
    assert not log.text.follows and not log.follow_button.isChecked()
    fill(qtbot, log, ["more"] * 100)
    assert bar.value() == 20
    bar.setValue(bar.maximum())
    assert log.text.follows and log.follow_button.isChecked()
    log.resize(500, 200)
    assert log.text.follows and bar.value() == bar.maximum()


def test_the_follow_button_goes_to_the_end(qtbot: QtBot, log: LogView) -> None:
    fill(qtbot, log, [f"line {number}" for number in range(300)])
    bar = log.text.verticalScrollBar()
    bar.setValue(0)
    qtbot.mouseClick(log.follow_button, Qt.MouseButton.LeftButton)
    assert log.text.follows and bar.value() == bar.maximum()


def test_a_reader_above_keeps_the_same_lines_when_old_ones_are_cut(qtbot: QtBot, log: LogView) -> None:
    fill(qtbot, log, [f"line {number}" for number in range(KEPT_LINES)])
    log.text.verticalScrollBar().setValue(1000)
    first_seen = log.text.firstVisibleBlock().text()
    fill(qtbot, log, ["more"] * 300)
    assert log.text.firstVisibleBlock().text() == first_seen


def test_100_000_lines_at_once_never_hold_up_the_window(qtbot: QtBot, log: LogView) -> None:
    slices_s: list[float] = []
    take_slice = log._take_slice

    def timed() -> None:
        began = time.thread_time()
        take_slice()
        slices_s.append(time.thread_time() - began)

    log._timer.timeout.disconnect()
    log._timer.timeout.connect(timed)
    fill(qtbot, log, [f"12:00:00 [DATA] line {number}" for number in range(100_000)])
    assert log.text.blockCount() == KEPT_LINES
    assert log.text.toPlainText().endswith("line 99999")
    assert "50,000" in log.cut_note.text()
    assert log.text.follows
    assert len(slices_s) > 100
    assert sorted(slices_s)[-3] < 0.05


def test_search_finds_wraps_and_says_when_there_is_nothing(qtbot: QtBot, log: LogView) -> None:
    fill(qtbot, log, ["first match", "maybe here", "second Match"])
    log.text.setFocus()
    log.search.open_search()
    qtbot.keyClicks(log.search.field, "match")
    lines = [log.text.textCursor().block().text()]
    for _ in range(2):
        qtbot.keyClick(log.search.field, Qt.Key.Key_Return)
        lines.append(log.text.textCursor().block().text())
    assert lines == ["first match", "second Match", "first match"]
    qtbot.keyClick(log.search.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert log.text.textCursor().block().text() == "second Match"
    assert len(log.text.extraSelections()) == 2
    qtbot.keyClicks(log.search.field, "less")
    assert log.search.outcome.text() == "No match"
    qtbot.keyClick(log.search.field, Qt.Key.Key_Escape)
    assert log.search.isHidden() and log.text.extraSelections() == []


def test_copy_takes_the_selection_or_everything(qtbot: QtBot, log: LogView) -> None:
    fill(qtbot, log, ["one", "two"])
    log.copy()
    assert QGuiApplication.clipboard().text() == "one\ntwo"
    log.text.find_next("two")
    log.copy()
    assert QGuiApplication.clipboard().text() == "two"


def test_clearing_forgets_lines_still_waiting(qtbot: QtBot, log: LogView) -> None:
    log.append_lines(["waiting"] * 1000)
    log.clear()
    fill(qtbot, log, ["new"])
    assert log.text.toPlainText() == "new"
