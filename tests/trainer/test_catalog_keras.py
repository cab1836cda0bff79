"""The generated catalog of Keras: its content, its version, and what is ours beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer.catalog import catalog as module
from trainer.catalog.catalog import (
    BUILT_IN_FOLDERS,
    KERAS_CATALOG_PATH,
    CatalogFile,
    built_in_file,
    catalog,
    committed_keras,
    user_catalog_path,
)
from trainer.catalog.check import check_config
from trainer.catalog.entry import Argument, ComponentKind, Entry
from trainer.config.validate import validate


@pytest.fixture
def fresh_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalog is read anew, with an empty cache of the user."""
    monkeypatch.setattr(module.platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    catalog.cache_clear()
    yield
    monkeypatch.undo()
    catalog.cache_clear()


def argument_of(kind: str, name: str, argument: str) -> Argument:
    entry = catalog().find(kind, name)
    assert entry is not None
    found = entry.argument(argument)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("schedule", {"CosineDecay", "ExponentialDecay", "PolynomialDecay", "PiecewiseConstantDecay"}),
        ("preprocessing", {"Resizing", "Rescaling", "CenterCrop", "Normalization", "Equalization"}),
        ("augmentation", {"RandomFlip", "RandomRotation", "RandAugment", "MixUp", "CutMix", "RandomErasing"}),
        ("optimizer", {"LossScaleOptimizer", "Muon", "Lion"}),
    ],
)
def test_further_kinds_are_offered(kind: str, names: set[str]) -> None:
    assert names <= set(catalog().names(kind))


def test_layers_for_words_and_sounds_are_not_for_pictures() -> None:
    pictures = {*catalog().names("preprocessing"), *catalog().names("augmentation")}
    assert not pictures & {"TextVectorization", "StringLookup", "MelSpectrogram", "Hashing", "CategoryEncoding"}
    assert not set(catalog().names("preprocessing")) & set(catalog().names("augmentation"))


@pytest.mark.parametrize(
    ("kind", "name", "argument", "expected"),
    [
        ("loss", "CategoricalCrossentropy", "label_smoothing", {"kind": "float", "minimum": 0, "maximum": 1}),
        ("loss", "Huber", "reduction", {"kind": "choice", "default": "sum_over_batch_size", "optional": True}),
        ("metric", "AUC", "num_thresholds", {"kind": "int", "minimum": 2, "maximum": None}),
        ("metric", "RecallAtPrecision", "precision", {"kind": "float", "required": True, "maximum": 1}),
        ("metric", "F1Score", "average", {"kind": "choice", "choices": ("micro", "macro", "weighted")}),
        ("metric", "MeanMetricWrapper", "fn", {"kind": "component", "component": "loss", "required": True}),
        ("metric", "Precision", "thresholds", {"kind": "any", "default": None}),
        ("callback", "EarlyStopping", "mode", {"kind": "choice", "choices": ("auto", "min", "max")}),
        ("callback", "ModelCheckpoint", "save_freq", {"kind": "any", "default": "epoch"}),
        ("callback", "LearningRateScheduler", "schedule", {"kind": "component", "component": "schedule"}),
        ("optimizer", "LossScaleOptimizer", "inner_optimizer", {"kind": "component", "component": "optimizer"}),
        ("optimizer", "Adam", "learning_rate", {"kind": "component", "component": "schedule", "required": False}),
        ("optimizer", "SGD", "momentum", {"kind": "float", "minimum": 0, "maximum": None}),
        ("optimizer", "Ftrl", "learning_rate_power", {"kind": "float", "minimum": None, "maximum": 0}),
        ("schedule", "ExponentialDecay", "decay_steps", {"kind": "int", "minimum": 1, "required": True}),
        ("schedule", "CosineDecay", "initial_learning_rate", {"kind": "float", "required": False}),
        ("augmentation", "RandomRotation", "factor", {"kind": "any", "required": True}),
        ("augmentation", "RandomSaturation", "factor", {"kind": "any", "required": True}),
        ("augmentation", "RandomColorJitter", "saturation_factor", {"kind": "any", "required": False}),
        ("augmentation", "RandomFlip", "mode", {"kind": "choice", "default": "horizontal_and_vertical"}),
        ("preprocessing", "Resizing", "height", {"kind": "int", "required": True}),
    ],
)
def test_arguments_are_typed_from_keras_own_documentation(
    kind: str, name: str, argument: str, expected: dict[str, object]
) -> None:
    found = argument_of(kind, name, argument)
    assert {field: getattr(found, field) for field in expected} == expected
    assert found.description


