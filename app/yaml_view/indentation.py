"""Indentation with two spaces, for one line or all selected ones."""

from __future__ import annotations

from PySide6.QtGui import QTextCursor

STEP = "  "


def indent(cursor: QTextCursor) -> None:
    """Move the selected lines right; without a selection, insert up to the next step."""
    if not cursor.hasSelection():
        cursor.insertText(" " * (len(STEP) - cursor.positionInBlock() % len(STEP)))
        return
    for line in _lines(cursor):
        line.insertText(STEP)


def dedent(cursor: QTextCursor) -> None:
    """Move the selected lines, or the cursor's, left by up to one step."""
    for line in _lines(cursor):
        text = line.block().text()
        surplus = min(len(STEP), len(text) - len(text.lstrip(" ")))
        for _ in range(surplus):
            line.deleteChar()


def new_line(cursor: QTextCursor) -> None:
    """Start a line as far right as this one, and one step further after a key that opens a section."""
    before = cursor.block().text()[: cursor.positionInBlock()]
    depth = len(before) - len(before.lstrip(" "))
    opens = before.split(" #")[0].rstrip().endswith(":")
    cursor.insertText("\n" + " " * depth + (STEP if opens else ""))


def _lines(cursor: QTextCursor) -> list[QTextCursor]:
    document = cursor.document()
    first = document.findBlock(cursor.selectionStart())
    last = document.findBlock(max(cursor.selectionStart(), cursor.selectionEnd() - 1))
    numbers = range(first.blockNumber(), last.blockNumber() + 1)
    return [QTextCursor(document.findBlockByNumber(number)) for number in numbers]
