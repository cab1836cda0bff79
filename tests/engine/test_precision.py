"""Precision, XLA and seeds: what `auto` chooses, and that the log says what was chosen and why."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from tests.engine.tiny import TinyRuns
from trainer.config.sections import RuntimeSection
from trainer.engine import runtime
from trainer.engine.devices import DeviceChoice
from trainer.errors import ConfigError
from trainer.runs import events as e

pytestmark = pytest.mark.keras

CPU, GPU = DeviceChoice(("CPU:0",), ""), DeviceChoice(("GPU:0",), "")
GPUS = DeviceChoice(("GPU:0", "GPU:1"), "")


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, tag: str, message: str) -> None:
        self.lines.append(f"[{tag}] {message}")

    def notice(self, level: str, message: str) -> None:
        self.log(level, message)

    def progress(self, done: int, total: int, unit: str = "") -> None:
        raise AssertionError("there is nothing to count")


@pytest.fixture(autouse=True)
def usual_policy() -> Any:
    before = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(before)


def test_auto_stays_with_float32_on_a_cpu() -> None:
    assert runtime.choose_precision("auto", CPU) == ("float32", "as mixed precision is not faster on a CPU")


@pytest.mark.parametrize(
    ("capability", "precision"), [((9, 0), "mixed_bfloat16"), ((7, 5), "mixed_float16"), ((6, 1), "float32")]
)
def test_auto_takes_on_a_gpu_what_the_gpu_is_fast_with(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], precision: str
) -> None:
    monkeypatch.setattr(runtime, "_visible_gpus", lambda: ["gpu"])
    monkeypatch.setattr(runtime, "_details", lambda _: {"compute_capability": capability})
    chosen, reason = runtime.choose_precision("auto", GPU)
    assert chosen == precision and f"{capability[0]}.{capability[1]}" in reason


def test_the_slowest_of_several_gpus_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_visible_gpus", lambda: [(9, 0), (7, 0)])
    monkeypatch.setattr(runtime, "_details", lambda gpu: {"compute_capability": gpu})
    assert runtime.choose_precision("auto", GPUS)[0] == "mixed_float16"


def test_a_precision_that_is_asked_for_is_used_and_a_slow_one_is_said() -> None:
    log = Log()
    machine = runtime.apply_runtime(RuntimeSection(precision="mixed_float16"), log)
    assert machine.precision == keras.config.dtype_policy().name == "mixed_float16"
    assert any("on a CPU it is several times slower" in line for line in log.lines)


@pytest.mark.parametrize(
    ("wanted", "choice", "expected"),
    [("auto", CPU, False), ("on", CPU, True), ("off", GPU, False), ("auto", GPU, "auto"), ("auto", GPUS, False)],
)
def test_xla_is_used_on_one_gpu_or_where_asked_for(wanted: str, choice: DeviceChoice, expected: bool | str) -> None:
    assert runtime._choose_xla(wanted, choice)[0] == expected


def test_xla_over_several_devices_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"runtime\.xla.*distributed over 2 devices"):
        runtime._choose_xla("on", GPUS)


def test_a_gpu_that_is_not_there_is_refused_before_the_data_is_read(runs: TinyRuns) -> None:
    session = runs.train({"runtime.devices": "GPU:0, GPU:97"})
    assert session.ending.reason is e.Reason.CONFIG_ERROR
    assert (
        "runtime.devices: This machine has no" in session.ending.message and "It has: CPU:0" in session.ending.message
    )
    assert session.all_of(e.DataLoaded) == []


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_a_network_trains_in_mixed_precision_and_gives_float32(runs: TinyRuns, precision: str) -> None:
    session = runs.train({"runtime.precision": precision})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace
    assert any(f"[DEVICE] Precision: {precision}" in line for line in session.lines)
    model = keras.saving.load_model(session.folder.model_path / "best.keras")
    assert model.outputs[0].dtype == "float32" and model.layers[-1].compute_dtype == "float32"


def test_a_step_compiled_with_xla_trains(runs: TinyRuns) -> None:
    session = runs.train({"runtime.xla": "on", "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace
    assert "[DEVICE] XLA: on, as runtime.xla says" in session.lines
