"""Several devices: the same figures as one, plain Keras' own, stop and continue; what cannot work is refused before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the runs of `replica_runs` told, by name."""
    folder = tmp_path_factory.mktemp("replicas")
    program = subprocess.run(
        [sys.executable, "-m", "tests.engine.replica_runs", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert program.returncode == 0, program.stderr[-4000:]
    found: dict[str, Any] = json.loads((folder / "figures.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_fit_over_several_devices_has_the_figures_of_plain_keras_with_an_uneven_last_batch(
    told: dict[str, Any], count: int
) -> None:
    """A last batch of 2 for 4 devices leaves two of them without a picture."""
    run, plain = told[f"fit on {count}"], told["plain"]
    assert run["reason"] == "all_epochs_done", run["trace"]
    assert list(run["epochs"]) == ["1", "2"]
    for epoch, figures in plain["epochs"].items():
        assert run["epochs"][epoch] == pytest.approx(figures, abs=1e-6)
    (evaluated,), (expected,) = run["test"], plain["test"]
    assert evaluated == pytest.approx(expected, abs=1e-6)


@pytest.mark.slow
def test_clipping_averaged_weights_and_several_steps_per_call_have_the_figures_of_one_device(
    told: dict[str, Any],
) -> None:
    one, two = told["options on 1"], told["options on 2"]
    assert one["reason"] == two["reason"] == "all_epochs_done", one["trace"] + two["trace"]
    for epoch, figures in one["epochs"].items():
        assert two["epochs"][epoch] == pytest.approx(figures, abs=TOLERANCE)
    assert two["test"] == [pytest.approx(figures, abs=TOLERANCE) for figures in one["test"]]


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4])
def test_a_gradient_tape_loop_over_several_devices_has_the_losses_of_one(told: dict[str, Any], count: int) -> None:
    one, several = told["loop on 1"], told[f"loop on {count}"]
    assert several["reason"] == one["reason"] == "all_epochs_done", several["trace"]
    assert len(one["printed_losses"]) == 2
    for epoch, figures in one["epochs"].items():
        assert several["epochs"][epoch] == pytest.approx(figures, abs=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fit", "loop"])
def test_a_distributed_run_stops_at_a_batch_and_continues(told: dict[str, Any], kind: str) -> None:
    stopped, going_on, whole = told[f"stopped {kind}"], told[f"continued {kind}"], told[f"{kind} on 2"]
    assert stopped["reason"] == "stopped_now" and "epoch 2" in stopped["message"]
    assert going_on["reason"] == "all_epochs_done", going_on["trace"]
    for name, value in whole["epochs"]["2"].items():
        # A loop that keeps its own sums reports nothing of an epoch that it did not see.
        if name.startswith("val_") or kind == "fit":
            assert going_on["epochs"]["2"][name] == pytest.approx(value, abs=TOLERANCE)


@pytest.mark.slow
def test_a_network_with_batch_normalization_trains_on_two_devices(told: dict[str, Any]) -> None:
    run = told["batch normalization"]
    assert run["reason"] == "all_epochs_done", run["trace"]
    assert all(value == value for figures in run["epochs"].values() for value in figures.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["masks", "boxes"])
def test_shares_with_few_counted_pixels_or_objects_decide_little_of_the_loss(told: dict[str, Any], name: str) -> None:
    """The loss is the mean of pixels or objects, of which two devices have very different numbers."""
    assert told[f"{name} on 2"] == pytest.approx(told[f"{name} on 1"], rel=1e-5)


@pytest.mark.slow
def test_the_log_says_which_devices_and_why(told: dict[str, Any]) -> None:
    lines = "\n".join(told["fit on 2"]["lines"])
    assert "[DEVICE] Training on CPU:0, CPU:1, as runtime.devices says" in lines
    assert "[DEVICE] Distribution: mirrored: a copy of the network on each of CPU:0, CPU:1" in lines
    assert told["fit on 2"]["device"].endswith("in 2 parts")
    assert "mirrored over one device" in "\n".join(told["fit on 1"]["lines"])
    assert "Distribution: none, as there is one device" in "\n".join(told["plain"]["lines"])
