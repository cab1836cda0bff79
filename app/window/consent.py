"""Asks once before code that came with a project runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.project.project import Project
from app.widgets.message_bar import MessageBar
from trainer.runs.folder import RunFolder

_MOST_NAMED = 6


class Consent:
    """Lets things happen that execute the user's files: at once where these are known, else after a question.

    Args:
        project: The open project.
        messages: Where the question is asked.
    """

    def __init__(self, project: Project, messages: MessageBar) -> None:
        self._project = project
        self._messages = messages

    def before(self, action: Callable[[], None]) -> None:
        """Do something that executes the files of the open project."""
        project = self._project
        project.commit_pending_edits()
        if unknown := project.trust.unknown():
            sentence = f"This project brings code that has not run here before: {_named(unknown, project.base_dir)}."

            def run() -> None:
                if project.trust.unknown() == unknown:  # and not those of another project that was opened meanwhile
                    project.trust.agree()
                self.before(action)

            self._ask(sentence, run)
            return
        project.trust.remember()
        action()

    def before_run(self, path: Path, action: Callable[[], None]) -> None:
        """Do something that executes the files that a run keeps copies of."""
        trust, folder = self._project.trust, RunFolder(path)
        if unknown := trust.unknown_in_run(folder):
            sentence = f"{path.name} brings code that has not run here before: {_named(unknown, path)}."

            def run() -> None:
                trust.agree_to_run(folder)
                action()

            self._ask(sentence, run)
            return
        action()

    def _ask(self, sentence: str, run: Callable[[], None]) -> None:
        text = f"{sentence} It can do all that you can do on this computer: run it only if you know whom it is from."
        self._messages.ask(text, "Run them", run, decline_text="Not now")


def _named(files: tuple[Path, ...], folder: Path) -> str:
    """Their names, relative to a folder where they are in it."""
    names = [path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path) for path in files]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
