"""Says when a file in `custom_functions/` cannot be read, and stops saying it when it can."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.project.project import Project
from app.widgets.message_bar import MessageBar


class FunctionNotices(QObject):
    """One message for the newest of the files that cannot be read.

    Args:
        project: Whose functions are watched.
        messages: Where the message goes.
    """

    def __init__(self, project: Project, messages: MessageBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._messages = messages
        self._known: frozenset[str] = frozenset()
        self._said = ""
        project.functions.changed.connect(self._look)

    def _look(self) -> None:
        texts = {_text(item.file, item.problem, item.line) for item in self._project.functions.unreadable}
        new = sorted(texts - self._known)
        self._known = frozenset(texts)
        if new:
            more = f" (and {len(texts) - 1} more files)" if len(texts) > 1 else ""
            self._said = new[0] + more
            self._messages.say(self._said, tone="warning")
        elif not texts and self._said and self._messages.text.text() == self._said:
            self._said = ""
            self._messages.hide()


def _text(file: str, problem: str, line: int | None) -> str:
    """`problem` begins with the whole path and line, which is said shorter here."""
    place = f"{file}, line {line}" if line is not None else file
    return f"{place}: {problem.rpartition('.py')[2].lstrip(':0123456789 ') or problem}"
