"""Which devices a run trains on, and how its network is spread over them.

TensorFlow lets devices be chosen only before it touches any of them, so this comes before everything else of a run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from trainer.catalog.check_runtime import read_devices
from trainer.config.sections import RuntimeSection
from trainer.errors import ConfigError, Problem, RunError


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """The devices of a run.

    Attributes:
        names: Such as `("GPU:0", "GPU:1")`, as the person counts them.
        reason: Why these, as a sentence without its full stop.
    """

    names: tuple[str, ...]
    reason: str

    @property
    def has_gpu(self) -> bool:
        """Whether these are GPUs."""
        return self.names[0].startswith("GPU")


def choose_devices(settings: RuntimeSection) -> DeviceChoice:
    """The devices that a configuration asks for, checked against the machine.

    Raises:
        ConfigError: The machine has no such GPU.
    """
    num_gpus = len(tf.config.list_physical_devices("GPU"))
    wanted = read_devices(settings.devices)
    if wanted:
        _require_gpus(wanted, num_gpus)
        return DeviceChoice(wanted, "as runtime.devices says")
    if not num_gpus:
        return DeviceChoice(("CPU:0",), "as TensorFlow finds no GPU")
    if settings.strategy == "none":
        return DeviceChoice(("GPU:0",), "as runtime.strategy is none")
    names = tuple(f"GPU:{number}" for number in range(num_gpus))
    return DeviceChoice(names, "as it is the only GPU" if num_gpus == 1 else "as these are all GPUs")


def _require_gpus(wanted: tuple[str, ...], num_gpus: int) -> None:
    missing = [name for name in wanted if name.startswith("GPU:") and int(name[4:]) >= num_gpus]
    if missing:
        there = ", ".join(["CPU:0", *(f"GPU:{number}" for number in range(num_gpus))])
        message = f"This machine has no {', '.join(missing)}. It has: {there}."
        raise ConfigError((Problem("runtime.devices", message),))


def set_up_devices(choice: DeviceChoice, *, memory_growth: bool) -> tuple[str, ...]:
    """Hide the other GPUs, divide the CPU, let GPU memory grow.

    Args:
        choice: What to train on.
        memory_growth: Take GPU memory as it is needed.

    Returns:
        TensorFlow's names of the chosen devices, which count from 0 among those that are visible.

    Raises:
        RunError: TensorFlow has touched its devices already.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if choice.has_gpu:
        chosen = [gpus[int(name[4:])] for name in choice.names]
        _show_gpus(chosen)
        for gpu in chosen:
            if bool(tf.config.experimental.get_memory_growth(gpu)) != memory_growth:
                with before_first_use():
                    tf.config.experimental.set_memory_growth(gpu, memory_growth)
        return tuple(f"GPU:{number}" for number in range(len(chosen)))
    _show_gpus([])
    _divide_cpu(max(int(name[4:]) for name in choice.names) + 1)
    return choice.names


def hide_gpus() -> None:
    """Keep TensorFlow off all GPUs, which then are free for another backend.

    Raises:
        RunError: TensorFlow has touched its devices already.
    """
    _show_gpus([])


def _show_gpus(chosen: list[Any]) -> None:
    if tf.config.get_visible_devices("GPU") != chosen:
        with before_first_use():
            tf.config.set_visible_devices(chosen, "GPU")


def _divide_cpu(num_parts: int) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    if num_parts > len(tf.config.get_logical_device_configuration(cpu) or [None]):
        with before_first_use():
            tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * num_parts)


@contextlib.contextmanager
def before_first_use() -> Iterator[None]:
    """What TensorFlow refuses once it has touched its devices.

    Raises:
        RunError: It has. A worker never has when its run begins.
    """
    try:
        yield
    except RuntimeError as error:
        raise RunError(
            f"Devices and threads can be set only before TensorFlow is first used in a process: {error}"
        ) from error


def make_strategy(wanted: str, choice: DeviceChoice, visible: tuple[str, ...]) -> tuple[Any | None, str]:
    """The distribution over the devices.

    Args:
        wanted: `auto`, `none` or `mirrored`.
        choice: The devices.
        visible: TensorFlow's names of them.

    Returns:
        A `tf.distribute.Strategy`, or `None` to train on one device; and the reason, for the log.
    """
    if len(visible) == 1 and wanted != "mirrored":
        return None, f"none, as there is one device, {choice.names[0]}"
    copies = None if choice.has_gpu else tf.distribute.ReductionToOneDevice()
    strategy = tf.distribute.MirroredStrategy(list(visible), cross_device_ops=copies)
    listed = ", ".join(choice.names)
    if len(visible) == 1:
        return strategy, f"mirrored over one device, {listed}: this gives what 'none' gives, a little slower"
    return strategy, f"mirrored: a copy of the network on each of {listed}, and a part of every batch for each"
