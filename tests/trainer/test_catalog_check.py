from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.catalog import KERAS_CATALOG_PATH, Catalog, built_in_file, catalog
from trainer.catalog.check import check_config, components_of, find_entry
from trainer.catalog.entry import ComponentKind, Entry
from trainer.catalog.functions import read_functions
from trainer.config.component import Component
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate

MINE = '''
"""Of my own."""

def focal(y_true, y_pred, gamma: float = 2.0): ...

def tversky(y_true, y_pred, alpha): ...
'''


def problems(folder: Path, changes: dict[str, Any]) -> dict[str, str]:
    values = with_overrides({"data": {"train_dir": "."}}, changes)
    return {problem.key: problem.message for problem in check_config(validate(values), folder)}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("model", {"SmallCNN", "ResNet50", "EfficientNetB0", "VGG16", "MobileNetV2", "DenseNet121", "Xception"}),
        ("loader", {"ImageDataLoader"}),
        ("optimizer", {"Adam", "AdamW", "SGD", "RMSprop"}),
        ("loss", {"CategoricalCrossentropy", "SparseCategoricalCrossentropy", "MeanSquaredError"}),
        ("metric", {"Accuracy", "AUC", "Precision", "Recall", "F1Score"}),
        ("callback", {"EarlyStopping", "ReduceLROnPlateau", "TensorBoard", "LearningRateScheduler"}),
    ],
)
def test_the_catalog_offers_what_people_know(kind: str, names: set[str]) -> None:
    assert names <= set(catalog().names(kind))
    for name in names:
        entry = catalog().find(kind, name)
        assert entry is not None
        assert entry.description, name


@pytest.mark.parametrize("name", ["ResNet50", "ResNet-50", "resnet_50", "RESNET 50", "resnet50"])
def test_names_are_found_however_they_are_written(name: str) -> None:
    entry = catalog().find("model", name)
    assert entry is not None
    assert entry.name == "ResNet50"


def test_an_exact_name_wins_over_a_similar_one() -> None:
    entries = tuple(Entry(name=name, kind="loss") for name in ("mean_squared", "MeanSquared"))
    for name in ("mean_squared", "MeanSquared"):
        entry = Catalog(entries).find("loss", name)
        assert entry is not None and entry.name == name


def test_a_name_is_found_within_its_kind_only() -> None:
    assert catalog().find("optimizer", "ResNet50") is None
    assert catalog().find("nothing", "ResNet50") is None
    assert catalog().names("nothing") == ()


def test_what_is_ours_knows_its_file() -> None:
    file = built_in_file("model", "SmallCNN")
    assert file is not None and file.name == "small_cnn.py"
    assert built_in_file("model", "ResNet50") is None
    assert built_in_file("optimizer", "Adam") is None


def test_the_default_configuration_lacks_only_a_training_folder(tmp_path: Path) -> None:
    assert problems(tmp_path, {}) == {}
    assert problems(tmp_path, {"data.train_dir": ""}) == {
        "data.train_dir": "Choose the folder or file with the training data."
    }


@pytest.mark.parametrize("key", ["data.train_dir", "data.val_dir", "data.test_dir"])
def test_a_missing_folder_is_named_in_full(tmp_path: Path, key: str) -> None:
    (tmp_path / "file").touch()
    assert problems(tmp_path, {key: "none"}) == {key: f"There is no folder {tmp_path / 'none'}."}
    assert problems(tmp_path, {key: "file"}) == {
        key: f"{tmp_path / 'file'} is a file. Choose a folder of pictures, or for a table, CSVDataLoader as loader."
    }


