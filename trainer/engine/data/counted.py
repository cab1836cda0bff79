"""A `tf.data.Dataset` that tells a length."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class Counted(tf.data.Dataset):  # type: ignore[misc]
    """Tells its length without holding every pass to it, where now and then one is shorter.

    Args:
        inner: The batches.
        length: Batches of a whole pass.
    """

    def __init__(self, inner: Any, length: int) -> None:
        self._inner = inner
        self._length = length
        super().__init__(inner._variant_tensor)

    def _inputs(self) -> list[Any]:
        return [self._inner]

    @property
    def element_spec(self) -> Any:
        """That of a batch."""
        return self._inner.element_spec

    def cardinality(self) -> Any:
        """Batches of a whole pass."""
        return tf.constant(self._length, tf.int64)
