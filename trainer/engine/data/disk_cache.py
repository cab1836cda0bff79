"""Decoded pictures on disk, used again by every later run with the same files and the same settings."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import PIL
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.path_list import PathList
from trainer.engine.data.decode_folder import Decoded, Store

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_VERSION = 1
_PICTURES = "pictures.npy"
_DECODED = "decoded.json"
_KEPT_UNUSED_S = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class CachedPictures:
    """What a cache entry holds.

    Attributes:
        array: uint8, shape (pictures, height, width, channels), mapped from the file; unreadable ones are black.
        decoded: How decoding went.
    """

    array: NDArray[np.uint8]
    decoded: Decoded


def cache_key(folder: Path, paths: PathList, form: DataclassInstance) -> str:
    """A name that changes with the files (path, size, time of change), the format and the decoders.

    Args:
        folder: What `paths` are relative to.
        paths: The files.
        form: What they are brought to, such as a `PictureFormat`.
    """
    digest = hashlib.sha256()
    digest.update(repr((_VERSION, tf.__version__, PIL.__version__, astuple(form))).encode())
    digest.update(os.fsencode(folder.absolute()))
    for path in paths:
        digest.update(f"\0{path}\0{_signature(folder / path)}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def open_entry(cache_folder: Path, key: str) -> CachedPictures | None:
    """The entry of that name, or `None` if there is none or it is damaged."""
    entry = cache_folder / key
    try:
        saved = json.loads((entry / _DECODED).read_text(encoding="utf-8"))
        # Copy on write: the mapping has to look writable to be shared with TensorFlow.
        array = np.load(entry / _PICTURES, mmap_mode="c")
        os.utime(entry)
    except (OSError, ValueError):
        return None
    unreadable = {int(position): str(reason) for position, reason in saved["unreadable"].items()}
    return CachedPictures(array, Decoded(unreadable, tuple(saved["by_pillow"])))


def make_entry(
    cache_folder: Path, key: str, num_pictures: int, shape: tuple[int, int, int], fill: Callable[[Store], Decoded]
) -> CachedPictures:
    """Decode into a new entry; it appears complete or not at all.

    Args:
        cache_folder: Folder of all entries; made if missing.
        key: From `cache_key`.
        num_pictures: Pictures to come.
        shape: Height, width and channels of each.
        fill: Called with where to store pictures.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    cache_folder.mkdir(parents=True, exist_ok=True)
    _remove_unused(cache_folder)
    aside = cache_folder / f".{key}.{os.getpid()}.part"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        decoded = _write_pictures(aside / _PICTURES, (num_pictures, *shape), fill)
        saved = {"unreadable": decoded.unreadable, "by_pillow": decoded.by_pillow}
        (aside / _DECODED).write_text(json.dumps(saved), encoding="utf-8")
        _rename(aside, cache_folder / key)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    made = open_entry(cache_folder, key)
    if made is None:
        raise OSError(f"the new cache entry {cache_folder / key} cannot be read back")
    return made


def _write_pictures(path: Path, shape: tuple[int, int, int, int], fill: Callable[[Store], Decoded]) -> Decoded:
    # Plain writes instead of a writable mapping: on a full disk a mapping kills the process, a write only fails.
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        start, row_bytes = file.tell(), int(np.prod(shape[1:]))
        decoded = fill(lambda positions, pictures: _write_rows(file, start, row_bytes, positions, pictures))
        if file.seek(0, os.SEEK_END) < start + shape[0] * row_bytes:
            file.truncate(start + shape[0] * row_bytes)
        file.flush()
        os.fsync(file.fileno())
    return decoded


def _write_rows(
    file: BinaryIO, start: int, row_bytes: int, positions: NDArray[np.int64], pictures: NDArray[np.uint8]
) -> None:
    breaks = np.flatnonzero(np.diff(positions) != 1) + 1
    for run, block in zip(np.split(positions, breaks), np.split(pictures, breaks), strict=True):
        file.seek(start + int(run[0]) * row_bytes)
        file.write(np.ascontiguousarray(block).data)


def _rename(aside: Path, entry: Path) -> None:
    try:
        aside.rename(entry)
    except OSError:
        # Another run may have made the same entry meanwhile, or an old one is damaged.
        if open_entry(entry.parent, entry.name) is None:
            shutil.rmtree(entry, ignore_errors=True)
            aside.rename(entry)


def _remove_unused(cache_folder: Path) -> None:
    """Clear entries that no run has used for a month, and what was left half made."""
    for entry in cache_folder.iterdir():
        if entry.is_dir() and time.time() - entry.stat().st_mtime > _KEPT_UNUSED_S:
            shutil.rmtree(entry, ignore_errors=True)


def _signature(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return "missing"
    return f"{status.st_size} {status.st_mtime_ns}"
