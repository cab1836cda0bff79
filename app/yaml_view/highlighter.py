"""Quiet colours for YAML: keys, numbers and switches, comments."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from app.theme import theme, theme_changed

_QUOTED: Final = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'"
_COMMENT: Final = re.compile(rf"(?:{_QUOTED}|[^#\"']|(?<!\s)#|[\"'])*?(?:(?<=\s)|^)(#.*)$")
_KEY: Final = re.compile(r"(?:^[ \t]*(?:- +)*|[{,]\s*)([\w.\-\"']+)(?=\s*:(?:\s|$))")
_SCALAR: Final = re.compile(
    r"(?<=[:\[,\s-])(?:true|false|null|~|[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?=\s*(?:$|[,\]}#]))",
    re.IGNORECASE,
)


class YamlHighlighter(QSyntaxHighlighter):
    """Follows the theme."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme_changed.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        comment = _COMMENT.match(text)
        end = comment.start(1) if comment else len(text)
        colors = theme()
        for match in _SCALAR.finditer(text, 0, end):
            self.setFormat(match.start(), match.end() - match.start(), _colored(colors.information))
        for match in _KEY.finditer(text, 0, end):
            self.setFormat(match.start(1), match.end(1) - match.start(1), _colored(colors.accent))
        if comment:
            self.setFormat(end, len(text) - end, _colored(colors.secondary_text, is_italic=True))


def _colored(color: QColor, *, is_italic: bool = False) -> QTextCharFormat:
    look = QTextCharFormat()
    look.setForeground(color)
    look.setFontItalic(is_italic)
    return look
