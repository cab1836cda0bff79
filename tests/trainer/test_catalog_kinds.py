"""Which functions and classes of a file fit which kind."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.catalog import catalog
from trainer.catalog.check import check_config
from trainer.catalog.entry import ComponentKind
from trainer.catalog.functions import read_functions
from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate

FILE_KINDS = tuple(kind for kind in typing.get_args(ComponentKind) if kind != "output")


def fitting_kinds(path: Path, source: str) -> set[str]:
    """Kinds that the last definition of a file fits."""
    path.write_text(source, encoding="utf-8")
    return {kind for kind in FILE_KINDS if not read_functions(path, kind)[-1].unusable_because}


@pytest.mark.parametrize(
    ("definition", "kinds"),
    [
        ("def f(data_dir, batch_size=32, **kwargs)", {"loader"}),
        ("def f(data_dir)", {"loader"}),
        ("def f(image, size=3)", {"preprocessing", "augmentation"}),
        ("def f(images, labels, *, seed)", {"preprocessing", "augmentation"}),
        ("def f(input_shape, num_classes, **kwargs)", {"model"}),
        ("def f(num_classes, width, input_shape=(1, 1, 3))", {"model"}),
        ("def f(input_shape, **kwargs)", {"model"}),
        ("def f(y_true, y_pred)", {"loss", "metric"}),
        ("def f(y_true, y_pred, gamma=2.0)", {"loss", "metric"}),
        ("def f(learning_rate, momentum=0.9)", {"optimizer"}),
        ("def f(epoch, learning_rate)", {"schedule", "optimizer"}),
        ("def f(step, learning_rate, every=10)", {"schedule", "optimizer"}),
        ("def f(initial_learning_rate, steps=3)", {"schedule"}),
        ("def f(model, train_dataset, val_dataset, epochs, callbacks, **kwargs)", {"training_loop"}),
        ("def f(model, train_dataset, val_dataset, epochs, callbacks)", {"training_loop"}),
        ("def f(model, train_dataset, **kwargs)", {"training_loop"}),
        ("def f(model, train_dataset)", set()),
        ("def f(input_shape)", set()),
        ("def f(y_pred, y_true)", set()),
        ("def f(a, b)", set()),
        ("def f(**kwargs)", set()),
        ("def f()", set()),
    ],
)
def test_a_function_fits_the_kinds_that_its_arguments_allow(tmp_path: Path, definition: str, kinds: set[str]) -> None:
    assert fitting_kinds(tmp_path / "f.py", f"{definition}: ...\n") == kinds


LAYER = {"model", "preprocessing", "augmentation"}


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("class C(keras.losses.Loss): ...", {"loss"}),
        ("class C(tf.keras.metrics.Metric): ...", {"metric"}),
        ("from keras.callbacks import Callback\nclass C(Callback): ...", {"callback"}),
        ("from keras.callbacks import Callback as Base\nclass C(Base): ...", {"callback"}),
        ("from keras import losses as what\nclass C(what.MeanSquaredError): ...", {"loss"}),
        ("import keras.metrics as km\nclass C(km.MeanSquaredError): ...", {"metric"}),
        ("class C(keras.optimizers.Adam): ...", {"optimizer"}),
        ("class C(keras.optimizers.schedules.CosineDecay): ...", {"schedule"}),
        ("class C(keras.Model): ...", {"model"}),
        ("class C(keras.layers.Layer): ...", LAYER),
        ("class C(keras.layers.Dense): ...", LAYER),
        ("class A(keras.losses.Loss): ...\nclass B(A): ...\nclass C(B): ...", {"loss"}),
        ("class C(Mixin, keras.losses.Loss): ...", {"loss"}),
        ("from elsewhere import Base\nclass C(Base): ...", set(FILE_KINDS)),
        ("class C(make_base()): ...", set(FILE_KINDS)),
        ("class C(C): ...", set(FILE_KINDS)),
        ("class C(Exception): ...", set()),
        ("class C: ...", set()),
        ("class C:\n    def __call__(self, y_true, y_pred): ...", {"loss", "metric"}),
        ("class C:\n    def __call__(self, image): ...", {"preprocessing", "augmentation"}),
        ("class C:\n    def __init__(self, data_dir, batch_size): ...", {"loader"}),
        ("class C:\n    def __init__(self, y_true, y_pred): ...", set()),
    ],
)
def test_a_class_fits_by_its_bases_or_its_methods(tmp_path: Path, source: str, kinds: set[str]) -> None:
    assert fitting_kinds(tmp_path / "c.py", source) == kinds


@pytest.mark.parametrize(
    ("key", "found", "expected"),
    [
        ("training.loss", "It takes (a, b)", "a loss is function(y_true, y_pred, ...) or a keras.losses.Loss"),
        ("model.architecture", "It takes (a, b)", "a model is function(input_shape, num_classes, **kwargs)"),
        ("training.training_loop", "It takes (a, b)", "function(model, train_dataset, val_dataset, epochs, callbacks,"),
        ("training.callbacks", "It takes (a, b)", "a callback is a class that derives from keras.callbacks.Callback."),
    ],
)
def test_a_function_of_the_wrong_kind_is_told_with_its_line(
    tmp_path: Path, key: str, found: str, expected: str
) -> None:
    (tmp_path / "mine.py").write_text("import keras\n\n\ndef wrong(a, b): ...\n", encoding="utf-8")
    chosen: Any = {"name": "wrong", "file": "mine.py"}
    value = [chosen] if key.endswith("callbacks") else chosen
    config = validate(with_overrides({"data": {"train_dir": "."}}, {key: value}))
    (problem,) = check_config(config, tmp_path)
    assert problem.key in (key, f"{key}.0")
    assert problem.message.startswith("mine.py:4: wrong cannot be used as ")
    assert found in problem.message and expected in problem.message


def test_a_class_of_the_wrong_kind_names_its_base(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("class Dice(keras.metrics.Metric): ...\nclass Bare: ...\n", encoding="utf-8")
    dice, bare = read_functions(path, "loss")
    assert dice.unusable_because.startswith("It derives from keras.metrics.Metric; a loss is ")
    assert bare.unusable_because.startswith("It is a class without a base; a loss is ")


def test_the_only_function_that_fits_needs_no_name(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def helper(a): ...\ndef own(y_true, y_pred): ...\n", encoding="utf-8")
    config = validate({"data": {"train_dir": "."}, "training": {"loss": {"file": "mine.py"}}})
    assert check_config(config, tmp_path) == ()


def test_our_models_come_in_sizes_for_three_kinds_of_machine() -> None:
    with_sizes = [entry for entry in catalog().entries("model") if entry.presets]
    assert {entry.name for entry in with_sizes} == {"DFine", "LightDetector", "MLP", "RetinaNet", "SmallCNN", "UNet"}
    assert {entry.tasks for entry in with_sizes if entry.name == "DFine"} == {("object_detection",)}
    for entry in with_sizes:
        assert list(entry.presets) == ["low", "medium", "high"]
        for arguments in entry.presets.values():
            config = Config.model_validate(
                {
                    "project": {"task": entry.tasks[0] if entry.tasks else "image_classification"},
                    "model": {"architecture": {"name": entry.name, "arguments": arguments}},
                    "data": {"image_size": [256, 256]},
                }
            )
            problems = [problem for problem in check_config(config, Path()) if problem.key.startswith("model")]
            assert not problems
