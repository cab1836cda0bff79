"""The machine side of a run: randomness, precision, threads and devices."""

from __future__ import annotations

import os

import keras

from trainer.config.sections import RuntimeSection


def apply_runtime(settings: RuntimeSection) -> str:
    """Set seeds, precision, determinism and threads for this process; returns the chosen precision."""
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    if settings.threads:
        tf.config.threading.set_intra_op_parallelism_threads(settings.threads)
        tf.config.threading.set_inter_op_parallelism_threads(settings.threads)
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    precision = choose_precision(settings.precision)
    keras.config.set_dtype_policy(precision)
    return precision


def choose_precision(wanted: str) -> str:
    """`auto` as float32 on a CPU, and as the mixed precision a GPU is fast with.

    GPUs of compute capability 8 and above get bfloat16, 7 float16; older ones gain nothing.
    """
    import tensorflow as tf

    if wanted != "auto":
        return wanted
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "float32"
    capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
    return "mixed_bfloat16" if capability >= (8, 0) else "mixed_float16" if capability >= (7, 0) else "float32"


def describe_device() -> str:
    """What training runs on, such as `CPU (2 threads)`."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        name = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
        return f"{name}" if len(gpus) == 1 else f"{len(gpus)} × {name}"
    threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
    return f"CPU ({threads} thread{'' if threads == 1 else 's'})"


def describe_engine() -> dict[str, str]:
    """Versions of Keras and TensorFlow, and the device."""
    import tensorflow as tf

    return {"keras": keras.__version__, "tensorflow": tf.__version__, "device": describe_device()}
