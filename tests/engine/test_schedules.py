"""Learning rate schedules: the built-in ones against their formulas, Keras' own and a person's own in real runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.exact_runs import stop_at_batch
from tests.engine.plain_keras import SGD, losses_of, plain_fit
from tests.engine.tiny import NUM_STEPS, TinyRuns, tiny_config, write_code
from trainer.catalog.catalog import catalog
from trainer.config.yaml_editor import dump_yaml
from trainer.errors import ConfigError, UserCodeError
from trainer.runs import events as e

pytestmark = pytest.mark.keras

RATE, STEPS, EPOCHS = 0.02, 10, 8
EXACT = {"rel": 1e-6, "abs": 1e-9}
SCHEDULE = "training.learning_rate_schedule"


def document_rate(epoch: float, warmup: float = 3.0, least: float = 1e-6) -> float:
    """Warm-up and cosine as in the training guide's WarmupCosineScheduler."""
    if epoch < warmup:
        return RATE * epoch / warmup
    progress = (epoch - warmup) / (EPOCHS - warmup)
    return least + (RATE - least) * 0.5 * (1 + math.cos(math.pi * progress))


def one_cycle(epoch: float) -> float:
    """A quarter of training up, the rest down."""
    start, rise = RATE / 10, 0.25 * EPOCHS
    low, high, progress = (start, RATE, epoch / rise) if epoch < rise else (start / 100, RATE, 0.0)
    if epoch >= rise:
        progress = 1 - (epoch - rise) / (EPOCHS - rise)
    return low + (high - low) * 0.5 * (1 - math.cos(math.pi * progress))


def warmed(epoch: float, warmup: float, after: Callable[[float], float]) -> float:
    return RATE * epoch / warmup if epoch < warmup else after(epoch - warmup)


def half_cosine(progress: float, least: float) -> float:
    return least + (RATE - least) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


FORMULAS: dict[str, tuple[dict[str, Any], Callable[[float], float]]] = {
    "WarmupCosine": ({}, document_rate),
    "WarmupCosine ": (
        {"warmup_epochs": 2.5, "min_learning_rate": 0.001},
        lambda epoch: document_rate(epoch, 2.5, 0.001),
    ),
    "WarmupCosine  ": ({"warmup_steps": 15}, lambda epoch: document_rate(epoch, 1.5)),
    "Cosine": ({"min_learning_rate": 0.002}, lambda epoch: half_cosine(epoch / EPOCHS, 0.002)),
    "Cosine ": ({"decay_steps": 35}, lambda epoch: half_cosine(epoch / 3.5, 0.0)),
    "Cosine  ": (
        {"warmup_epochs": 2, "decay_epochs": 4},
        lambda epoch: warmed(epoch, 2, lambda since: half_cosine(since / 4, 0.0)),
    ),
    "Step": ({"every_epochs": 3, "factor": 0.5}, lambda epoch: RATE * 0.5 ** math.floor(epoch / 3)),
    "Step ": (
        {"every_steps": 25, "min_learning_rate": 0.001},
        lambda epoch: max(0.001, RATE * 0.1 ** math.floor(epoch / 2.5)),
    ),
    "Exponential": ({"factor": 0.8}, lambda epoch: RATE * 0.8**epoch),
    "Exponential ": (
        {"every_steps": 20, "warmup_steps": 5},
        lambda epoch: warmed(epoch, 0.5, lambda since: RATE * 0.9 ** (since / 2)),
    ),
    "Polynomial": ({"end_learning_rate": 0.004}, lambda epoch: 0.004 + (RATE - 0.004) * (1 - epoch / EPOCHS)),
    "Polynomial ": (
        {"power": 2, "decay_epochs": 5},
        lambda epoch: RATE * (1 - min(1.0, epoch / 5)) ** 2,
    ),
    "OneCycle": ({"start_divisor": 10, "end_divisor": 100, "rise_fraction": 0.25}, one_cycle),
    "OneCycle ": ({"start_divisor": 10, "end_divisor": 100, "rise_epochs": 2}, one_cycle),
}


