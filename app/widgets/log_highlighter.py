"""Soft colours for tags, warnings and errors in the log."""

from __future__ import annotations

import re
import zlib

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.theme import theme
from app.widgets.colors import blend
from app.widgets.log_lines import Level, line_level

_TAG = re.compile(r"\[([A-Z][A-Z0-9 _-]{1,20})\]")
_TIME = re.compile(r"^\d{2}:\d{2}:\d{2}\b")
_KNOWN_TAGS = {"TRAINING": 2, "MODEL": 0, "DATA": 3}
_IN_TRACEBACK = 1


class LogHighlighter(QSyntaxHighlighter):
    """Colours lines as they come; `restyle` after a change of theme."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._take_colors()

    def restyle(self) -> None:
        """Colour everything again with the theme's colours."""
        self._take_colors()
        self.rehighlight()

    def _take_colors(self) -> None:
        colors = theme()
        self._levels = {Level.WARNING: _format(colors.warning), Level.ERROR: _format(colors.error)}
        self._time = _format(colors.secondary_text)
        self._tags = [_format(blend(color, colors.text, 0.25)) for color in colors.curve_colors]

    def highlightBlock(self, text: str) -> None:
        level, in_traceback = line_level(text, in_traceback=self.previousBlockState() == _IN_TRACEBACK)
        self.setCurrentBlockState(_IN_TRACEBACK if in_traceback else 0)
        if level is not Level.NORMAL:
            self.setFormat(0, len(text), self._levels[level])
            return
        if text[:2].isdigit() and (time := _TIME.match(text)):
            self.setFormat(0, time.end(), self._time)
        if "[" in text and (tag := _TAG.search(text)):
            self.setFormat(tag.start(), tag.end() - tag.start(), self._tag_format(tag[1]))

    def _tag_format(self, tag: str) -> QTextCharFormat:
        place = _KNOWN_TAGS.get(tag, zlib.crc32(tag.encode()))
        return self._tags[place % len(self._tags)]


def _format(color: QColor) -> QTextCharFormat:
    result = QTextCharFormat()
    result.setForeground(color)
    return result
