"""Writes TFRecord files of `tf.train.Example` without TensorFlow."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from trainer.data.arrays.tfrecord_framing import masked_checksum

Value = bytes | int | float | list[int] | list[float] | list[bytes]


def example(features: Mapping[str, Value], *, packed: bool = True) -> bytes:
    """The bytes of an example; numbers in packed or in single form, both of which readers have to take."""
    entries = b"".join(
        _delimited(1, _delimited(1, name.encode()) + _delimited(2, _feature(value, packed)))
        for name, value in features.items()
    )
    return _delimited(1, entries)


def framed(data: bytes) -> bytes:
    """A record."""
    head = struct.pack("<Q", len(data))
    return b"".join((head, _checksum(head), data, _checksum(data)))


def write_records(path: Path, records: Iterable[bytes]) -> Path:
    """Write a file of records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(framed, records)))
    return path


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", masked_checksum(data))


def _feature(value: Value, packed: bool) -> bytes:
    values = value if isinstance(value, list) else [value]
    if isinstance(values[0], bytes):
        return _delimited(1, b"".join(_delimited(1, item) for item in values if isinstance(item, bytes)))
    if isinstance(values[0], float):
        numbers = [struct.pack("<f", item) for item in values]
        return _delimited(2, _list(numbers, packed, tag=b"\x0d"))
    return _delimited(3, _list([_varint(int(item)) for item in values], packed, tag=b"\x08"))


def _list(numbers: list[bytes], packed: bool, tag: bytes) -> bytes:
    return _delimited(1, b"".join(numbers)) if packed else b"".join(tag + number for number in numbers)


def _delimited(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