def test_a_folder_that_cannot_be_looked_at_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    (message,) = problems(tmp_path, {"data.train_dir": "x" * 5000}).values()
    assert "cannot be looked at" in message
    assert len(message) < 400
    assert list(problems(tmp_path, {"data.train_dir": "~nobody-of-that-name/x"})) == ["data.train_dir"]


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        (
            {"model.architecture": "ResNet51"},
            "model.architecture",
            "There is no model called 'ResNet51'. Did you mean 'ResNet50'?",
        ),
        ({"training.optimizer": "zzzz"}, "training.optimizer", "There is no optimizer called 'zzzz'."),
        (
            {"training.metrics": ["AUC", "Acuracy"]},
            "training.metrics.1",
            "There is no metric called 'Acuracy'. Did you mean 'Accuracy'?",
        ),
        (
            {"training.optimizer.arguments.wight_decay": 0.1},
            "training.optimizer.arguments.wight_decay",
            "Adam has no argument 'wight_decay'. Did you mean 'weight_decay'?",
        ),
        (
            {"model.architecture.arguments.zzzz": 1},
            "model.architecture.arguments.zzzz",
            "SmallCNN has no argument 'zzzz'. It has filters, num_blocks.",
        ),
        (
            {"model.architecture.arguments.filters": 1.5},
            "model.architecture.arguments.filters",
            "Expected a whole number, received 1.5.",
        ),
        (
            {"model.architecture.arguments.filters": True},
            "model.architecture.arguments.filters",
            "Expected a whole number, received True.",
        ),
        (
            {"training.optimizer.arguments.amsgrad": "yes"},
            "training.optimizer.arguments.amsgrad",
            "Expected true or false, received 'yes'.",
        ),
        (
            {"training.optimizer.arguments.beta_1": None},
            "training.optimizer.arguments.beta_1",
            "Expected a number, received None.",
        ),
        (
            {"model.pretrained": True},
            "model.pretrained",
            "Pretrained weights exist only for models of keras.applications. Switch this off or choose one of those.",
        ),
        (
            {"model.pretrained": True, "model.architecture": "ResNet50", "data.color_mode": "grayscale"},
            "model.pretrained",
            "Pretrained weights expect rgb pictures, received grayscale.",
        ),
        (
            {"model.architecture": "inception-v3", "data.image_size": [64, 200]},
            "data.image_size",
            "inception-v3 needs pictures of at least 75 × 75, received 64 × 200.",
        ),
        (
            {"training.loss": {"name": "focal", "file": "none.py"}},
            "training.loss",
            "none.py: The file cannot be read: No such file or directory.",
        ),
        (
            {"training.loss": {"file": "mine.py"}},
            "training.loss",
            "mine.py defines focal, tversky; give the name of the one to use as loss.",
        ),
        (
            {"training.loss": {"name": "focul", "file": "mine.py"}},
            "training.loss",
            "mine.py has no function or class 'focul'; it defines focal, tversky.",
        ),
        (
            {"training.loss": {"name": "focal", "file": "mine.py", "arguments": {"gamma": "much"}}},
            "training.loss.arguments.gamma",
            "Expected a number, received 'much'.",
        ),
        (
            {"training.loss": {"name": "tversky", "file": "mine.py"}},
            "training.loss.arguments.alpha",
            "tversky needs a value for 'alpha'.",
        ),
        (
            {"training.loss": {"file": "empty.py"}},
            "training.loss",
            "empty.py defines nothing; give the name of the one to use as loss.",
        ),
    ],
)
def test_a_problem_names_its_setting_and_the_remedy(
    tmp_path: Path, mine: Path, changes: dict[str, Any], key: str, message: str
) -> None:
    (tmp_path / "empty.py").touch()
    assert {key: text.replace(f"{tmp_path}/", "") for key, text in problems(tmp_path, changes).items()} == {
        key: message
    }


def test_a_mistake_in_a_file_is_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("\n\ndef focal(:\n")
    found = problems(tmp_path, {"training.loss": {"name": "focal", "file": "mine.py"}})
    assert found == {"training.loss": f"{tmp_path / 'mine.py'}:3: Not valid Python: invalid syntax."}


@pytest.mark.parametrize(
    "changes",
    [
        {"model.architecture": "ResNet-50", "model.pretrained": True},
        {"model.architecture": "InceptionV3", "data.image_size": [75, 75]},
        {"training.optimizer": {"name": "SGD", "arguments": {"momentum": 1, "clipnorm": None, "nesterov": True}}},
        {"training.loss": {"name": "focal", "file": "mine.py", "arguments": {"gamma": 3}}},
        {"training.loss": {"name": "MeanSquaredError", "file": ""}},
        {"training.callbacks": [{"name": "CSVLogger", "arguments": {"filename": "a.csv", "append": True}}]},
        {"training.metrics": ["accuracy", {"name": "AUC", "arguments": {"curve": "PR"}}]},
        {"data.val_dir": ".", "data.test_dir": "~"},
    ],
)
def test_what_is_right_is_accepted(tmp_path: Path, mine: Path, changes: dict[str, Any]) -> None:
    assert problems(tmp_path, changes) == {}