def changes_for(name: str, arguments: dict[str, Any] | None = None, file: Path | None = None) -> dict[str, Any]:
    component = {"name": name.strip(), "arguments": arguments or {}, "file": str(file) if file else None}
    return {SCHEDULE: component, "training.initial_learning_rate": RATE, "training.epochs": EPOCHS}


def plan(changes: dict[str, Any], pictures: Path, steps: int = STEPS) -> Any:
    from trainer.engine.training.schedule import plan_learning_rate

    return plan_learning_rate(tiny_config(pictures, changes), steps, None)


# ---------------------------------------------------------------- formulas


@pytest.mark.parametrize("name", FORMULAS)
def test_a_built_in_schedule_follows_its_formula(name: str, pictures: Path) -> None:
    arguments, formula = FORMULAS[name]
    schedule = plan(changes_for(name, arguments), pictures).learning_rate
    steps = range(EPOCHS * STEPS)
    assert [float(schedule(step)) for step in steps] == pytest.approx([formula(s / STEPS) for s in steps], **EXACT)


def test_every_built_in_schedule_is_checked_and_survives_saving(pictures: Path) -> None:
    import keras

    entries = [catalog().find("schedule", name) for name in catalog().names("schedule")]
    ours = {entry.name for entry in entries if entry is not None and entry.group == "ModelGardener"}
    assert ours == {name.strip() for name in FORMULAS}
    for name in ours:
        made = plan(changes_for(name), pictures).learning_rate
        saved = keras.optimizers.schedules.serialize(made)
        loaded = keras.optimizers.schedules.deserialize(json.loads(json.dumps(saved)))
        assert float(loaded(33)) == float(made(33))


def test_a_schedule_of_keras_starts_from_the_learning_rate_where_it_takes_one(pictures: Path) -> None:
    import keras

    decay = plan(changes_for("CosineDecay", {"decay_steps": 50, "alpha": 0.1}), pictures).learning_rate
    expected = keras.optimizers.schedules.CosineDecay(RATE, 50, alpha=0.1)
    assert [float(decay(step)) for step in range(60)] == [float(expected(step)) for step in range(60)]
    arguments = {"boundaries": [10, 20], "values": [0.3, 0.2, 0.1]}
    pieces = plan(changes_for("PiecewiseConstantDecay", arguments), pictures).learning_rate
    assert [float(pieces(step)) for step in (0, 15, 25)] == pytest.approx([0.3, 0.2, 0.1])


@pytest.mark.parametrize("name", sorted({name.strip() for name in FORMULAS}))
@pytest.mark.parametrize("length", [1, 1.25])
def test_a_training_cut_short_stays_in_the_warm_up(pictures: Path, name: str, length: float) -> None:
    arguments = {"rise_epochs" if name == "OneCycle" else "warmup_epochs": length * EPOCHS}
    schedule = plan(changes_for(name, arguments), pictures).learning_rate
    rates = [float(schedule(step)) for step in range(EPOCHS * STEPS + 1)]
    shares = [step / (EPOCHS * STEPS) / length for step in range(EPOCHS * STEPS + 1)]
    low = RATE / 25
    risen = [RATE + (low - RATE) * 0.5 * (1 + math.cos(math.pi * share)) for share in shares]
    expected = risen if name == "OneCycle" else [RATE * share for share in shares]
    assert rates == pytest.approx(expected, rel=1e-6, abs=1e-8)  # float32 at the start of half a cosine


def test_an_argument_out_of_range_is_refused(pictures: Path) -> None:
    with pytest.raises(ConfigError, match=r"every_epochs: Expected a number above 0, received 0\."):
        plan(changes_for("Step", {"every_epochs": 0}), pictures)


# ---------------------------------------------------------------- runs


def rates_of(session: Any) -> list[float]:
    return [event.learning_rate for event in session.all_of(e.EpochEnded)]


