"""Options of every `tf.data` pipeline of ours."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def fixed_options() -> Any:
    """In order, without the tuner and without rewriting of the graph."""
    options = tf.data.Options()
    options.deterministic = True
    # All numbers are chosen here, and the tuner's thread makes the end of an iterator wait for it, up to a minute.
    options.autotune.enabled = False
    # Rewriting the graph would copy all kept pictures into it, and there is nothing to gain here.
    options.experimental_optimization.apply_default_optimizations = False
    return options
