"""Finds the records of TFRecord files by their framing, and checks their checksums.

A record is its length (8 bytes), a checksum of that (4), the data, and a checksum of the data (4); see
https://www.tensorflow.org/tutorials/load_data/tfrecord. Knowing where each record is, any of them can be read at once,
so that a shuffle needs no buffer and a run can go on inside an epoch.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from pathlib import Path

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from trainer.errors import DataError

_HEADER = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
_LENGTH_BYTES = 8
_GZIP, _ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x9c", b"\x78\xda")


@dataclass(frozen=True, slots=True, eq=False)
class ShardRecords:
    """The records of one file.

    Attributes:
        path: The file.
        content: All its bytes, mapped.
        starts: int64, shape (records,): where the data of each record begins.
        stops: int64, shape (records,): where it ends; the same as the start where a record is cut off.
        unusable: Reason by number in the file, for records that are damaged.
        lost_bytes: What lies behind a record whose length is damaged: nothing tells what is in there.
    """

    path: Path
    content: mmap.mmap | bytes
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    unusable: dict[int, str] = field(default_factory=dict)
    lost_bytes: int = 0


def scan_shard(path: Path) -> ShardRecords:
    """Find and check all records of a file.

    Raises:
        DataError: The file is missing, compressed, or no TFRecord file.
    """
    content = _mapped(path)
    size = len(content)
    starts: list[int] = []
    stops: list[int] = []
    unusable: dict[int, str] = {}
    position = lost = 0
    while position < size:
        start = position + _HEADER.size
        length, checksum = _HEADER.unpack_from(content, position) if start <= size else (0, -1)
        if start <= size and masked_checksum(content[position : position + _LENGTH_BYTES]) != checksum:
            if not starts:
                raise DataError(_not_a_record_file(path, content))
            lost = size - position
            unusable[len(starts)] = f"the checksum of its length is wrong, so the {lost:,} bytes from here on are lost"
        stop = start + length
        if not lost and stop + _CHECKSUM.size > size:
            lost = size - position
            unusable[len(starts)] = "the file is cut off inside this record"
        starts.append(start)
        stops.append(start if lost else stop)
        if lost:
            break
        if masked_checksum(content[start:stop]) != _CHECKSUM.unpack_from(content, stop)[0]:
            unusable[len(starts) - 1] = "its checksum is wrong: the data was damaged after it was written"
        position = stop + _CHECKSUM.size
    if size < _HEADER.size:
        raise DataError(f"{path} is no TFRecord file: it has {size} bytes, less than the head of a record.")
    is_cut = lost > 0 and "cut off" in unusable[len(starts) - 1]
    return ShardRecords(
        path, content, np.array(starts, np.int64), np.array(stops, np.int64), unusable, 0 if is_cut else lost
    )


def masked_checksum(data: bytes) -> int:
    """CRC-32C as TFRecord files keep it: rotated by 15 bits, plus a constant."""
    checksum: int = google_crc32c.value(data)
    return (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _mapped(path: Path) -> mmap.mmap | bytes:
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise DataError(f"The file {path} does not exist. Check its spelling or choose another file.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _not_a_record_file(path: Path, content: mmap.mmap | bytes) -> str:
    head = bytes(content[:2])
    if head == _GZIP or head in _ZLIB:
        return (
            f"{path} is compressed as a whole, so single records cannot be read from it. Decompress it once (gunzip), "
            "or write it without compression."
        )
    return f"{path} is no TFRecord file, or its first record is damaged: the checksum of the first length is wrong."
