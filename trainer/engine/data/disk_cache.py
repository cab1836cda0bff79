"""Decoded pictures on disk, used again by every later run with the same files and the same settings."""

from __future__ import annotations

import hashlib
import io
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
from trainer.runs.atomic import write_atomically

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_VERSION = 2
_PICTURES = "pictures.npy"
_DECODED = "decoded.json"
_THERE = "there.npy"
_KEPT_UNUSED_S = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class CachedPictures:
    """What a cache entry holds.

    Attributes:
        array: uint8, shape (pictures, height, width, channels), mapped from the file; unreadable ones are black.
        decoded: How decoding went.
        there: bool, shape (pictures,): which are decoded already, where pictures come while training; `None` where all
            are. The array is then a writable mapping that shows what is written to the file.
    """

    array: NDArray[np.uint8]
    decoded: Decoded
    there: NDArray[np.bool_] | None = None


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
        there = np.load(entry / _THERE) if (entry / _THERE).exists() else None
        # The mapping has to look writable to be shared with TensorFlow. Nothing is written through it.
        array = np.load(entry / _PICTURES, mmap_mode="c" if there is None else "r+")
        os.utime(entry)
    except (OSError, ValueError, EOFError):
        return None
    if there is not None and there.shape != (len(array),):
        return None
    unreadable = {int(position): str(reason) for position, reason in saved["unreadable"].items()}
    return CachedPictures(array, Decoded(unreadable, tuple(saved["by_pillow"])), there)


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

    def write(aside: Path) -> Decoded:
        return _write_pictures(aside / _PICTURES, (num_pictures, *shape), fill)

    return _made(cache_folder, key, write)


def make_empty_entry(
    cache_folder: Path, key: str, num_pictures: int, shape: tuple[int, int, int], unreadable: dict[int, str]
) -> CachedPictures:
    """A new entry whose pictures come while training: see `late_rows.DiskRows`.

    Args:
        cache_folder: Folder of all entries; made if missing.
        key: From `cache_key`.
        num_pictures: Pictures to come.
        shape: Height, width and channels of each.
        unreadable: Reason by position, for those that are known not to come.

    Raises:
        OSError: The folder cannot be written.
    """

    def write(aside: Path) -> Decoded:
        _write_pictures(aside / _PICTURES, (num_pictures, *shape), lambda _store: Decoded({}, ()))
        _write_there(aside, np.zeros(num_pictures, dtype=bool))
        return Decoded(unreadable, ())

    return _made(cache_folder, key, write)


def _made(cache_folder: Path, key: str, write: Callable[[Path], Decoded]) -> CachedPictures:
    cache_folder.mkdir(parents=True, exist_ok=True)
    _remove_unused(cache_folder)
    aside = cache_folder / f".{key}.{os.getpid()}.part"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        decoded = write(aside)
        saved = {"unreadable": decoded.unreadable, "by_pillow": decoded.by_pillow}
        (aside / _DECODED).write_text(json.dumps(saved), encoding="utf-8")
        _rename(aside, cache_folder / key)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    made = open_entry(cache_folder, key)
    if made is None:
        raise OSError(f"the new cache entry {cache_folder / key} cannot be read back")
    return made


def pictures_path(entry: Path) -> Path:
    """The file of an entry that holds its pictures."""
    return entry / _PICTURES


def save_there(entry: Path, file: BinaryIO, there: NDArray[np.bool_]) -> None:
    """Note in an entry which pictures are there, once they are safely on disk; those of other runs stay.

    Args:
        entry: Its folder.
        file: Its open file of pictures.
        there: bool, shape (pictures,).

    Raises:
        OSError: The disk is full, or the entry is gone.
        ValueError, EOFError: The entry is damaged.
    """
    file.flush()
    os.fsync(file.fileno())
    _write_there(entry, there | np.load(entry / _THERE))


def _write_there(entry: Path, there: NDArray[np.bool_]) -> None:
    content = io.BytesIO()
    np.save(content, there)
    write_atomically(entry / _THERE, content.getvalue())


def _write_pictures(path: Path, shape: tuple[int, int, int, int], fill: Callable[[Store], Decoded]) -> Decoded:
    # Plain writes instead of a writable mapping: on a full disk a mapping kills the process, a write only fails.
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        start, row_bytes = file.tell(), int(np.prod(shape[1:]))
        decoded = fill(lambda positions, pictures: write_rows(file, start, positions, pictures))
        if file.seek(0, os.SEEK_END) < start + shape[0] * row_bytes:
            file.truncate(start + shape[0] * row_bytes)
        file.flush()
        os.fsync(file.fileno())
    return decoded


def write_rows(file: BinaryIO, start: int, positions: NDArray[np.int64], pictures: NDArray[np.uint8]) -> None:
    """Write pictures to their places in a file whose first one begins at `start`.

    Raises:
        OSError: The disk is full.
    """
    row_bytes = int(np.prod(pictures.shape[1:]))
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