def test_a_run_trains_at_the_rates_of_its_schedule_and_shows_them(runs: TinyRuns) -> None:
    import keras

    changes = {
        "training.optimizer": SGD,
        SCHEDULE: {"name": "Exponential", "arguments": {"factor": 0.25}},
    }
    ours = runs.train(changes)
    decay = keras.optimizers.schedules.ExponentialDecay(0.01, NUM_STEPS, 0.25)
    plain, _ = plain_fit(runs, keras.optimizers.SGD(decay, momentum=0.5))
    assert losses_of(ours) == pytest.approx([row["loss"] for row in plain], rel=1e-6)
    assert rates_of(ours) == pytest.approx([0.01, 0.0025], **EXACT)


def test_accumulated_gradients_leave_the_schedule_in_its_place(runs: TinyRuns) -> None:
    """Positions count batches, whether or not each changes the weights."""
    changes = {
        "training.optimizer": SGD,
        "training.epochs": 3,
        "training.gradient_accumulation_steps": 2,
        SCHEDULE: {"name": "WarmupCosine", "arguments": {"warmup_epochs": 1, "min_learning_rate": 0.0}},
    }
    session = runs.train(changes)
    assert rates_of(session) == pytest.approx([0.0, 0.01, 0.005], abs=1e-8)


def test_a_run_continues_at_the_right_rate(runs: TinyRuns, every_batch_reported: None) -> None:
    changes = {
        "training.optimizer": SGD,
        "training.epochs": 3,
        SCHEDULE: {"name": "WarmupCosine", "arguments": {"warmup_steps": 3}},
    }
    whole = runs.train(changes)
    first = runs.train(changes, stop_at_batch(2, 2, "now"))
    second = runs.go_on(first.folder)
    assert rates_of(second) == rates_of(whole)[1:], "the rate shown is that of the epoch's start"
    assert losses_of(second) == pytest.approx(losses_of(whole)[1:], rel=1e-6)