def test_nearly_every_argument_has_a_tooltip() -> None:
    kinds = ("optimizer", "schedule", "loss", "metric", "callback", "preprocessing", "augmentation")
    arguments = [argument for kind in kinds for entry in catalog().entries(kind) for argument in entry.arguments]
    without = [argument for argument in arguments if not argument.description]
    assert len(arguments) > 600
    assert len(without) <= len(arguments) // 100


def test_what_the_trainer_gives_is_not_asked_for() -> None:
    for kind in ("preprocessing", "augmentation"):
        for entry in catalog().entries(kind):
            assert not {"seed", "data_format", "dtype", "name"} & {argument.name for argument in entry.arguments}


@pytest.mark.parametrize(("kind", "name"), [("optimizer", "MultiOptimizer"), ("loss", "CTC"), ("loss", "Circle")])
def test_what_cannot_work_is_not_offered_but_explained(kind: str, name: str, tmp_path: Path) -> None:
    assert name not in catalog().names(kind)
    entry = catalog().find(kind, name)
    assert entry is not None and entry.unusable_because
    config = validate({"data": {"train_dir": "."}, "training": {kind: name}})
    messages = [problem.message for problem in check_config(config, tmp_path)]
    assert f"{name} cannot be used as {kind}. {entry.unusable_because}" in messages


def test_the_first_of_two_entries_with_a_name_counts() -> None:
    entries = (Entry(name="Mine", kind="loss", title="ours"), Entry(name="Mine", kind="loss", title="theirs"))
    found = module.Catalog(entries).find("loss", "mine")
    assert found is not None and found.title == "ours"


def another_version(version: str) -> None:
    path = user_catalog_path(version)
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = (Entry(name="Newest", kind="optimizer", group="keras.optimizer"),)
    path.write_text(CatalogFile(keras=version, entries=entries).model_dump_json(), encoding="utf-8")


def test_the_committed_catalog_says_of_which_keras_it_is() -> None:
    assert committed_keras() == json.loads(KERAS_CATALOG_PATH.read_bytes())["keras"]
    assert committed_keras() == module.installed_keras(), "run: python -m trainer.engine.introspect"


def test_the_catalog_of_the_installed_keras_is_preferred(fresh_catalog: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "installed_keras", lambda: "99.1")
    another_version("99.1")
    assert catalog().names("optimizer") == ("Newest",)
    assert "SmallCNN" in catalog().names("model"), "what is ours stays"


@pytest.mark.parametrize("content", [None, "", "[]", '{"keras": "98.0", "entries": []}'])
def test_the_committed_catalog_serves_until_there_is_a_fitting_one(
    fresh_catalog: None, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setattr(module, "installed_keras", lambda: "99.1")
    if content is not None:
        user_catalog_path("99.1").parent.mkdir(parents=True)
        user_catalog_path("99.1").write_text(content, encoding="utf-8")
    assert "Adam" in catalog().names("optimizer")


def test_a_catalog_in_the_cache_does_not_replace_the_committed_one(fresh_catalog: None) -> None:
    another_version(committed_keras())
    assert "Adam" in catalog().names("optimizer")


NEW_FILES: dict[ComponentKind, str] = {
    "model": 'def TinyNet(input_shape, width: int = 8):\n    """A tiny network."""\n',
    "loader": 'def PickleLoader(data_dir, config, reporter):\n    """Reads pickles."""\n',
    "schedule": 'def Staircase(initial_learning_rate, steps_per_epoch, height: float = 0.5):\n    """Stairs."""\n',
}


@pytest.mark.parametrize("kind", sorted(NEW_FILES))
def test_a_new_built_in_is_one_new_file(
    kind: ComponentKind, tmp_path: Path, fresh_catalog: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = catalog().names(kind)
    folder = shutil.copytree(BUILT_IN_FOLDERS[kind], tmp_path / "built_in")
    monkeypatch.setitem(BUILT_IN_FOLDERS, kind, folder)
    (folder / "new_one.py").write_text(NEW_FILES[kind], encoding="utf-8")
    catalog.cache_clear()
    (name,) = set(catalog().names(kind)) - set(before)
    entry = catalog().find(kind, name)
    assert entry is not None and entry.group == "ModelGardener"
    assert NEW_FILES[kind].startswith(f"def {name}(")
    assert len(entry.arguments) == (0 if kind == "loader" else 1)
    assert built_in_file(kind, name) == folder / "new_one.py"
