"""From whatever a user's loader returns to `tf.data` datasets of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

EXPECTED = (
    "Expected a batched tf.data.Dataset of (inputs, labels), a keras.utils.PyDataset, a pair of arrays "
    "(inputs, labels), or a pair (training, validation) of datasets"
)


def is_dataset(value: Any) -> bool:
    """Whether it gives batches."""
    return isinstance(value, tf.data.Dataset | keras.utils.PyDataset)


def as_pair(returned: Any) -> tuple[Any, Any] | None:
    """Training and validation data, where a loader returned both; otherwise `None`."""
    if isinstance(returned, tuple | list) and len(returned) == 2 and all(is_dataset(item) for item in returned):
        return returned[0], returned[1]
    return None


def as_dataset(returned: Any, batch_size: int, seed: int, refuse: Callable[[str], Exception]) -> Any:
    """The one data set that a loader returned.

    Args:
        returned: What it returned.
        batch_size: For arrays.
        seed: Order of arrays.
        refuse: Makes an error of a sentence.

    Returns:
        A `tf.data.Dataset`; arrays are shuffled anew in every epoch.

    Raises:
        Exception: What `refuse` made, if it is none of these.
    """
    if isinstance(returned, tf.data.Dataset):
        return returned
    if isinstance(returned, keras.utils.PyDataset):
        return _of_pydataset(returned, refuse)
    if isinstance(returned, tuple | list) and len(returned) in (2, 3) and all(map(_is_array, returned)):
        return _of_arrays(tuple(returned), batch_size, seed, refuse)
    raise refuse(f"{EXPECTED}; received {_described(returned)}.")


def _is_array(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(_is_array(inner) for inner in value.values())
    return (isinstance(value, np.ndarray) and value.dtype != object) or bool(tf.is_tensor(value))


def _described(returned: Any) -> str:
    if returned is None:
        return "nothing (did the function forget its return?)"
    if isinstance(returned, tuple | list):
        return f"a {type(returned).__name__} of {len(returned)}: {', '.join(type(item).__name__ for item in returned)}"
    return f"a {type(returned).__name__}"


def _of_arrays(arrays: tuple[Any, ...], batch_size: int, seed: int, refuse: Callable[[str], Exception]) -> Any:
    lengths = {len(array) for array in tf.nest.flatten(arrays)}
    if len(lengths) != 1 or lengths == {0}:
        raise refuse(f"Expected arrays of one length above 0, received {sorted(lengths)}.")
    samples = tf.data.Dataset.from_tensor_slices(arrays)
    return samples.shuffle(lengths.pop(), seed=seed, reshuffle_each_iteration=True).batch(batch_size)


def _of_pydataset(batches: Any, refuse: Callable[[str], Exception]) -> Any:
    if not len(batches):
        raise refuse("The keras.utils.PyDataset is empty.")

    def give() -> Iterator[Any]:
        for number in range(len(batches)):
            yield tf.nest.map_structure(tf.convert_to_tensor, tuple(batches[number]))
        batches.on_epoch_end()

    first = tf.nest.map_structure(tf.convert_to_tensor, tuple(batches[0]))
    signature = tf.nest.map_structure(lambda t: tf.TensorSpec((None, *t.shape[1:]), t.dtype), first)
    dataset = tf.data.Dataset.from_generator(give, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(batches)))
