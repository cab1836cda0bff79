"""Finds broken pictures without decoding them all, for data sets that are not kept decoded."""

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

_MOST_DECODED = 20_000
_MOST_DECODED_BYTES = 2**30
_TAIL_BYTES = 4096
_MOST_LOOKED_AT = 2000
_PER_CHUNK = 1024
_PLAIN_MODES = ("L", "LA", "RGB", "RGBA")


def verify_folder(
    folder: Path, paths: PathList, picture_format: PictureFormat, progress: Callable[[int], None]
) -> Decoded:
    """Find out which pictures cannot be read.

    Up to 20,000 pictures of 1 GiB together are decoded once. Of larger sets only headers and ends of some 2,000, spread
    over all, are looked at, and what looks odd is decoded; if any of these looks odd, all are looked at. A damage that
    is not found like this shows while training.
    """
    if len(paths) <= _MOST_DECODED and _total_bytes(folder, paths) <= _MOST_DECODED_BYTES:
        return decode_folder(folder, paths, picture_format, _forget, progress)
    odd = _odd_files(folder, paths, picture_format.channels, progress)
    progress(len(paths))
    decoded = decode_folder(folder, paths.take(odd), picture_format, _forget, lambda _done: None)
    return Decoded(
        {int(odd[position]): reason for position, reason in decoded.unreadable.items()},
        tuple(int(odd[position]) for position in decoded.by_pillow),
    )


def _forget(_positions: NDArray[np.int64], _pictures: NDArray[np.uint8]) -> None:
    """Only whether it can be decoded matters."""


def _total_bytes(folder: Path, paths: PathList) -> int:
    return sum(path.stat().st_size for path in (folder / name for name in paths) if path.is_file())


def _odd_files(folder: Path, paths: PathList, channels: int, progress: Callable[[int], None]) -> NDArray[np.int64]:
    """Positions of the files to decode, to see if and by what they can be read."""
    everything = np.arange(len(paths))
    # Which pictures Pillow has to read for other colours than RGB is not to be seen from their names.
    if channels == 3 and len(paths) > _MOST_LOOKED_AT:
        by_pillow = np.array([number for number, path in enumerate(paths.as_bytes()) if _is_odd_name(path)], np.int64)
        some = np.linspace(0, len(paths) - 1, _MOST_LOOKED_AT).round().astype(np.int64)
        if not len(_odd_among(folder, paths, np.setdiff1d(some, by_pillow), channels, progress)):
            return by_pillow
    return _odd_among(folder, paths, everything, channels, progress)


def _is_odd_name(path: bytes) -> bool:
    return path[-4:].lower() == b".bmp"


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
