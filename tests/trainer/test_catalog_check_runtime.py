"""Settings of devices, distribution and backend that cannot work are refused before anything is started."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from trainer.catalog.check_runtime import read_devices, runtime_problems
from trainer.config.config import Config

LOOP = {"name": "mine", "file": "loops.py"}


def problems(**sections: Any) -> dict[str, str]:
    config = Config.model_validate(sections)
    return {problem.key: problem.message for problem in runtime_problems(config)}


def test_the_default_has_no_problem() -> None:
    assert problems() == {}


@pytest.mark.parametrize("devices", ["GPU:0", "gpu:0, gpu:1", "CPU:0,CPU:1", " "])
def test_devices_are_named_by_kind_and_number(devices: str) -> None:
    assert problems(runtime={"devices": devices}) == {}


def test_names_are_read_in_any_case_and_spacing() -> None:
    assert read_devices(" gpu:1 ,GPU:0,, ") == ("GPU:1", "GPU:0")


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ("cuda:0", "Expected devices such as GPU:0, GPU:1 or CPU:0, received CUDA:0."),
        ("GPU", "received GPU."),
        ("GPU:0, GPU:0", "received GPU:0 more than once"),
        ("CPU:0, GPU:0", "cannot share"),
        ("CPU:16", "at most 16 parts, CPU:0 to CPU:15"),
    ],
)
def test_names_that_cannot_be_devices_are_refused(devices: str, message: str) -> None:
    assert message in problems(runtime={"devices": devices})["runtime.devices"]


def test_several_devices_without_distribution_are_refused() -> None:
    found = problems(runtime={"devices": "GPU:0, GPU:1", "strategy": "none"})
    assert "one device is used, received 2" in found["runtime.devices"]


def test_xla_with_several_devices_is_refused() -> None:
    assert "distributed over 2" in problems(runtime={"devices": "GPU:0, GPU:1", "xla": "on"})["runtime.xla"]
    assert problems(runtime={"devices": "GPU:0", "xla": "on"}) == {}


@pytest.mark.parametrize("runtime", [{"devices": "GPU:0, GPU:1"}, {"strategy": "mirrored"}])
@pytest.mark.parametrize(
    ("training", "key"),
    [
        ({"gradient_accumulation_steps": 4}, "gradient_accumulation_steps"),
        ({"weight_averaging": {"enabled": True, "overwrite_every_steps": 9}}, "weight_averaging.overwrite_every_steps"),
        (
            {"optimizer": {"name": "Adam", "arguments": {"gradient_accumulation_steps": 2}}},
            "optimizer.arguments.gradient_accumulation_steps",
        ),
        (
            {"optimizer": {"name": "Adam", "arguments": {"use_ema": True, "ema_overwrite_frequency": 5}}},
            "optimizer.arguments.ema_overwrite_frequency",
        ),
    ],
)
def test_what_needs_one_device_is_refused_over_several(
    runtime: dict[str, str], training: dict[str, Any], key: str
) -> None:
    assert "works on one device only" in problems(runtime=runtime, training=training)[f"training.{key}"]
    assert problems(runtime={"devices": "GPU:1"}, training=training) == {}
    assert problems(training=training) == {}


@pytest.mark.parametrize(
    "training",
    [
        {"steps_per_execution": 4},
        {"weight_averaging": {"enabled": True}},
        {"optimizer": {"name": "Adam", "arguments": {"global_clipnorm": 1.0}}},
    ],
)
def test_what_works_over_several_devices_is_not_refused(training: dict[str, Any]) -> None:
    assert problems(runtime={"devices": "GPU:0, GPU:1"}, training=training) == {}


def test_a_batch_smaller_than_the_number_of_devices_is_refused() -> None:
    found = problems(runtime={"devices": "CPU:0, CPU:1, CPU:2"}, data={"batch_size": 2})
    assert "expected at least 3, received 2" in found["data.batch_size"]


def test_mirrored_on_one_device_is_allowed() -> None:
    assert problems(runtime={"strategy": "mirrored", "devices": "CPU:0"}) == {}


def test_a_loop_of_ones_own_takes_batches_one_by_one() -> None:
    found = problems(training={"training_loop": LOOP, "steps_per_execution": 4})
    assert "one by one: expected 1, received 4" in found["training.steps_per_execution"]


@pytest.mark.parametrize(("backend", "name"), [("jax", "JAX"), ("torch", "PyTorch")])
def test_a_backend_that_is_not_installed_is_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, backend: str, name: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    message = problems(runtime={"backend": backend})["runtime.backend"]
    assert message.startswith(f"{name} is not installed.") and f"uv sync --extra {backend}" in message


@pytest.mark.parametrize(
    ("runtime", "training", "key"),
    [
        ({"strategy": "mirrored"}, {}, "runtime.strategy"),
        ({"devices": "GPU:0"}, {}, "runtime.devices"),
        ({"deterministic": True}, {}, "runtime.deterministic"),
        ({"threads": 2}, {}, "runtime.threads"),
        ({}, {"training_loop": LOOP}, "training.training_loop"),
    ],
)
def test_what_works_with_tensorflow_only_is_refused_with_another_backend(
    monkeypatch: pytest.MonkeyPatch, runtime: dict[str, Any], training: dict[str, Any], key: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    found = problems(runtime={"backend": "jax", **runtime}, training=training)
    assert list(found) == [key] and "with the backend tensorflow only, received jax" in found[key]


def test_a_detector_is_not_trained_on_parts_of_the_cpu() -> None:
    found = problems(project={"task": "object_detection"}, runtime={"devices": "cpu:0, cpu:1"})
    assert "parts of the CPU" in found["runtime.devices"]
    assert "runtime.devices" not in problems(runtime={"devices": "CPU:0, CPU:1"})
