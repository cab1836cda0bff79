"""Models of a person's own: functions, `keras.Model` and `keras.layers.Layer` classes, several inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.tiny import TinyData, TinyRuns, tiny_config, write_code
from trainer.errors import UserCodeError
from trainer.runs import events as e

pytestmark = pytest.mark.keras

MODELS = """
    import pathlib

    import keras
    import numpy as np
    import tensorflow as tf

    class Whole(keras.Model):
        def __init__(self, num_classes, units=5):
            super().__init__()
            self.flatten = keras.layers.Flatten()
            self.hidden = keras.layers.Dense(units)
            self.scores = keras.layers.Dense(num_classes, activation="softmax")

        def call(self, images):
            return self.scores(self.hidden(self.flatten(images)))

    class OwnStep(Whole):
        def train_step(self, data):
            pathlib.Path(__file__).with_suffix(".own_step").touch()
            return super().train_step(data)

    class Unsaveable(keras.Model):
        def __init__(self, num_classes, start=np.ones(3)):
            super().__init__()
            self.scores = keras.layers.Dense(num_classes, activation=lambda x: keras.ops.softmax(x))

        def call(self, images):
            return self.scores(keras.layers.Flatten()(images))

        def get_config(self):
            raise NotImplementedError("no configuration")

    class Backbone(keras.layers.Layer):
        def __init__(self, filters=4, **kwargs):
            super().__init__(**kwargs)
            self.convolution = keras.layers.Conv2D(filters, 3)

        def call(self, images):
            return self.convolution(images)

    class Scores(keras.layers.Layer):
        def __init__(self, num_classes):
            super().__init__()
            self.dense = keras.layers.Dense(num_classes, activation="softmax")

        def call(self, images):
            return self.dense(keras.ops.mean(images, axis=(1, 2)))

    class Wrong(keras.Model):
        def call(self, images):
            return keras.ops.mean(images, axis=(1, 2))[:, :2]

    class NoModel:
        def __init__(self, input_shape, num_classes):
            pass

    def two_inputs(input_shape, num_classes):
        image = keras.Input(input_shape["image"], name="image")
        size = keras.Input(input_shape["size"], name="size")
        both = keras.layers.Concatenate()([keras.layers.GlobalAveragePooling2D()(image), size])
        return keras.Model([image, size], keras.layers.Dense(num_classes, activation="softmax")(both), name="two")

    def other_names(input_shape, num_classes):
        text = keras.Input((2,), name="text")
        return keras.Model({"text": text}, keras.layers.Dense(num_classes)(text))

    class TwoInputs(keras.Model):
        def __init__(self, num_classes):
            super().__init__()
            self.scores = keras.layers.Dense(num_classes, activation="softmax")

        def call(self, inputs):
            pixels = keras.ops.mean(inputs["image"], axis=(1, 2))
            return self.scores(keras.ops.concatenate([pixels, inputs["size"]], axis=-1))

    def load(data_dir, batch_size=32):
        labels = np.arange(24) % 3
        inputs = {
            "image": np.random.default_rng(0).random((24, 6, 6, 3)).astype("float32"),
            "size": np.eye(3, dtype="float32")[labels][:, :2],
        }
        return tf.data.Dataset.from_tensor_slices((inputs, labels.astype("int32"))).batch(batch_size)
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return write_code(tmp_path / "own_models.py", MODELS)


def component(path: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "file": str(path), "arguments": arguments}


def build(path: Path, name: str, **arguments: Any) -> Any:
    from trainer.engine.models.build import build_model
    from trainer.engine.training.fitting import fit_task

    config = tiny_config(Path("nowhere"), {"model.architecture": component(path, name, **arguments)})
    return build_model(config, TinyData((12, 12, 3), 3), fit_task(config), None)


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_a_model_class_gets_the_arguments_it_takes_and_scaled_pixels(models: Path) -> None:
    model = build(models, "Whole", units=7)
    assert model.output_shape == (None, 3) and "Rescaling" in kinds(model)
    assert any(tuple(weight.shape) == (12 * 12 * 3, 7) for weight in model.weights)


def test_a_layer_of_features_gets_the_classification_head(models: Path) -> None:
    model = build(models, "Backbone", filters=6)
    assert kinds(model)[-3:] == ["GlobalAveragePooling2D", "Dropout", "Dense"]
    assert model.output_shape == (None, 3)


def test_a_layer_that_gives_scores_is_the_whole_model(models: Path) -> None:
    assert kinds(build(models, "Scores"))[-1] == "Scores"


@pytest.mark.parametrize(
    ("name", "message"),
    [("Wrong", r"has shape \(2,\), expected shape \(3,\)"), ("NoModel", "class to be a keras.layers.Layer, received")],
)
def test_a_class_that_does_not_fit_is_named_with_its_line(models: Path, name: str, message: str) -> None:
    with pytest.raises(UserCodeError, match=message) as raised:
        build(models, name)
    assert (raised.value.line, raised.value.function) == (line_of(models, f"class {name}"), name)


def test_a_training_step_of_its_own_is_used(runs: TinyRuns, models: Path) -> None:
    session = runs.train({"model.architecture": component(models, "OwnStep"), "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    assert models.with_suffix(".own_step").exists()
    assert any("it gets pixels from 0 to 255" in line for line in session.lines)


def test_a_class_that_cannot_be_saved_leaves_its_weights(runs: TinyRuns, models: Path) -> None:
    session = runs.train({"model.architecture": component(models, "Unsaveable"), "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    assert {"model/final.weights.h5", "model/best.weights.h5"} <= set(session.ending.saved)
    assert all((session.folder.path / name).exists() for name in session.ending.saved)
    assert any("cannot be saved whole" in notice.message for notice in session.all_of(e.Noticed))


@pytest.mark.parametrize("name", ["two_inputs", "TwoInputs"])
def test_several_inputs_are_given_by_name(runs: TinyRuns, models: Path, name: str) -> None:
    changes = {
        "data.loader": component(models, "load"),
        "data.train_dir": "",
        "model.architecture": component(models, name),
        "training.epochs": 8,
        "training.initial_learning_rate": 0.3,
    }
    session = runs.train(changes)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    # Only the input `size` tells the class.
    assert session.all_of(e.EpochEnded)[-1].metrics["val_accuracy"] == 1.0


def test_inputs_that_the_loader_does_not_give_are_named(runs: TinyRuns, models: Path) -> None:
    changes = {"data.loader": component(models, "load"), "model.architecture": component(models, "other_names")}
    session = runs.train(changes)
    assert session.ending.reason is e.Reason.USER_CODE_ERROR, session.ending.trace
    assert "The model has the inputs text, but the loader gives image, size." in session.ending.message
    assert session.ending.line == line_of(models, "def other_names")


def test_a_built_in_model_is_refused_for_inputs_that_are_no_pictures(runs: TinyRuns, models: Path) -> None:
    session = runs.train({"data.loader": component(models, "load")})
    assert session.ending.reason is e.Reason.CONFIG_ERROR
    assert "SmallCNN takes pictures" in session.ending.message and "image, size" in session.ending.message
