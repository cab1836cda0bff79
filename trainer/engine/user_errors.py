"""Failures of a user's own code: their file, their line, their part of the traceback."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.errors import GardenerError, UserCodeError


@contextlib.contextmanager
def user_code(file: str, function: str = "") -> Iterator[None]:
    """Turn whatever the block raises into a `UserCodeError` that points into `file`.

    `SystemExit` counts as a failure too: a user's `sys.exit` must not end the worker.
    """
    try:
        yield
    except GardenerError:
        raise
    except (Exception, SystemExit) as error:
        raise as_user_error(error, file, function) from error


def as_user_error(error: BaseException, file: str, function: str = "") -> UserCodeError:
    """The same failure, told with the user's lines only."""
    folder = str(Path(file).parent)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(folder)]
    lines = [*traceback.format_list(frames), *traceback.format_exception_only(error)]
    line = frames[-1].lineno if frames else getattr(error, "lineno", None)
    where = frames[-1].filename if frames else file
    name = frames[-1].name if frames and frames[-1].name != "<module>" else function
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return UserCodeError(text, file=where, line=line, function=name, trace="".join(lines))


def first_line_of(function: Any) -> int | None:
    """Line of a function's `def`, or of its first decorator; `None` for a class."""
    code = getattr(function, "__code__", None)
    return None if code is None else int(code.co_firstlineno)


def find_user_frame(error: BaseException, files: tuple[str, ...]) -> str | None:
    """The last of `files` that the error's traceback passes through, or `None`."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in files:
            return frame.filename
    return None
