"""What a step costs in time and memory, and what that means for an epoch and for all of training."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import psutil
import tensorflow as tf

from trainer.engine.checks.finding import Finding
from trainer.engine.checks.subject import Subject
from trainer.engine.described import described_time

_STEPS = 8
_SCARCE = 0.85
_WAITING = 0.5


def check_time_and_memory(subject: Subject, stepped: Callable[[], None] = lambda: None) -> list[Finding]:
    """Train a few real steps, data included. The model's weights change.

    Args:
        subject: What is checked.
        stepped: Told after every step.
    """
    session = subject.session
    batches = iter(session.train_dataset(0, 0))
    waits, steps = [], []
    for _ in range(_STEPS):
        begin = time.perf_counter()
        batch = next(batches)
        got = time.perf_counter()
        subject.model.train_on_batch(*batch)
        waits.append(got - begin)
        steps.append(time.perf_counter() - got)
        stepped()
    first, step_s, wait_s = steps[0], median(steps[1:]), median(waits[1:])
    return [
        _step(subject, first, step_s, wait_s),
        _memory(),
        _epoch(subject, step_s + wait_s),
    ]


def _step(subject: Subject, first_s: float, step_s: float, wait_s: float) -> Finding:
    size = subject.config.data.batch_size
    text = (
        f"{described_time(step_s)} per step of {size} samples ({size / (step_s + wait_s):,.0f} samples/s), "
        f"{described_time(wait_s)} of waiting for data; the first takes {described_time(first_s)}."
    )
    if wait_s > _WAITING * (step_s + wait_s) and wait_s > 0.005:
        advice = "The data is slower than the network: keep it decoded (data.cache), or augment less."
        return Finding("step", "Time of a step", "warn", text, advice)
    return Finding("step", "Time of a step", "pass", text)


def _memory() -> Finding:
    machine = psutil.virtual_memory()
    used = psutil.Process().memory_info().rss
    text = f"{_gigabytes(used)} of {_gigabytes(machine.total)} memory"
    scarce = machine.percent > 100 * _SCARCE
    for device in tf.config.list_physical_devices("GPU"):
        name = device.name.removeprefix("/physical_device:")
        text += f"; {_gigabytes(tf.config.experimental.get_memory_info(name)['peak'])} at most on {name}"
    if scarce:
        free = _gigabytes(machine.available)
        advice = "The machine is nearly full: a smaller batch, smaller pictures or data.cache: disk need less."
        return Finding("memory", "Memory", "warn", f"{text}; {free} are left on this machine.", advice)
    return Finding("memory", "Memory", "pass", f"{text}.")


def _epoch(subject: Subject, step_s: float) -> Finding:
    session, training = subject.session, subject.config.training
    epoch_s = session.steps_per_epoch * step_s + _validation_s(subject)
    text = f"about {described_time(epoch_s)} for {session.steps_per_epoch:,} batches and the validation"
    epochs = f"{training.epochs:,} epoch{'' if training.epochs == 1 else 's'}"
    whole = f"about {described_time(epoch_s * training.epochs)} for {epochs}"
    return Finding("epoch", "An epoch", "pass", f"{text}; {whole}, saving not counted.")


def _validation_s(subject: Subject) -> float:
    data = subject.session.data
    if data is None or data.validation is None:
        return 0.0
    num_batches = data.validation.num_batches(subject.config.data.batch_size)
    dataset = subject.session.validation_dataset()
    batch: Any = next(iter(dataset))
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        subject.model.test_on_batch(*batch)
        times.append(time.perf_counter() - begin)
    return num_batches * median(times[1:]) / max(1, subject.config.training.validate_every_epochs)


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"