OWN = """
    import keras

    def by_epoch(epoch, learning_rate, factor=0.5):
        return learning_rate if epoch == 0 else learning_rate * factor

    def by_step(step, learning_rate, total_steps, power=1.0):
        return learning_rate * (1 - step / total_steps) ** power

    class Halving(keras.optimizers.schedules.LearningRateSchedule):
        def __init__(self, initial_learning_rate, every=4):
            self.initial_learning_rate = initial_learning_rate
            self.every = every

        def __call__(self, step):
            return self.initial_learning_rate * 0.5 ** keras.ops.floor(keras.ops.cast(step, "float32") / self.every)

    def factory(initial_learning_rate, steps_per_epoch, rate=0.5):
        return keras.optimizers.schedules.ExponentialDecay(initial_learning_rate, steps_per_epoch, rate)

    def raises(epoch, learning_rate):
        return 1 / (2 - epoch) if epoch else learning_rate

    def negative(epoch, learning_rate):
        return -1.0

    def words(epoch, learning_rate):
        return "fast"

    def nothing(step, learning_rate):
        return None

    def broken(step, learning_rate):
        raise KeyError("rate")

    def no_schedule(initial_learning_rate):
        return initial_learning_rate
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return write_code(tmp_path / "schedules.py", OWN)


@pytest.mark.parametrize(
    ("name", "arguments", "rates"),
    [
        ("by_epoch", {"factor": 0.1}, [0.01, 0.001, 0.0001]),
        ("by_step", {"power": 2.0}, [0.01, 0.01 * (2 / 3) ** 2, 0.01 * (1 / 3) ** 2]),
        ("Halving", {}, [0.01, 0.005, 0.0025]),
        ("factory", {"rate": 0.1}, [0.01, 0.001, 0.0001]),
    ],
)
def test_a_schedule_of_ones_own_decides_the_rate(
    runs: TinyRuns, own: Path, name: str, arguments: dict[str, Any], rates: list[float]
) -> None:
    component = {"name": name, "file": str(own), "arguments": arguments}
    session = runs.train({"training.epochs": 3, SCHEDULE: component})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.message
    assert rates_of(session) == pytest.approx(rates, rel=1e-5)


@pytest.mark.parametrize("kind", ["now", "after_epoch"])
def test_a_rate_set_at_epochs_is_set_once_though_the_epoch_is_continued(
    runs: TinyRuns, own: Path, kind: str, every_batch_reported: None
) -> None:
    changes = {"training.epochs": 3, SCHEDULE: {"name": "by_epoch", "file": str(own)}}
    first = runs.train(changes, stop_at_batch(2, 2, kind))
    second = runs.go_on(first.folder)
    assert (rates_of(first) + rates_of(second)) == pytest.approx([0.01, 0.005, 0.0025], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", "in raises: ZeroDivisionError"),
        ("negative", "in negative: Expected a learning rate of at least 0 for epoch 0, received -1.0."),
        ("words", "in words: Expected a number as learning rate, received 'fast'."),
        ("nothing", "in nothing: Expected a number as learning rate, received None."),
        ("broken", "in broken: KeyError"),
        ("no_schedule", "Expected a keras.optimizers.schedules.LearningRateSchedule, received float."),
    ],
)
def test_a_schedule_that_fails_is_named_with_its_line(runs: TinyRuns, own: Path, name: str, message: str) -> None:
    session = runs.train({"training.epochs": 3, SCHEDULE: {"name": name, "file": str(own)}})
    assert session.ending.reason is e.Reason.USER_CODE_ERROR, session.ending.message
    assert message in session.ending.message
    lines = own.read_text(encoding="utf-8").splitlines()
    defined = next(number for number, line in enumerate(lines, 1) if line.startswith(f"def {name}("))
    assert session.ending.file == str(own)
    assert session.ending.line in (defined, defined + 1)


# ---------------------------------------------------------------- before training


def show(changes: dict[str, Any], pictures: Path, tmp_path: Path, *options: str) -> int:
    from trainer.cli import main

    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(tiny_config(pictures, changes).to_dict()), encoding="utf-8")
    return main(["schedule", str(path), *options])


def test_the_curve_is_known_before_training(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(changes_for("WarmupCosine"), pictures, tmp_path, "--json") == 0
    curve = json.loads(capsys.readouterr().out)
    assert (curve["steps_per_epoch"], curve["steps_per_epoch_source"]) == (NUM_STEPS, "counted")
    assert len(curve["epochs"]) == EPOCHS * NUM_STEPS
    assert curve["learning_rates"] == pytest.approx([document_rate(epoch) for epoch in curve["epochs"]], **EXACT)


def test_a_long_curve_has_500_points_from_the_first_step_to_the_last(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(changes_for("Cosine"), pictures, tmp_path, "--json", "--steps-per-epoch", "1000") == 0
    curve = json.loads(capsys.readouterr().out)
    assert len(curve["epochs"]) == len(curve["learning_rates"]) == 500
    assert (curve["epochs"][0], curve["epochs"][-1]) == (0.0, EPOCHS - 0.001)


def test_the_curve_of_ones_own_schedule_is_shown_as_a_table(
    pictures: Path, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(changes_for("by_epoch", {"factor": 0.1}, own), pictures, tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{NUM_STEPS} steps per epoch (counted)"
    assert [line.split() for line in lines[2:4]] == [["0.00", "0.02"], ["1.00", "0.002"]]


def test_ones_own_schedule_that_fails_is_named_before_training(
    pictures: Path, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(changes_for("raises", file=own), pictures, tmp_path, "--json") == 2
    said = capsys.readouterr()
    assert said.out == ""
    line = own.read_text(encoding="utf-8").splitlines().index("def raises(epoch, learning_rate):") + 2
    assert f"{own}:{line} in raises: ZeroDivisionError: division by zero" in said.err


def test_a_schedule_that_prints_does_not_spoil_the_json(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_code(
        tmp_path / "talks.py",
        """
        def talks(epoch, learning_rate):
            print("epoch", epoch)
            return learning_rate
        """,
    )
    assert show(changes_for("talks", file=path), pictures, tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["learning_rates"] == pytest.approx([RATE] * EPOCHS)


def test_plan_refuses_what_is_no_schedule(pictures: Path, own: Path) -> None:
    with pytest.raises(UserCodeError, match="received float"):
        plan(changes_for("no_schedule", file=own), pictures)
