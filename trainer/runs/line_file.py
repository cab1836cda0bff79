"""Append-only files of lines, read while another process writes them."""

from __future__ import annotations

import os
from pathlib import Path


class LineReader:
    """Reads the complete lines that were appended since the last read.

    A missing file reads as empty; a half-written last line waits for its end.

    Args:
        path: The file to read.
        offset: Byte to begin at.
        longest_line_bytes: A line that grows beyond twice this without ending keeps only its end, as
            progress bars do that overwrite themselves for hours; `None` keeps lines of any length.
    """

    def __init__(self, path: Path, *, offset: int = 0, longest_line_bytes: int | None = None) -> None:
        self._path = path
        self._offset = offset
        self._longest_line_bytes = longest_line_bytes
        self._pieces: list[bytes] = []
        self._pieces_bytes = 0
        self.at_end = False

    def read(self, limit_bytes: int = 8 << 20) -> list[bytes]:
        """New complete lines without their newline, at most about `limit_bytes` of them.

        Afterwards `at_end` says whether everything written so far was read.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                block = file.read(limit_bytes)
        except FileNotFoundError:
            self.at_end = True
            return []
        self._offset += len(block)
        self.at_end = len(block) < limit_bytes
        first, *others = block.split(b"\n")
        self._keep(first)
        if not others:
            return []
        lines = [b"".join(self._pieces), *others[:-1]]
        self._pieces, self._pieces_bytes = [], 0
        self._keep(others[-1])
        return lines

    def _keep(self, piece: bytes) -> None:
        """Hold the beginning of a line until its end is written."""
        self._pieces.append(piece)
        self._pieces_bytes += len(piece)
        limit = self._longest_line_bytes
        if limit is not None and self._pieces_bytes > 2 * limit:
            self._pieces = [b"".join(self._pieces)[-limit:]]
            self._pieces_bytes = limit


def last_line(path: Path, limit_bytes: int = 1 << 20) -> bytes:
    """The last complete line of a file; empty if there is none within the last `limit_bytes`."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - limit_bytes))
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return b""
    return next((line for line in reversed(lines[:-1]) if line.strip()), b"")


def append_line(path: Path, line: bytes) -> None:
    """Append one whole line in a single write, starting a fresh line after a torn one.

    Raises:
        OSError: The disk is full or the file cannot be written.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and _byte_at(descriptor, size - 1) != b"\n"
        os.write(descriptor, b"\n" + line if torn else line)
    finally:
        os.close(descriptor)


def _byte_at(descriptor: int, position: int) -> bytes:
    os.lseek(descriptor, position, os.SEEK_SET)
    return os.read(descriptor, 1)
