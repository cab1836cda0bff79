"""Random numbers of single samples, many at once: a pure function of each sample's own seed.

TensorFlow's stateless functions take one seed per call. These take one per row, so that what a sample gets does not
depend on the batch it is in.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_STEPS = (0x85EBCA6B, 0xC2B2AE35)
_APART = 0x9E3779B9


def sample_seeds(draws: Any) -> Any:
    """A seed for each sample, from the random numbers that it was given.

    Args:
        draws: float32, shape (B, draws), such as rows of `draw_randomness`.

    Returns:
        int32, shape (B, 2).
    """
    bits = tf.bitcast(draws, tf.uint32)
    halves = []
    for half in range(2):
        mixed = tf.fill(tf.shape(bits)[:1], tf.constant(_APART + half, tf.uint32))
        for column in tf.unstack(bits, axis=1):
            mixed = _mixed(tf.bitwise.bitwise_xor(mixed, column) + tf.constant(_APART, tf.uint32))
        halves.append(mixed)
    return tf.bitcast(tf.stack(halves, axis=1), tf.int32)


def sample_uniforms(seeds: Any, count: int, stream: int = 0) -> Any:
    """Uniform numbers for each sample.

    Args:
        seeds: int32, shape (B, 2).
        count: Numbers per sample.
        stream: Another value gives other numbers.

    Returns:
        float32 in [0, 1), shape (B, count).
    """
    first, second = (tf.bitcast(part, tf.uint32)[:, None] for part in tf.unstack(seeds, axis=1))
    counters = tf.cast(tf.range(count)[None, :], tf.uint32)
    counters = _mixed(counters * tf.constant(_APART, tf.uint32) + tf.constant(stream, tf.uint32))
    bits = _mixed(tf.bitwise.bitwise_xor(_mixed(tf.bitwise.bitwise_xor(counters, first)) + counters, second))
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) * (1 / 2**24)


def further_seeds(seeds: Any, stream: int) -> Any:
    """Other seeds that follow from these: int32, shape (B, 2)."""
    mixed = [_mixed(tf.bitcast(part, tf.uint32) + tf.constant(_APART * (stream + 1) & 0xFFFFFFFF, tf.uint32))
             for part in tf.unstack(seeds, axis=1)]  # fmt: skip
    return tf.bitcast(tf.stack(mixed, axis=1), tf.int32)


def _mixed(bits: Any) -> Any:
    """The finaliser of MurmurHash3 (Austin Appleby, public domain): every bit changes half of the others."""
    for shift, step in ((16, _STEPS[0]), (13, _STEPS[1])):
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint32)))
        bits = bits * tf.constant(step, tf.uint32)
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(16, tf.uint32)))
