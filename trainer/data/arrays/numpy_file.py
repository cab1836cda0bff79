"""NumPy's files: the arrays of an .npz, or .npy files that lie side by side. Nothing in them is ever executed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.arrays.array_file import ArrayFile, MemoryArray, StoredArray
from trainer.errors import DataError

EXTENSIONS = (".npz", ".npy")
_LOCAL_HEADER_BYTES = 30
_OBJECTS = (
    "It holds Python objects, which would have to be executed to be read. Save it again with numbers or fixed-length "
    "text, such as np.asarray(values, dtype='float32') or np.asarray(values, dtype='str')."
)
_FIELDS = "It holds records of several fields; save every field as an array of its own."


def open_numpy(path: Path) -> ArrayFile:
    """List arrays by name: those in an .npz, or the .npy files of a folder, each called as its file.

    An .npy file stands for itself and for the .npy files beside it, where its labels may be. Uncompressed arrays are
    mapped and read by row; those of a compressed .npz are read into memory when they are used.

    Raises:
        DataError: It is missing, of another kind or damaged.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".npy")
        if not files:
            raise DataError(f"{path} holds no .npy file. Choose an .npz file, or a folder with .npy files.")
        return _open_files(path, files)
    if not path.is_file():
        raise DataError(f"The file {path} does not exist. Check its spelling or choose another file.")
    if path.suffix.lower() == ".npy":
        beside = sorted(file for file in path.parent.iterdir() if file.suffix.lower() == ".npy" and file != path)
        return _open_files(path, [path, *beside])
    return _open_archive(path)


def _open_files(place: Path, files: list[Path]) -> ArrayFile:
    arrays: dict[str, StoredArray] = {}
    refused: dict[str, str] = {}
    for path in files:
        try:
            with path.open("rb") as file:
                reason, header = _header(file)
                if header is not None:
                    arrays[path.stem] = _mapped(path, path.stem, file.tell(), header)
        except (OSError, ValueError) as error:
            reason = _damage(error)
        if reason:
            refused[path.stem] = reason
    if place in files and place.stem in refused:
        raise DataError(f"{place} cannot be used: {refused[place.stem]}")
    return ArrayFile(place, "array", arrays, refused, files=tuple(files))


def _open_archive(path: Path) -> ArrayFile:
    arrays: dict[str, StoredArray] = {}
    refused: dict[str, str] = {}
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                try:
                    reason = _member(path, archive, raw, member, name, arrays)
                except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
                    reason = _damage(error)
                if reason:
                    refused[name] = reason
    except zipfile.BadZipFile:
        raise DataError(f"{path} is no .npz file, or is cut off. Write it with np.savez.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    return ArrayFile(path, "array", arrays, refused, files=(path,))


def _member(
    path: Path,
    archive: zipfile.ZipFile,
    raw: IO[bytes],
    member: zipfile.ZipInfo,
    name: str,
    arrays: dict[str, StoredArray],
) -> str:
    """Add an array of an archive, or give the reason why not."""
    if not member.filename.endswith(".npy"):
        return "It is no array."
    with archive.open(member) as file:
        reason, header = _header(file)
        header_bytes = file.tell()
    if header is None:
        return reason
    if member.compress_type == zipfile.ZIP_STORED:
        arrays[name] = _mapped(path, name, _start(raw, member) + header_bytes, header)
    else:
        arrays[name] = CompressedArray(path, member.filename, name, header)
    return ""


def _start(raw: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin; only its local header tells how long that header is."""
    raw.seek(member.header_offset)
    name_bytes, extra_bytes = struct.unpack("<HH", raw.read(_LOCAL_HEADER_BYTES)[26:30])
    return member.header_offset + _LOCAL_HEADER_BYTES + int(name_bytes) + int(extra_bytes)


class _Header:
    def __init__(self, shape: tuple[int, ...], is_fortran: bool, dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.order = "F" if is_fortran else "C"
        self.dtype = dtype


def _header(file: IO[bytes]) -> tuple[str, _Header | None]:
    """The array's header, or the reason why it cannot be used; the file is at the first value then."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    header = _Header(*read(file))
    if header.dtype.hasobject:
        return _OBJECTS, None
    if header.dtype.fields is not None:
        return _FIELDS, None
    if header.dtype.kind not in "biufSU":
        return f"Its type {header.dtype} is neither numbers nor text.", None
    if not header.shape:
        return "It is a single value.", None
    return "", header


def _damage(error: Exception) -> str:
    if "mmap length" in str(error):
        return "It is cut off: the file ends before the last value. Copy it again from its source."
    return f"It is damaged or no NumPy array ({error})."


def _mapped(path: Path, name: str, offset: int, header: _Header) -> StoredArray:
    if not np.prod(header.shape):
        return MemoryArray(name, np.empty(header.shape, header.dtype))
    values = np.memmap(path, header.dtype, "r", offset, header.shape, "F" if header.order == "F" else "C")
    return MemoryArray(name, values)


class CompressedArray:
    """An array of a compressed .npz, read into memory at first use. See `StoredArray`."""

    def __init__(self, path: Path, member: str, name: str, header: _Header) -> None:
        self.name = name
        self.shape = header.shape
        self.dtype = header.dtype
        self._path = path
        self._member = member

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `StoredArray.read`."""
        return self._values.take(rows, axis=0)

    @cached_property
    def _values(self) -> NDArray[Any]:
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._member) as file:
                return np.lib.format.read_array(file, allow_pickle=False)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"The array '{self.name}' in {self._path} cannot be read: {_damage(error)}") from error
