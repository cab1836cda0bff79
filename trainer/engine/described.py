"""Tensors and times in words, for reports on one batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np


def described(value: Any) -> str:
    """Shape and type, such as `(32, 10) float32`; by name where there are several."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {described(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(described, value))
    array = keras.ops.convert_to_tensor(value)
    return f"{tuple(array.shape)} {keras.backend.standardize_dtype(array.dtype)}"


def described_range(value: Any) -> str:
    """Such as ` from 0 to 255`, with the space in front; empty for several tensors or an empty one."""
    if isinstance(value, (Mapping, list, tuple)):
        return ""
    array = np.asarray(keras.ops.convert_to_numpy(value))
    return f" from {array.min():.4g} to {array.max():.4g}" if array.size else ""


def described_time(seconds: float) -> str:
    """Such as `12.3 ms`, `4.5 s`, `3 m 20 s` or `2 h 05 m`."""
    if seconds < 1:
        return f"{1000 * seconds:.1f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} m"
