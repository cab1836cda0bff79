"""Combinations of runtime settings that cannot work, found before anything is started."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator

from trainer.config.config import Config
from trainer.errors import Problem

MOST_CPU_PARTS = 16
_BACKENDS = {"jax": "JAX", "torch": "PyTorch"}
_NAME = re.compile(r"(CPU|GPU):(\d{1,3})")


def read_devices(text: str) -> tuple[str, ...]:
    """The devices of `runtime.devices`, such as `("GPU:0", "GPU:1")`; empty for an empty text.

    >>> read_devices("gpu:0, GPU:1")
    ('GPU:0', 'GPU:1')
    """
    return tuple(part.strip().upper() for part in text.split(",") if part.strip())


def runtime_problems(config: Config) -> Iterator[Problem]:
    """What cannot work among the settings of `runtime`, and between them and the rest.

    Whether the named GPUs exist is known only to the worker, which refuses them before it reads any data.
    """
    yield from _device_problems(config)
    yield from _strategy_problems(config)
    if config.runtime.backend != "tensorflow":
        yield from _backend_problems(config)
    if config.training.training_loop is not None and config.training.steps_per_execution > 1:
        yield Problem(
            "training.steps_per_execution",
            f"A training loop of your own takes batches one by one: expected 1, "
            f"received {config.training.steps_per_execution}.",
        )


def _device_problems(config: Config) -> Iterator[Problem]:
    names = read_devices(config.runtime.devices)
    key = "runtime.devices"
    unknown = [name for name in names if not _NAME.fullmatch(name)]
    if unknown:
        yield Problem(key, f"Expected devices such as GPU:0, GPU:1 or CPU:0, received {', '.join(unknown)}.")
        return
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield Problem(key, f"Each device can be used once, received {', '.join(twice)} more than once.")
    if len({name[:3] for name in names}) > 1:
        yield Problem(key, "GPUs and the CPU cannot share a training: the CPU would hold up the GPUs. Name one kind.")
    highest = max((int(name[4:]) for name in names if name.startswith("CPU")), default=0)
    if highest >= MOST_CPU_PARTS:
        yield Problem(
            key, f"The CPU is divided into at most {MOST_CPU_PARTS} parts, CPU:0 to CPU:{MOST_CPU_PARTS - 1}."
        )


def _strategy_problems(config: Config) -> Iterator[Problem]:
    runtime = config.runtime
    count = len(read_devices(runtime.devices))
    if runtime.strategy == "none" and count > 1:
        yield Problem(
            "runtime.devices", f"Without distribution one device is used, received {count}. Set strategy to mirrored."
        )
    if runtime.xla == "on" and runtime.strategy != "none" and count > 1:
        yield Problem(
            "runtime.xla",
            f"XLA cannot compile a step that is distributed over {count} devices. Set xla to auto or off.",
        )
    if count > 1 and runtime.devices.strip().upper().startswith("CPU") and config.project.task == "object_detection":
        # Its last batch, if it does not divide evenly, ends TensorFlow's process on parts of a CPU.
        yield Problem("runtime.devices", "A detector cannot be trained on parts of the CPU. Leave this empty.")
    if count > 1 or runtime.strategy == "mirrored":
        for key, what in needs_one_device(config):
            yield Problem(key, f"{what} works on one device only. Switch it off here, or set runtime.strategy to none.")
    if count > config.data.batch_size and runtime.strategy != "none":
        yield Problem(
            "data.batch_size",
            f"Every batch is divided among {count} devices: expected at least {count}, "
            f"received {config.data.batch_size}.",
        )


def needs_one_device(config: Config) -> Iterator[tuple[str, str]]:
    """Settings by dotted key that Keras cannot combine with distribution, each as the subject of a sentence.

    Both are steps inside a condition, in which the copies of the network cannot wait for each other.
    """
    training, own = config.training, config.training.optimizer.arguments
    if training.gradient_accumulation_steps > 1:
        yield "training.gradient_accumulation_steps", "Accumulating gradients"
    if (own.get("gradient_accumulation_steps") or 1) != 1:
        yield "training.optimizer.arguments.gradient_accumulation_steps", "Accumulating gradients"
    averaging = training.weight_averaging
    if averaging.enabled and averaging.overwrite_every_steps:
        yield "training.weight_averaging.overwrite_every_steps", "Replacing the weights by their average"
    if own.get("ema_overwrite_frequency"):
        yield "training.optimizer.arguments.ema_overwrite_frequency", "Replacing the weights by their average"


def _backend_problems(config: Config) -> Iterator[Problem]:
    runtime, backend = config.runtime, config.runtime.backend
    if importlib.util.find_spec(backend) is None:
        yield Problem(
            "runtime.backend",
            f"{_BACKENDS[backend]} is not installed. Install it with 'uv sync --extra {backend}' or 'pip install "
            f"{backend}', or set backend to tensorflow.",
        )
    for key, is_used, what in (
        ("training.training_loop", config.training.training_loop is not None, "A training loop of your own"),
        ("runtime.strategy", runtime.strategy == "mirrored", "Distribution"),
        ("runtime.devices", bool(runtime.devices.strip()), "The choice of devices"),
        ("runtime.deterministic", runtime.deterministic, "Bit-identical repetition"),
        ("runtime.threads", bool(runtime.threads), "The number of threads"),
    ):
        if is_used:
            yield Problem(key, f"{what} works with the backend tensorflow only, received {backend}.")
