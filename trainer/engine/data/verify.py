"""Finds broken pictures before training, without decoding them all where they are very many."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.data.path_list import PathList
from trainer.engine.data.decode_folder import Decoded, decode_folder, num_cores
from trainer.engine.data.picture_format import PictureFormat

MOST_DECODED = 20_000
"""Files that are read before training; more are read while training."""
MOST_LOOKED_AT = 2000
_MOST_DECODED_BYTES = 2**30
_TAIL_BYTES = 4096
_PER_CHUNK = 1024
_PLAIN_MODES = ("L", "LA", "RGB", "RGBA")


def are_many(folder: Path, paths: PathList) -> bool:
    """Whether files are more than 20,000, or of more than 1 GiB together: too many to be read before training."""
    return len(paths) > MOST_DECODED or _total_bytes(folder, paths) > _MOST_DECODED_BYTES


def some_rows(num_rows: int) -> NDArray[np.int64]:
    """Up to 2,000 rows, spread over all, to be looked at where there are too many to read them all."""
    return np.unique(np.linspace(0, num_rows - 1, min(num_rows, MOST_LOOKED_AT)).round().astype(np.int64))


def verify_folder(
    folder: Path, paths: PathList, picture_format: PictureFormat, progress: Callable[[int], None]
) -> Decoded:
    """Find out which pictures cannot be read.

    Up to 20,000 pictures of 1 GiB together are decoded once. Of larger sets only headers and ends of some 2,000, spread
    over all, are looked at, and what looks odd is decoded; if any of these is broken, all are looked at. A damage that
    is not found like this shows while training.
    """
    if not are_many(folder, paths):
        return decode_folder(folder, paths, picture_format, _forget, progress)
    decoded = _odd_decoded(folder, paths, some_rows(len(paths)), picture_format, progress)
    if decoded.unreadable and len(paths) > MOST_LOOKED_AT:
        decoded = _odd_decoded(folder, paths, np.arange(len(paths)), picture_format, progress)
    progress(len(paths))
    return decoded


def _odd_decoded(
    folder: Path,
    paths: PathList,
    positions: NDArray[np.int64],
    picture_format: PictureFormat,
    progress: Callable[[int], None],
) -> Decoded:
    """How decoding goes for those that look odd."""
    odd = _odd_among(folder, paths, positions, picture_format.channels, progress)
    decoded = decode_folder(folder, paths.take(odd), picture_format, _forget, lambda _done: None)
    return Decoded(
        {int(odd[position]): reason for position, reason in decoded.unreadable.items()},
        tuple(int(odd[position]) for position in decoded.by_pillow),
    )


def _forget(_positions: NDArray[np.int64], _pictures: NDArray[np.uint8]) -> None:
    """Only whether it can be decoded matters."""


def _total_bytes(folder: Path, paths: PathList) -> int:
    return sum(path.stat().st_size for path in (folder / name for name in paths) if path.is_file())


def _odd_among(
    folder: Path,
    paths: PathList,
    positions: NDArray[np.int64],
    channels: int,
    progress: Callable[[int], None],
) -> NDArray[np.int64]:
    def look(position: int) -> bool:
        return _looks_odd(folder / paths[position], channels)

    odd: list[int] = []
    with ThreadPoolExecutor(num_cores()) as threads:
        for start in range(0, len(positions), _PER_CHUNK):
            chunk = positions[start : start + _PER_CHUNK].tolist()
            odd += [position for position, is_odd in zip(chunk, threads.map(look, chunk), strict=True) if is_odd]
            progress(start + len(chunk))
    return np.array(odd, dtype=np.int64)


def _looks_odd(path: Path, channels: int) -> bool:
    """Whether a file is worth decoding to see if, and by what, it can be read."""
    try:
        with Image.open(path) as picture:
            kind, mode = picture.format, picture.mode
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            end = file.read()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True
    if kind == "JPEG":
        return mode == "CMYK" or b"\xff\xd9" not in end
    # The opacity of palettes and of other depths is left to Pillow.
    return kind != "PNG" or b"IEND" not in end or (channels == 4 and mode not in _PLAIN_MODES)
