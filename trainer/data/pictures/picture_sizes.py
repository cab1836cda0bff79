"""Sizes of pictures from the headers of their files."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

Size = tuple[int, int]
_PNG = b"\x89PNG\r\n\x1a\n"
_THREADS = 4
HEADER_ERRORS = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


def picture_size(path: Path) -> Size | None:
    """Width and height in pixels, as they are stored; `None` if the file is no picture or its header is broken."""
    try:
        with path.open("rb") as file:
            start = file.read(24)
            if start.startswith(_PNG) and len(start) == 24:
                width, height = struct.unpack(">II", start[16:])
                return width, height
            file.seek(0)
            with warnings.catch_warnings():
                # A huge picture is worth a warning when it is decoded, not when its header is read.
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with Image.open(file) as picture:
                    return picture.width, picture.height
    except HEADER_ERRORS:
        return None


def picture_sizes(folder: Path, paths: Iterable[str]) -> list[Size | None]:
    """Sizes of several pictures, in their order."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(lambda path: picture_size(folder / path), paths))
