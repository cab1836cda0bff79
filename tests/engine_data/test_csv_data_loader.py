from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine_data.conftest import Heard
from trainer.catalog.catalog import catalog
from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.data.tables.table_index import index_table
from trainer.data.tables.table_options import TableOptions
from trainer.engine.components import build
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split import Split
from trainer.engine.data.targets import NumberTargets

pytestmark = pytest.mark.keras

Load = Callable[..., PreparedData]


@pytest.fixture
def load(tmp_path: Path, heard: Heard) -> Load:
    """Write a table and load it, with arguments of the loader and other settings by dotted key."""

    def make(
        text: str, arguments: dict[str, Any], task: str = "tabular_classification", **settings: Any
    ) -> PreparedData:
        (tmp_path / "table.csv").write_text(text)
        values = {
            "project": {"task": task},
            "data": {"train_dir": "table.csv", "loader": {"name": "CSVDataLoader", "arguments": arguments}},
        }
        config = Config.model_validate(with_overrides(values, settings))
        prepared = build("loader", config.data.loader, data_dir=tmp_path, config=config, reporter=heard)
        assert isinstance(prepared, PreparedData)
        if not config.data.val_dir:
            index = index_table(config, tmp_path, "train")
            assert list(index.names) == sorted(_names(prepared), key=lambda name: int(name.split()[1]))
        return prepared

    return make


def _names(prepared: PreparedData) -> list[str]:
    return [name for part in prepared.splits.values() if isinstance(part, Split) for name in part.names]


def rows_of(part: Any) -> np.ndarray:
    assert isinstance(part, Split)
    return part.images(range(part.num_samples))


def test_options_and_arguments_of_the_loader_are_the_same() -> None:
    entry = catalog().find("loader", "CSVDataLoader")
    assert entry is not None
    assert {argument.name for argument in entry.arguments} == {field.name for field in dataclasses.fields(TableOptions)}
    assert TableOptions.of(**{argument.name: argument.default for argument in entry.arguments}) == TableOptions()
    assert all(argument.description for argument in entry.arguments)


def test_rows_of_a_table_become_inputs_and_classes(load: Load, heard: Heard) -> None:
    text = "size,color,name,kind\n" + "".join(f"{i},{'red' if i % 3 else ''},n{i},{'ab'[i % 2]}\n" for i in range(40))
    prepared = load(text.replace("\n12,", "\n,"), {"target_column": "kind", "numeric_columns": ["size"]})
    assert prepared.input_shape == (3,)
    assert (prepared.class_names, prepared.num_classes, prepared.target_kind) == (("a", "b"), 2, "classes")
    train, validation = prepared.train, prepared.validation
    assert isinstance(train, Split)
    assert isinstance(validation, Split)
    assert (train.num_samples, validation.num_samples) == (32, 8)
    table = {name: row for part in (train, validation) for name, row in zip(part.names, rows_of(part), strict=True)}
    assert table["line 3"].tolist() == [1.0, 1.0, 0.0]
    assert table["line 2"].tolist() == [0.0, 0.0, 1.0]
    batch, labels = next(iter(train.dataset(
        batch_size=4, shuffle=False, seed=1, augmentation=None, one_hot=False, repeat=False
    )))  # fmt: skip
    assert batch.dtype == "float32"
    assert labels.numpy().tolist() == [("ab").index("ab"[(int(name.split()[1]) - 2) % 2]) for name in train.names[:4]]
    told = " ".join(heard.lines)
    assert "Found 40 training rows in" in told
    assert "The column name is left out: it has 40 different texts in 40 rows" in told
    assert "Missing values are filled in: size (1), color (14)" in told
    assert "kind is predicted from 2 columns, which become 3 inputs" in told


