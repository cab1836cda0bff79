from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.engine.tiny import Session, TinyData, run_session, write_code
from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.data.tables.table_proposal import propose_table
from trainer.engine.models.build import build_model
from trainer.engine.training.fitting import fit_task
from trainer.errors import ConfigError
from trainer.launch import create_run, prepare_continue

pytestmark = pytest.mark.keras

QUICK = {"training.epochs": 2}


def train(table: Path, folder: Path, **changes: Any) -> Session:
    """Train what is proposed for a table, with changes by dotted key."""
    proposed = propose_table(table).values
    values = with_overrides(proposed, {"output.runs_dir": str(folder / "runs"), "output.tensorboard": False, **changes})
    return run_session(create_run(Config.model_validate(values), folder), resume=False)


def figures(session: Session, name: str) -> list[float]:
    with session.folder.history_csv_path.open(encoding="utf-8") as file:
        return [float(row[name]) for row in csv.DictReader(file)]


def at_best(session: Session, name: str) -> float:
    """A figure of the epoch with the lowest validation loss, which is the one that best.keras holds."""
    return figures(session, name)[int(np.argmin(figures(session, "val_loss")))]


def test_penguins_are_told_apart(shared_data: Path, tmp_path: Path) -> None:
    session = train(shared_data / "tables" / "penguins.csv", tmp_path, **{"training.epochs": 20})
    assert session.ending.outcome == "completed", session.ending.message
    assert at_best(session, "val_accuracy") >= 0.97


def test_miles_per_gallon_are_predicted(shared_data: Path, tmp_path: Path) -> None:
    session = train(shared_data / "tables" / "mpg.csv", tmp_path, **{"training.epochs": 20})
    assert session.ending.outcome == "completed", session.ending.message
    assert at_best(session, "val_mean_absolute_error") < 2.5


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Prices of 80 houses, some hundred thousand each, that follow from their size and town."""
    random = np.random.default_rng(0)
    path = tmp_path / "price.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("size", "town", "price"))
        for number in range(80):
            size, town = random.uniform(40, 200), "ABC"[number % 3]
            price = 100_000 + 3000 * size + 90_000 * (number % 3)
            table.writerow(("" if number == 7 else f"{size:.1f}", town, f"{price:.0f}"))
    return path


def test_large_numbers_are_learned_and_the_model_takes_and_gives_plain_ones(prices: Path, tmp_path: Path) -> None:
    session = train(prices, tmp_path, **{"training.epochs": 30, "training.initial_learning_rate": 0.03})
    assert at_best(session, "val_mean_absolute_error") < 30_000
    model = keras.models.load_model(session.folder.final_model_path)
    encoding = json.loads((session.folder.path / "table.json").read_text(encoding="utf-8"))
    assert encoding["columns"][1]["categories"] == ["A", "B", "C"]
    predicted = model.predict(np.array([[100.0, 0, 1, 0]]), verbose=0)
    assert predicted.shape == (1, 1)
    assert predicted[0, 0] == pytest.approx(490_000, rel=0.15)


def test_several_numbers_are_learned_each_in_its_unit(prices: Path, tmp_path: Path) -> None:
    text = prices.read_text(encoding="utf-8").splitlines()
    rows = [f"{line},{(int(line.rsplit(',', 1)[1]) - 500_000) / 1e6:.4f}" for line in text[1:]]
    prices.write_text("\n".join([f"{text[0]},per share", *rows]), encoding="utf-8")
    changes = {
        "data.loader.arguments": {"target_column": ["price", "per share"]},
        "training.epochs": 12,
        "training.initial_learning_rate": 0.03,
    }
    session = train(prices, tmp_path, **{"project.task": "tabular_regression", **changes})
    assert session.ending.outcome == "completed", session.ending.message
    in_price, in_share = (at_best(session, f"val_mean_absolute_error_{name}") for name in ("price", "per_share"))
    assert in_price < 60_000
    assert in_share < 0.06
    assert at_best(session, "val_mean_absolute_error") == pytest.approx((in_price + in_share) / 2, rel=1e-3)
    assert at_best(session, "val_loss") < 0.3
    model = keras.models.load_model(session.folder.final_model_path)
    assert model.predict(np.array([[100.0, 0, 1, 0]]), verbose=0)[0] == pytest.approx(
        [490_000, -0.01], rel=0.2, abs=0.1
    )


def test_a_run_says_which_row_was_in_which_part_and_can_be_continued(prices: Path, tmp_path: Path) -> None:
    session = train(prices, tmp_path, **QUICK)
    with session.folder.split_path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [sum(row["split"] == part for row in rows) for part in ("train", "validation")] == [64, 16]
    assert {row["file"] for row in rows} == {f"{prices}/line {line}" for line in range(2, 82)}
    prepare_continue(session.folder, {"training.epochs": 3})
    again = run_session(session.folder, resume=True)
    assert again.ending.outcome == "completed", again.ending.message
    assert len(figures(again, "loss")) == 3


def test_own_models_get_scaled_columns(prices: Path, tmp_path: Path) -> None:
    file = write_code(
        tmp_path / "models.py",
        """
        import keras

        def own_network(input_shape, num_classes):
            inputs = keras.Input(input_shape)
            hidden = keras.layers.Dense(8, activation="relu")(inputs)
            return keras.Model(inputs, keras.layers.Dense(num_classes)(hidden), name="own")
        """,
    )
    session = train(prices, tmp_path, **QUICK, **{"model.architecture": {"file": str(file), "name": "own_network"}})
    assert session.ending.outcome == "completed", session.ending.message
    model = keras.models.load_model(session.folder.final_model_path)
    assert [layer.name for layer in model.layers][1] == "scaling"
    assert model.output_shape == (None, 1)


def built(shape: tuple[int, ...], **changes: Any) -> Any:
    values = {"project": {"task": "tabular_classification"}, "model": {"architecture": {"name": "MLP"}}}
    config = Config.model_validate(with_overrides(values, changes))
    return build_model(config, TinyData(shape, 3), fit_task(config), None)


def test_hidden_layers_are_as_asked_for() -> None:
    arguments = {"hidden_units": [16, 8, 4], "batch_normalization": True, "activation": "tanh"}
    model = built((5,), **{"model.architecture.arguments": arguments})
    network = model.get_layer("mlp")
    assert [layer.units for layer in network.layers if isinstance(layer, keras.layers.Dense)] == [16, 8, 4]
    assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in network.layers) == 3
    assert model.output_shape == (None, 3)
    scores = model.predict(np.zeros((2, 5), np.float32), verbose=0)
    assert scores.sum(axis=1) == pytest.approx([1, 1], abs=1e-5)


def test_unfit_models_and_sizes_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"hidden_units must be whole numbers from 1 on.*received \[0\]"):
        built((5,), **{"model.architecture.arguments": {"hidden_units": [0]}})
    with pytest.raises(ConfigError, match="SmallCNN takes pictures"):
        built((5,), **{"model.architecture": {"name": "SmallCNN"}})