def test_the_only_function_of_a_file_needs_no_name(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def net(input_shape, num_classes, depth=3): ...\n")
    component = Component(file="one.py")
    entry = find_entry("model", component, tmp_path)
    assert entry is not None and entry.name == "net"
    assert problems(tmp_path, {"model.architecture": {"file": "one.py", "arguments": {"depth": 4}}}) == {}


def test_a_file_of_ones_own_has_no_smallest_size(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def InceptionV3(input_shape, num_classes): ...\n")
    own = {"name": "InceptionV3", "file": "one.py"}
    assert problems(tmp_path, {"model.architecture": own, "data.image_size": [8, 8]}) == {}
    assert list(problems(tmp_path, {"model.architecture": own, "model.pretrained": True})) == ["model.pretrained"]


def test_every_chosen_component_is_checked() -> None:
    config = validate({"training": {"loss": "A", "metrics": ["B", "C"], "callbacks": ["D"]}})
    assert [(key, kind, component.name) for key, kind, component in components_of(config)] == [
        ("data.loader", "loader", "ImageDataLoader"),
        ("model.architecture", "model", "SmallCNN"),
        ("training.optimizer", "optimizer", "Adam"),
        ("training.loss", "loss", "A"),
        ("training.metrics.0", "metric", "B"),
        ("training.metrics.1", "metric", "C"),
        ("training.callbacks.0", "callback", "D"),
    ]


@pytest.mark.parametrize(("name", "kind"), [("losses.py", "loss"), ("models.py", "model")])
def test_the_examples_of_own_functions_can_be_chosen(repository: Path, name: str, kind: ComponentKind) -> None:
    file = repository / "custom_functions" / name
    entries = read_functions(file, kind)
    assert entries
    for entry in entries:
        assert entry.description
        assert find_entry(kind, Component(name=entry.name, file=str(file)), repository) == entry


@pytest.mark.slow
@pytest.mark.keras
def test_the_committed_catalog_is_that_of_the_installed_keras(repository: Path) -> None:
    code = "import sys, trainer.engine.introspect as i; sys.stdout.buffer.write(i.catalog_text().encode())"
    result = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, timeout=200, check=False)
    assert result.returncode == 0, result.stderr.decode()
    advice = "run: python -m trainer.engine.introspect"
    assert result.stdout.decode().splitlines() == KERAS_CATALOG_PATH.read_text(encoding="utf-8").splitlines(), advice


MASKS: dict[str, Any] = {"project.task": "image_segmentation", "model.architecture": "UNet"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"training.loss": "MaskDice"}, "give the loss its argument class_weights"),
        ({"training.loss": "mask_crossentropy"}, "MaskCrossentropy gives one figure per picture"),
        ({"training.label_smoothing": 0.1}, "MaskCrossentropy with its argument class_weights"),
        ({}, ""),
        ({"training.loss": "CategoricalCrossentropy"}, ""),
    ],
)
def test_pixels_are_not_weighted_for_losses_that_give_one_figure_per_picture(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    found = problems(tmp_path, MASKS | {"data.balance.method": "class_weights"} | changes)
    assert list(found) == (["data.balance.method"] if told else [])
    assert told in found.get("data.balance.method", "")
    assert problems(tmp_path, MASKS | changes) == {}


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        ("CategoricalCrossentropy", "not counted (255) would be trained as well. Choose MaskCrossentropy"),
        ("SparseCategoricalCrossentropy", "not counted (255) would be trained as well. Choose MaskCrossentropy"),
        ("MaskDice", "MaskDice cannot smooth labels. Losses that can: MaskCrossentropy."),
        ("MaskCrossentropy", ""),
        (None, ""),
    ],
)
def test_smoothed_masks_need_a_loss_that_leaves_pixels_out(tmp_path: Path, loss: str | None, told: str) -> None:
    found = problems(tmp_path, MASKS | {"training.label_smoothing": 0.1, "training.loss": loss})
    assert list(found) == (["training.label_smoothing"] if told else [])
    assert told in found.get("training.label_smoothing", "")


def test_metrics_that_do_not_understand_masks_are_refused_and_ours_are_named(tmp_path: Path) -> None:
    fitting = ["accuracy", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "MeanDice"]
    others = ["MeanIoU", "OneHotMeanIoU", "AUC", "F1Score", "CategoricalAccuracy"]
    assert problems(tmp_path, MASKS | {"training.metrics": fitting}) == {}
    for name in others:
        found = problems(tmp_path, MASKS | {"training.metrics": ["MeanDice", name]})
        told = f"{name} does not understand masks. Choose PixelAccuracy, MeanMaskIoU, MeanDice or BoundaryF1."
        assert found["training.metrics.1"] == told
    assert problems(tmp_path, {"training.metrics": ["AUC"]}) == {}


def test_further_variations_are_checked_where_they_are_used(tmp_path: Path) -> None:
    steps = {"project.task": "image_segmentation", "data.balance.variation_steps": ["RandomFlip", "MixUp"]}
    key = "data.balance.variation_steps.1"
    assert "image classification only" in problems(tmp_path, steps | {"data.balance.method": "variations"})[key]
    assert key not in problems(tmp_path, steps)
