"""What a log line means: cleaned of terminal codes, with its level."""

from __future__ import annotations

import re
from enum import IntEnum

LONGEST_SHOWN_CHARACTERS = 10_000

_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ERROR = re.compile(r"\b(?:ERROR|CRITICAL|FATAL)\b|^(?:\w+\.)*\w*(?:Error|Exception)\b|^E\d{4} |: E tensorflow/")
_WARNING = re.compile(r"\bWARN(?:ING)?\b|\w*Warning: |^W\d{4} |: W tensorflow/")
_TRACEBACK = "Traceback (most recent call last)"


class Level(IntEnum):
    """How much a line matters."""

    NORMAL = 0
    WARNING = 1
    ERROR = 2


LogLine = tuple[str, int]
"""A line as it is shown, and its level. A plain tuple, as the garbage collector soon leaves those alone."""


def clean_line(raw: str) -> str:
    """The text a terminal would end up showing for a line, at most 10,000 characters of it.

    A progress line that overwrites itself keeps its last state; colours and control characters go.
    """
    text = raw.rstrip("\r\n")
    if "\r" in text:
        text = text.rsplit("\r", 1)[1]
    if "\x08" in text:
        text = text.rsplit("\x08", 1)[1]
    if "\x1b" in text:
        text = _TERMINAL_CODES.sub("", text)
    left_out = len(text) - LONGEST_SHOWN_CHARACTERS
    if left_out > 0:
        text = f"{text[:LONGEST_SHOWN_CHARACTERS]} … ({left_out:,} more characters in the log file)"
    return text if text.isprintable() else _CONTROL.sub("", text)


def line_level(text: str, *, in_traceback: bool = False) -> tuple[Level, bool]:
    """Level of a line, and whether the next one continues a traceback.

    Args:
        text: The cleaned line.
        in_traceback: What the call for the line before gave.
    """
    if _TRACEBACK in text:
        return Level.ERROR, True
    if in_traceback:
        return Level.ERROR, text.startswith((" ", "\t")) or not text
    if _ERROR.search(text):
        return Level.ERROR, False
    return (Level.WARNING if _WARNING.search(text) else Level.NORMAL), False
