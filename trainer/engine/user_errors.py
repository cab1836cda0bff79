"""Failures of a user's own code: their file, their line, their part of the traceback."""

from __future__ import annotations

import contextlib
import inspect
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.errors import GardenerError, UserCodeError


@contextlib.contextmanager
def user_code(file: str, function: str = "", found: Any = None) -> Iterator[None]:
    """Turn whatever the block raises into a `UserCodeError` that points into `file`.

    `SystemExit` counts as a failure too: a user's `sys.exit` must not end the worker.

    Args:
        file: The user's file.
        function: Name of the function or class that is called.
        found: That function or class; its first line is named where the failure has no line in the user's file, as
            with arguments that it does not take.
    """
    try:
        yield
    except GardenerError:
        raise
    except (Exception, SystemExit) as error:
        told = as_user_error(error, file, function)
        if told.line is None and found is not None:
            told = UserCodeError(
                told.message, file=file, line=first_line_of(found), function=function, trace=told.trace
            )
        raise told from error


def as_user_error(error: BaseException, file: str, function: str = "") -> UserCodeError:
    """The same failure, told with the user's lines only.

    Where TensorFlow has raised the error of a function that it called, the lines are in the error's text.
    """
    folder = Path(file).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_users(f.filename, folder)]
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not frames and (told := error_in_text(str(error), (file,))):
        return told
    lines = [*traceback.format_list(frames), *traceback.format_exception_only(error)]
    line = frames[-1].lineno if frames else getattr(error, "lineno", None)
    where = frames[-1].filename if frames else file
    name = frames[-1].name if frames and frames[-1].name != "<module>" else function
    return UserCodeError(text, file=where, line=line, function=name, trace="".join(lines))


def error_in_text(text: str, files: tuple[str, ...]) -> UserCodeError | None:
    """The failure of a user's function inside a `tf.data` pipeline, whose traceback TensorFlow gives as text.

    Args:
        text: Message of TensorFlow's error.
        files: The user's files; what lies beside them counts as theirs too.

    Returns:
        The failure, or `None` if the text has no traceback that passes through the user's files.
    """
    places = [(match[1], int(match[2]), match[3]) for match in _PLACE.finditer(text)]
    users = [place for place in places if any(_is_users(place[0], Path(file).parent) for file in files)]
    if not users:
        return None
    file, line, function = users[-1]
    message = next((found[0].strip() for found in _LAST_LINE.finditer(text)), text.strip().splitlines()[0])
    frames = [traceback.FrameSummary(*place) for place in users]
    trace = "".join(traceback.format_list(frames))
    return UserCodeError(message, file=file, line=line, function=function, trace=f"{trace}{message}\n")


_PLACE = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_LAST_LINE = re.compile(r"^\w*(?:Error|Exception|Exit|Warning|Interrupt)\b:?.*$", re.MULTILINE)


def _is_users(filename: str, folder: Path) -> bool:
    """Whether a file lies in the user's folder and is neither installed there nor ours."""
    path = Path(filename)
    installed = {"site-packages", "dist-packages"}.intersection(path.parts)
    return path.is_relative_to(folder) and not installed and not path.is_relative_to(_OURS)


_OURS = Path(__file__).resolve().parents[1]


def misfit(message: str, file: str, function: Any) -> UserCodeError:
    """What a user's function or class gave does not fit: an error at its first line.

    Args:
        message: What was received and what was expected.
        file: The user's file.
        function: The function or class.
    """
    return UserCodeError(message, file=file, line=first_line_of(function), function=function.__name__)


def first_line_of(function: Any) -> int | None:
    """Line of the `def` or `class`, or of its first decorator; `None` where that is not known."""
    code = getattr(function, "__code__", None)
    if code is not None:
        return int(code.co_firstlineno)
    with contextlib.suppress(OSError, TypeError):
        return inspect.getsourcelines(function)[1]
    return None


def find_user_frame(error: BaseException, files: tuple[str, ...]) -> str | None:
    """The user's file, one of `files` or beside one of them, that the error's traceback passed through last.

    `None` if there is none.
    """
    folders = [Path(file).parent for file in files]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if any(_is_users(frame.filename, folder) for folder in folders):
            return frame.filename
    return None
