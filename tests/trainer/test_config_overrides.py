from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from trainer.config.config import Config
from trainer.config.overrides import parse_overrides, with_overrides
from trainer.config.paths import resolve, with_absolute_paths
from trainer.config.suggest import did_you_mean, nearest
from trainer.config.validate import validate
from trainer.errors import ConfigError


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("training.epochs=5", 5),
        (" training.epochs = 5 ", 5),
        ("training.initial_learning_rate=1e-3", 0.001),
        ("training.stop_on_nan=false", False),
        ("data.image_size=[64, 48]", [64, 48]),
        ("training.metrics=[Accuracy, AUC]", ["Accuracy", "AUC"]),
        ("training.loss=null", None),
        ("training.optimizer={name: SGD, arguments: {momentum: 0.9}}", {"name": "SGD", "arguments": {"momentum": 0.9}}),
        ("training.optimizer.arguments.momentum=0.9", 0.9),
        ("training.metrics.0.name=AUC", "AUC"),
        ("project.name=5", "5"),
        ("project.name='on'", "on"),
        ("data.train_dir=/a: b #1/{x}", "/a: b #1/{x}"),
        ("data.train_dir=C:\\new", "C:\\new"),
        ("data.train_dir=", ""),
        ("data.val_dir=", None),
        ("data.val_dir=null", None),
        ("project.name=a=b", "a=b"),
    ],
)
def test_a_setting_on_the_command_line_has_the_type_of_its_key(assignment: str, value: object) -> None:
    (read,) = parse_overrides([assignment]).values()
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("training.epochs", "Expected KEY=VALUE, such as training.epochs=5, received 'training.epochs'."),
        ("=5", "Expected KEY=VALUE"),
        ("training.epoch=5", "training.epoch: There is no such setting. Did you mean 'epochs'?"),
        ("trainin.epochs=5", "trainin.epochs: There is no such setting. Did you mean 'training'?"),
        ("training.epochs.x=5", "training.epochs.x: There is no such setting."),
        ("training.epochs=[", "training.epochs: Not valid YAML"),
    ],
)
def test_a_setting_that_is_wrong_is_explained(assignment: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_overrides([assignment])
    (line,) = refused.value.lines()
    assert line.startswith(message)


def test_settings_leave_the_values_they_are_put_over_alone() -> None:
    values = {"training": {"optimizer": "SGD", "metrics": [{"name": "A"}, "B"]}}
    before = copy.deepcopy(values)
    changed = with_overrides(values, {"training.metrics.0.arguments.k": 1, "training.epochs": 3, "project.name": "x"})
    assert values == before
    assert changed == {
        "training": {"optimizer": "SGD", "metrics": [{"name": "A", "arguments": {"k": 1}}, "B"], "epochs": 3},
        "project": {"name": "x"},
    }


@pytest.mark.parametrize(
    ("values", "key", "name"),
    [
        ({}, "training.optimizer.arguments.weight_decay", "Adam"),
        ({"training": {"optimizer": "SGD"}}, "training.optimizer.arguments.weight_decay", "SGD"),
        ({"training": {"optimizer": {"name": "SGD"}}}, "training.optimizer.arguments.weight_decay", "SGD"),
    ],
)
def test_an_argument_is_for_the_component_that_is_chosen(values: dict[str, Any], key: str, name: str) -> None:
    optimizer = validate(with_overrides(values, {key: 0.1})).training.optimizer
    assert (optimizer.name, optimizer.arguments) == (name, {"weight_decay": 0.1})


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("USERPROFILE", "/home/someone")
    assert resolve("pictures", tmp_path) == tmp_path / "pictures"
    assert resolve("/pictures", tmp_path) == Path("/pictures").absolute()
    assert resolve("~/pictures", tmp_path) == Path("/home/someone/pictures")
    assert resolve("~nobody-of-that-name/x", tmp_path) == tmp_path / "~nobody-of-that-name" / "x"


def test_all_paths_of_a_configuration_become_absolute_and_nothing_else_changes(tmp_path: Path) -> None:
    values = {
        "data": {"train_dir": "train", "val_dir": "/val", "loader": {"name": "f", "file": "loaders.py"}},
        "training": {"metrics": [{"name": "m", "file": "m.py", "arguments": {"p": "m.py"}}, "AUC"], "loss": "Focal"},
    }
    config = validate(values)
    absolute = with_absolute_paths(config, tmp_path)
    expected = copy.deepcopy(config.to_dict())
    expected["data"] |= {"train_dir": str(tmp_path / "train"), "val_dir": str(Path("/val").absolute())}
    expected["data"]["loader"]["file"] = str(tmp_path / "loaders.py")
    expected["training"]["metrics"][0]["file"] = str(tmp_path / "m.py")
    expected["output"]["runs_dir"] = str(tmp_path / "runs")
    assert absolute.to_dict() == expected
    assert with_absolute_paths(absolute, Path("/elsewhere")) == absolute


def test_a_training_folder_that_is_not_chosen_stays_empty(tmp_path: Path) -> None:
    assert with_absolute_paths(Config(), tmp_path).data.train_dir == ""


def test_the_nearest_name_ignores_case_dashes_and_underscores() -> None:
    assert nearest("res-net_50", ["VGG16", "ResNet50"]) == "ResNet50"
    assert nearest("zebra", ["VGG16", "ResNet50"]) is None
    assert did_you_mean("vgg_16", ["VGG16"]) == " Did you mean 'VGG16'?"
    assert did_you_mean("zebra", []) == ""
