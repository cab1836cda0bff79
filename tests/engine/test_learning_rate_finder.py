"""The learning-rate finder sweeps the rates it says, and its losses are those of a plain loop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.plain_keras import SGD, prepared
from tests.engine.tiny import TinyRuns, tiny_config, write_code
from trainer.config.yaml_editor import dump_yaml
from trainer.errors import ConfigError, UserCodeError

pytestmark = pytest.mark.keras


def find(pictures: Path, changes: dict[str, Any], **options: Any) -> Any:
    import keras

    from trainer.engine.training.learning_rate_finder import find_learning_rate

    keras.backend.clear_session(free_memory=False)
    settings = {"lowest": 1e-5, "highest": 1.0, "num_steps": 12, **options}
    return find_learning_rate(tiny_config(pictures, changes), pictures, **settings)


def test_rates_follow_the_formula_and_losses_are_those_of_a_plain_loop(runs: TinyRuns, pictures: Path) -> None:
    sweep = find(pictures, {"training.optimizer": SGD})
    assert sweep.learning_rates == pytest.approx([1e-5 * (1.0 / 1e-5) ** (step / 11) for step in range(12)], rel=1e-9)
    session = prepared(runs, {"training.optimizer": SGD})
    losses = []
    for rate, (images, labels) in zip(sweep.learning_rates, session.train_dataset(0, 0), strict=False):
        session.model.optimizer.learning_rate = rate
        losses.append(session.model.train_on_batch(images, labels, return_dict=True)["loss"])
    assert sweep.losses == pytest.approx(losses, rel=1e-5)


def test_accumulated_gradients_take_several_batches_for_every_rate(runs: TinyRuns, pictures: Path) -> None:
    """Two batches of each rate: the loss is that of both, and the weights change once."""
    changes = {"training.optimizer": SGD, "training.gradient_accumulation_steps": 2}
    sweep = find(pictures, changes, num_steps=5)
    session = prepared(runs, changes)
    losses = []
    batches = iter(session.train_dataset(0, 0))
    for rate in sweep.learning_rates:
        session.model.optimizer.learning_rate = rate
        both = [next(batches), next(batches)]
        each = [session.model.train_on_batch(images, labels, return_dict=True)["loss"] for images, labels in both]
        losses.append(np.average(each, weights=[len(labels) for _, labels in both]))
    assert len(sweep.losses) == 5
    assert sweep.losses == pytest.approx(losses, rel=1e-5)


def test_the_sweep_ends_when_the_loss_explodes_and_suggests_a_rate_before_that(pictures: Path) -> None:
    changes = {"training.optimizer": SGD, "data.normalization": "none"}
    sweep = find(pictures, changes, highest=1e4, num_steps=80, lowest=1e-6)
    assert sweep.has_exploded
    assert len(sweep.losses) < 80
    assert np.isfinite(sweep.losses).all()
    lowest = sweep.learning_rates[int(np.argmin(sweep.smoothed_losses))]
    assert sweep.suggestion == sweep.steepest_descent <= lowest
    assert sweep.tenth_of_minimum == pytest.approx(lowest / 10)


def test_suggestions_of_a_known_curve() -> None:
    from trainer.engine.training.learning_rate_finder import suggest, sweep_rates

    rates = sweep_rates(1e-4, 1.0, 9)
    losses = [2.0, 2.0, 1.9, 1.2, 0.9, 0.8, 0.7, 1.5, 9.0]
    steepest, tenth = suggest(rates, losses)
    assert steepest == pytest.approx(rates[3])
    assert tenth == pytest.approx(rates[6] / 10)
    assert suggest(rates, [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8]) == (None, None), "it only rises"


def test_nothing_is_left_behind_and_nothing_of_the_person_is_touched(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from trainer.cli import main

    changes = {
        "output.runs_dir": str(tmp_path / "runs"),
        "training.learning_rate_schedule": "WarmupCosine",
        "training.callbacks": ["TerminateOnNaN"],
    }
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(tiny_config(pictures, changes).to_dict()), encoding="utf-8")
    text = path.read_bytes()
    assert main(["find-lr", str(path), "--steps", "10", "--min", "1e-4", "--max", "0.1", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["learning_rates"]) == len(said["losses"]) == len(said["smoothed_losses"]) == 10
    assert (said["learning_rates"][0], said["learning_rates"][-1]) == pytest.approx((1e-4, 0.1))
    assert said["suggestion"] == said["steepest_descent"]
    assert path.read_bytes() == text
    assert [item.name for item in tmp_path.iterdir()] == ["config.yaml"]


def test_bad_bounds_are_refused(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from trainer.cli import main

    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(tiny_config(pictures).to_dict()), encoding="utf-8")
    assert main(["find-lr", str(path), "--min", "1", "--max", "0.1"]) == 2
    assert "--min must be below --max" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["find-lr", str(path), "--steps", "3"])
    assert ended.value.code == 2
    assert "expected a whole number of at least 10, received '3'" in capsys.readouterr().err


def test_failures_are_the_persons_with_file_and_line(pictures: Path, tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "losses.py",
        """
        def fails(y_true, y_pred):
            return y_pred.nothing
        """,
    )
    with pytest.raises(UserCodeError, match=r"losses\.py:2 in fails: AttributeError"):
        find(pictures, {"training.loss": {"name": "fails", "file": str(path)}})
    own = write_code(
        tmp_path / "optimizers.py",
        """
        import keras

        def decayed(learning_rate):
            return keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(learning_rate, 10))
        """,
    )
    with pytest.raises(ConfigError, match="has a learning rate schedule of its own"):
        find(pictures, {"training.optimizer": {"name": "decayed", "file": str(own)}})