@pytest.mark.parametrize(
    "settings", [{}, {"data.split.test_fraction": 0.2}, {"data.split.num_folds": 4, "data.split.fold": 2}]
)
def test_scaling_is_learned_from_the_rows_that_are_trained_on(load: Load, settings: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    text = "size,kind\n" + "".join(f"{random.normal(50, 9):.4f},{'ab'[i % 2]}\n" for i in range(60))
    prepared = load(text, {"target_column": "kind"}, **settings)
    (scaling,) = prepared.layers
    scaled = np.asarray(scaling(rows_of(prepared.train)))
    assert scaled.mean() == pytest.approx(0, abs=1e-4)
    assert scaled.std() == pytest.approx(1, abs=1e-4)
    assert np.asarray(scaling(rows_of(prepared.validation))).mean() != pytest.approx(0, abs=1e-3)
    learned = json.loads(prepared.files["table.json"])["columns"][0]
    assert learned["center"] == pytest.approx(rows_of(prepared.train).mean(), rel=1e-5)


def test_a_number_to_predict_keeps_its_unit(load: Load) -> None:
    text = "size,price\n" + "".join(f"{i / 7:.3f},{200_000 + 1000 * i}\n" for i in range(40))
    prepared = load(text, {"target_column": "price"}, "tabular_regression")
    assert (prepared.num_classes, prepared.target_kind, prepared.class_names) == (1, "numbers", ())
    assert isinstance(prepared.train, Split)
    assert isinstance(prepared.train.targets, NumberTargets)
    prices = prepared.train.targets.values
    assert prices.min() >= 200_000
    (in_unit,) = prepared.output_layers
    assert np.asarray(in_unit(np.array([[0.0], [1.0]]))).ravel() == pytest.approx(
        [prices.mean(), prices.mean() + prices.std()], rel=1e-5
    )
    plain = load(text, {"target_column": "price", "scale_target": False, "normalization": "none"}, "tabular_regression")
    assert (plain.layers, plain.output_layers) == ((), ())


def test_several_numbers_keep_their_units(load: Load, heard: Heard) -> None:
    text = "size,mass,share\n" + "".join(f"{i * 37 % 101},{50_000 + 1000 * i},{i / 100}\n" for i in range(40))
    prepared = load(text, {"target_column": ["mass", "share"]}, "tabular_regression")
    assert (prepared.num_classes, prepared.target_kind, prepared.class_names) == (2, "numbers", ())
    assert [target.name for target in prepared.number_targets] == ["mass", "share"]
    assert isinstance(prepared.train, Split)
    assert isinstance(prepared.train.targets, NumberTargets)
    values = prepared.train.targets.values
    (in_unit,) = prepared.output_layers
    found = np.asarray(in_unit(np.array([[0.0, 0.0], [1.0, 1.0]])))
    assert found == pytest.approx(np.stack([values.mean(axis=0), values.mean(axis=0) + values.std(axis=0)]), rel=1e-4)
    assert json.loads(prepared.files["table.json"])["targets"] == ["mass", "share"]
    assert any("mass and share are predicted from 1 columns" in line for line in heard.lines)
    plain = load(text, {"target_column": ["mass", "share"], "scale_target": False}, "tabular_regression")
    assert plain.output_layers == ()
    assert [target.scale for target in plain.number_targets] == [1, 1]


def test_several_columns_of_0_and_1_are_label_sets(load: Load) -> None:
    text = "size,cat,dog\n" + "".join(f"{i * 37 % 101},{i % 2},{'yn'[i % 3 > 0]}\n" for i in range(40))
    prepared = load(text, {"target_column": ["cat", "dog"]})
    assert (prepared.num_classes, prepared.target_kind, prepared.class_names) == (2, "label_sets", ("cat", "dog"))
    assert prepared.number_targets == ()
    assert isinstance(prepared.train, Split)
    _, labels = next(iter(prepared.train.dataset(
        batch_size=4, shuffle=False, seed=1, augmentation=None, one_hot=True, repeat=False
    )))  # fmt: skip
    numbers = [int(name.split()[1]) - 2 for name in prepared.train.names[:4]]
    assert labels.numpy().tolist() == [[i % 2, int(i % 3 == 0)] for i in numbers]


def test_dates_become_inputs_of_training_and_validation_alike(load: Load, tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("day,size,kind\n11/05/2024,1,a\n,2,b\n")
    text = "day,size,kind\n" + "".join(f"{i}/05/2024,{i % 5},{'ab'[i % 2]}\n" for i in range(1, 32))
    prepared = load(text, {"target_column": "kind"}, **{"data.val_dir": "val.csv"})
    assert prepared.input_shape == (6,)
    rows = rows_of(prepared.validation)
    assert rows[:, 0].tolist() == [10, 15]
    assert rows[0, 3:5] == pytest.approx([np.sin(2 * np.pi * 5 / 7), np.cos(2 * np.pi * 5 / 7)], abs=1e-6)


def test_own_validation_rows_are_changed_as_the_training_rows(load: Load, tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("color,size,kind\ngreen,,a\nred,5,b\n")
    text = "size,color,kind\n" + "1,red,a\n3,blue,b\n" * 10
    prepared = load(text, {"target_column": "kind"}, **{"data.val_dir": "val.csv"})
    assert rows_of(prepared.validation).tolist() == [[2.0, 0.0, 0.0], [5.0, 0.0, 1.0]]


def test_rows_of_a_group_stay_together(load: Load) -> None:
    text = "patient,size,kind\n" + "".join(f"p{i // 4},{i * 37 % 101},{'ab'[i % 2]}\n" for i in range(40))
    split = {"data.split.method": "group", "data.split.group_by": "patient"}
    prepared = load(text, {"target_column": "kind"}, **split)
    patients = [
        {(int(name.split()[1]) - 2) // 4 for name in part.names}
        for part in prepared.splits.values()
        if isinstance(part, Split)
    ]
    assert len(patients) == 2
    assert not patients[0] & patients[1]
    assert prepared.input_shape == (1,)


def test_problems_reach_the_log_and_the_prepared_data(load: Load, heard: Heard, tmp_path: Path) -> None:
    text = "size,kind\n" + "".join(f"{i * 37 % 101},{'ab'[i % 2]}\n" for i in range(40)) + "1,2,3\nbig,a\n5,\n"
    prepared = load(text, {"target_column": "kind"})
    path = tmp_path / "table.csv"
    assert [(problem.kind, problem.place) for problem in prepared.problems] == [
        ("row", "line 42"),
        ("missing_value", "line 43"),
        ("missing_value", "line 44"),
    ]
    assert f"[DATA] {path}, line 42: The row has 3 fields, expected 2; it is left out." in heard.lines
