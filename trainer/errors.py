"""Errors that help: what was received, what was expected, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a configuration, tied to the setting that causes it.

    Attributes:
        key: Dotted key of the setting, such as `training.epochs`; empty for the file as a whole.
        message: One sentence: what is expected, what was received, and the remedy where there is one.
        line: Line in the YAML text, counted from 1; `None` where no text is known.
        severity: `error` refuses a start, `warning` only informs.
    """

    key: str
    message: str
    line: int | None = None
    severity: str = "error"

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line is not None else ""
        key = f"{self.key}: " if self.key else ""
        return f"{place}{key}{self.message}"


class GardenerError(Exception):
    """Base of all errors that are meant to be read by a person."""


class ConfigError(GardenerError):
    """A configuration that cannot be used.

    Args:
        problems: Everything that is wrong, in the order of the file. At least one.
        path: The file the configuration came from, if any.
    """

    def __init__(self, problems: tuple[Problem, ...], path: Path | None = None) -> None:
        self.problems = problems
        self.path = path
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """One line per problem, each starting with `file:line:` where they are known."""
        where = f"{self.path}: " if self.path is not None else ""
        return [f"{where}{problem}" for problem in self.problems]


class DataError(GardenerError):
    """Data that cannot be used: missing, empty, unreadable or not fitting the configuration."""


class UserCodeError(GardenerError):
    """A failure inside a user's own Python file.

    Args:
        message: What went wrong, in one sentence.
        file: The user's file.
        line: Line of the failure in that file, counted from 1, if known.
        function: The user's function or class, if known.
        trace: The traceback reduced to the user's own lines.
    """

    def __init__(
        self, message: str, *, file: str, line: int | None = None, function: str = "", trace: str = ""
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.function = function
        self.trace = trace
        place = f"{file}:{line}" if line is not None else file
        within = f" in {function}" if function else ""
        super().__init__(f"{place}{within}: {message}")


class RunError(GardenerError):
    """A run folder that cannot be created, read, continued or commanded."""
