"""The machine side of a run: randomness, precision, threads, devices and their distribution."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import Any, Literal

import keras
import tensorflow as tf

from trainer.catalog.check_runtime import needs_one_device
from trainer.config.config import Config
from trainer.config.sections import RuntimeSection
from trainer.engine.devices import (
    DeviceChoice,
    before_first_use,
    choose_devices,
    hide_gpus,
    make_strategy,
    set_up_devices,
)
from trainer.engine.reporting import Reporter
from trainer.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Machine:
    """What a run trains on.

    Attributes:
        description: Of the devices, such as `CPU (2 threads)`.
        precision: Name of Keras' dtype policy.
        jit_compile: What `model.compile` is told about XLA.
        strategy: A `tf.distribute.Strategy`, or `None` on one device.
    """

    description: str
    precision: str
    jit_compile: bool | Literal["auto"]
    strategy: Any | None = None

    @property
    def num_replicas(self) -> int:
        """Copies of the network that train at the same time."""
        return 1 if self.strategy is None else int(self.strategy.num_replicas_in_sync)

    def scope(self) -> contextlib.AbstractContextManager[Any]:
        """Where the network, its optimizer and its metrics have to be made."""
        return contextlib.nullcontext() if self.strategy is None else self.strategy.scope()


def runtime_of(config: Config, reporter: Reporter) -> RuntimeSection:
    """The runtime settings of a configuration; without distribution where `auto` must not choose it."""
    runtime = config.runtime
    reasons = [what for _, what in needs_one_device(config)]
    if not reasons or runtime.strategy != "auto" or runtime.devices.strip():
        return runtime
    reporter.log("DEVICE", f"{reasons[0]} works on one device only")
    return runtime.model_copy(update={"strategy": "none"})


def apply_runtime(settings: RuntimeSection, reporter: Reporter) -> Machine:
    """Set devices, threads, seeds, determinism and precision for this process, and say in the log what and why.

    Raises:
        ConfigError: The machine has no such device, or XLA is asked for where it cannot be used.
        RunError: TensorFlow was used before, and what is asked for can be set only before that.
    """
    if settings.backend != "tensorflow":
        return _apply_elsewhere(settings, reporter)
    choice = choose_devices(settings)
    visible = set_up_devices(choice, memory_growth=settings.memory_growth)
    _set_threads(settings.threads)
    _set_randomness(settings)
    strategy, distribution = make_strategy(settings.strategy, choice, visible)
    precision, precision_reason = choose_precision(settings.precision, choice)
    keras.config.set_dtype_policy(precision)
    jit_compile, xla_reason = _choose_xla(settings.xla, choice)
    machine = Machine(describe_choice(choice), precision, jit_compile, strategy)
    reporter.log("DEVICE", f"Training on {', '.join(choice.names)}, {choice.reason}: {machine.description}")
    reporter.log("DEVICE", f"Distribution: {distribution}")
    reporter.log("DEVICE", f"Precision: {precision}, {precision_reason}")
    reporter.log("DEVICE", f"XLA: {xla_reason}")
    _log_rest(settings, choice, reporter)
    return machine


def _log_rest(settings: RuntimeSection, choice: DeviceChoice, reporter: Reporter) -> None:
    if choice.has_gpu:
        how = "taken as it is needed" if settings.memory_growth else "taken all at once"
        reporter.log("DEVICE", f"GPU memory: {how}")
    if settings.threads:
        reporter.log("DEVICE", f"CPU threads: {settings.threads}, as runtime.threads says")
    repeatable = "bit-identical when repeated" if settings.deterministic else "not bit-identical when repeated"
    reporter.log("DEVICE", f"Seed: {settings.seed}; operations: {repeatable}")


def _apply_elsewhere(settings: RuntimeSection, reporter: Reporter) -> Machine:
    """TensorFlow reads the data and stays off the GPUs; another backend computes."""
    hide_gpus()
    keras.utils.set_random_seed(settings.seed)
    precision = "float32" if settings.precision == "auto" else settings.precision
    keras.config.set_dtype_policy(precision)
    backend = keras.backend.backend()
    reporter.log("DEVICE", f"Computing with {backend}, as runtime.backend says; TensorFlow reads the pictures")
    reason = "as auto chooses mixed precision with TensorFlow only" if settings.precision == "auto" else _AS_SET
    reporter.log("DEVICE", f"Precision: {precision}, {reason}")
    reporter.log("DEVICE", f"Seed: {settings.seed}")
    return Machine(backend, precision, {"auto": "auto", "on": True, "off": False}[settings.xla])  # type: ignore[arg-type]


def _set_threads(threads: int) -> None:
    if threads and tf.config.threading.get_intra_op_parallelism_threads() != threads:
        with before_first_use():
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)


def _set_randomness(settings: RuntimeSection) -> None:
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()


_AS_SET = "as runtime.precision says"


def choose_precision(wanted: str, choice: DeviceChoice) -> tuple[str, str]:
    """The precision and why: `auto` is float32 on a CPU, and on a GPU the mixed precision that it is fast with.

    GPUs of compute capability 8 and above get bfloat16, 7 float16; older ones gain nothing.
    """
    if wanted != "auto":
        slow = wanted == "mixed_float16" and not choice.has_gpu
        return wanted, _AS_SET + ("; on a CPU it is several times slower than float32" if slow else "")
    if not choice.has_gpu:
        return "float32", "as mixed precision is not faster on a CPU"
    capabilities = [_details(gpu).get("compute_capability", (0, 0)) for gpu in _visible_gpus()]
    lowest = min(capabilities, default=(0, 0))
    version = f"compute capability {lowest[0]}.{lowest[1]}"
    if lowest >= (8, 0):
        return "mixed_bfloat16", f"which GPUs of {version} are fast with"
    if lowest >= (7, 0):
        return "mixed_float16", f"which GPUs of {version} are fast with"
    return "float32", f"as GPUs of {version} gain nothing from mixed precision"


def _choose_xla(wanted: str, choice: DeviceChoice) -> tuple[bool | Literal["auto"], str]:
    count = len(choice.names)
    if wanted == "on" and count > 1:
        message = f"XLA cannot compile a step that is distributed over {count} devices. Set xla to auto or off."
        raise ConfigError((Problem("runtime.xla", message),))
    if wanted != "auto":
        return wanted == "on", f"{wanted}, as runtime.xla says"
    if not choice.has_gpu:
        return False, "off, as it is several times slower on a CPU"
    if count > 1:
        return False, "off, as it cannot compile a distributed step"
    return "auto", "on where every layer of the network supports it"


def describe_device() -> str:
    """What training runs on unless the configuration says otherwise, such as `CPU (2 threads)`."""
    gpus = tf.config.list_physical_devices("GPU")
    return describe_choice(DeviceChoice(tuple(f"GPU:{number}" for number in range(len(gpus))) or ("CPU:0",), ""))


def describe_choice(choice: DeviceChoice) -> str:
    """The devices in words, such as `2 × NVIDIA A100` or `CPU (2 threads)`."""
    count = len(choice.names)
    if choice.has_gpu:
        name = _details(_visible_gpus()[0]).get("device_name", "GPU")
        return f"{name}" if count == 1 else f"{count} × {name}"
    threads = tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()
    cpu = f"CPU ({threads} thread{'' if threads == 1 else 's'})"
    return cpu if count == 1 else f"{cpu} in {count} parts"


def _visible_gpus() -> list[Any]:
    return list(tf.config.get_visible_devices("GPU"))


def _details(gpu: Any) -> dict[str, Any]:
    return dict(tf.config.experimental.get_device_details(gpu))


def describe_engine() -> dict[str, str]:
    """Versions of Keras and TensorFlow, and the device."""
    return {"keras": keras.__version__, "tensorflow": tf.__version__, "device": describe_device()}
