"""Reads `tf.train.Example` messages without TensorFlow.

Only what these messages need of protocol buffers is understood: see https://protobuf.dev/programming-guides/encoding
and `tensorflow/core/example/feature.proto`. Nothing is copied until values are asked for.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Content = bytes | mmap.mmap
FeatureKind = Literal["bytes", "float", "int64"]
Span = tuple[FeatureKind, int, int]
"""Kind of a feature, and where its list of values begins and ends."""

_KINDS: dict[int, FeatureKind] = {1: "bytes", 2: "float", 3: "int64"}
_VARINT, _FIXED64, _DELIMITED, _FIXED32 = 0, 1, 2, 5


class ExampleError(ValueError):
    """Bytes that are no `tf.train.Example`. Its text is the reason."""


def feature_spans(content: Content, start: int, stop: int) -> dict[str, Span]:
    """The features of the example that lies between two places.

    Returns:
        Kind and place of the values, by name; features without values are left out.

    Raises:
        ExampleError: This is no example.
    """
    spans: dict[str, Span] = {}
    for number, wire, begin, end in _fields(content, start, stop):
        if number != 1 or wire != _DELIMITED:
            raise ExampleError("it is no tf.train.Example")
        for entry, entry_wire, entry_begin, entry_end in _fields(content, begin, end):
            if entry != 1 or entry_wire != _DELIMITED:
                raise ExampleError("it is no tf.train.Example")
            _add_feature(content, entry_begin, entry_end, spans)
    return spans


def _add_feature(content: Content, start: int, stop: int, spans: dict[str, Span]) -> None:
    name, value = "", (0, 0)
    for number, _, begin, end in _fields(content, start, stop):
        if number == 1:
            name = content[begin:end].decode("utf-8", errors="replace")
        elif number == 2:
            value = (begin, end)
    for number, wire, begin, end in _fields(content, *value):
        if wire != _DELIMITED or number not in _KINDS:
            raise ExampleError("it is no tf.train.Example")
        if end > begin:
            spans[name] = (_KINDS[number], begin, end)


def byte_values(content: Content, start: int, stop: int) -> list[tuple[int, int]]:
    """Where each value of a bytes feature begins and ends."""
    return [(begin, end) for _, _, begin, end in _fields(content, start, stop)]


def number_values(content: Content, kind: FeatureKind, start: int, stop: int) -> NDArray[np.generic]:
    """All values of a feature of numbers: float32 or int64, shape (values,)."""
    if (
        stop - start == 3
        and kind == "int64"
        and content[start : start + 2] == b"\x0a\x01"
        and content[start + 2] < 0x80
    ):
        # The most frequent case, a class number below 128.
        return np.array([content[start + 2]], np.int64)
    parts: list[NDArray[np.generic]] = []
    for _, wire, begin, end in _fields(content, start, stop):
        if kind == "float":
            parts.append(np.frombuffer(content[begin:end], "<f4"))
        elif wire == _VARINT:
            parts.append(np.array([_signed(_varint(content, begin, end)[0])], np.int64))
        else:
            parts.append(_packed_integers(content[begin:end]))
    if not parts:
        return np.zeros(0, np.float32 if kind == "float" else np.int64)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _packed_integers(packed: bytes) -> NDArray[np.int64]:
    """Many integers of 7 bits per byte, the lowest first; the last byte of each is below 128."""
    octets = np.frombuffer(packed, np.uint8)
    ends = np.flatnonzero(octets < 0x80)
    if not len(ends) or ends[-1] != len(octets) - 1:
        raise ExampleError("a list of integers is damaged")
    if len(ends) == len(octets):
        return octets.astype(np.int64)
    starts = np.concatenate(([0], ends[:-1] + 1))
    places = np.arange(len(octets)) - np.repeat(starts, ends - starts + 1)
    if places.max() > 9:
        raise ExampleError("a list of integers is damaged")
    bits = (octets & 0x7F).astype(np.uint64) << (7 * places).astype(np.uint64)
    return np.add.reduceat(bits, starts).view(np.int64)


def _fields(content: Content, position: int, stop: int) -> Iterator[tuple[int, int, int, int]]:
    """Number and wire type of each field of a message, and where its value begins and ends."""
    while position < stop:
        tag, position = _varint(content, position, stop)
        wire = tag & 7
        if wire == _DELIMITED:
            length, position = _varint(content, position, stop)
            end = position + length
        elif wire == _FIXED32:
            end = position + 4
        elif wire == _FIXED64:
            end = position + 8
        elif wire == _VARINT:
            end = _varint(content, position, stop)[1]
        else:
            raise ExampleError("it is no tf.train.Example")
        if end > stop:
            raise ExampleError("it is no tf.train.Example")
        yield tag >> 3, wire, position, end
        position = end


def _varint(content: Content, position: int, stop: int) -> tuple[int, int]:
    """An integer of 7 bits per byte, and the place behind it."""
    value = shift = 0
    while position < stop and shift < 70:
        octet = content[position]
        position += 1
        if octet < 0x80:
            return value | octet << shift, position
        value |= (octet & 0x7F) << shift
        shift += 7
    raise ExampleError("it is no tf.train.Example")


def _signed(value: int) -> int:
    value &= 2**64 - 1
    return value - 2**64 if value >= 2**63 else value
