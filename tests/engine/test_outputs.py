"""Several outputs with a loss, a weight and metrics each; label smoothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny import TinyRuns, tiny_config, write_code
from trainer.catalog.check import check_config
from trainer.catalog.label_smoothing import label_smoothing_problem
from trainer.runs import events as e

pytestmark = pytest.mark.keras

OWN = """
    import keras
    import numpy as np
    import tensorflow as tf

    def data():
        random = np.random.default_rng(3)
        pixels = random.integers(0, 255, (20, 6, 6, 3)).astype("float32")
        return pixels, {
            "kind": (np.arange(20) % 4).astype("int32"),
            "bright": pixels.mean(axis=(1, 2, 3))[:, None] / 255,
        }

    def load(data_dir, batch_size=32):
        return tf.data.Dataset.from_tensor_slices(data()).batch(batch_size)

    def network(inputs):
        features = keras.layers.Flatten()(inputs)
        initializer = keras.initializers.Constant(0.001)
        kind = keras.layers.Dense(4, activation="softmax", kernel_initializer=initializer, name="kind")(features)
        bright = keras.layers.Dense(1, kernel_initializer=initializer, name="bright")(features)
        return kind, bright

    def as_dictionary(input_shape, num_classes):
        inputs = keras.Input(input_shape)
        kind, bright = network(inputs)
        return keras.Model(inputs, {"kind": kind, "bright": bright})

    def as_list(input_shape, num_classes):
        assert num_classes == {"kind": 1, "bright": 1}
        inputs = keras.Input(input_shape)
        return keras.Model(inputs, list(network(inputs)))

    def squared(y_true, y_pred, factor=1.0):
        return factor * keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return write_code(tmp_path / "own.py", OWN)


def component(path: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "file": str(path), "arguments": arguments}


def two_outputs(path: Path, model: str) -> dict[str, Any]:
    return {
        "data.loader": component(path, "load"),
        "data.train_dir": "",
        "data.validation_fraction": 0.0,
        "data.batch_size": 5,
        "model.architecture": component(path, model),
        "training.outputs": [
            {"name": "kind", "arguments": {"metrics": ["accuracy"]}},
            {
                "name": "bright",
                "arguments": {
                    "loss": component(path, "squared", factor=2.0),
                    "weight": 0.5,
                    "metrics": ["MeanAbsoluteError"],
                },
            },
        ],
    }


def plain_keras(path: Path) -> dict[str, list[float]]:
    """Two epochs with the same dictionaries, compiled by Keras alone."""
    import keras
    import tensorflow as tf

    from trainer.engine.components import import_user_file

    module = import_user_file(path, None)
    inputs = keras.Input((6, 6, 3))
    kind, bright = module.network(keras.layers.Rescaling(1 / 255)(inputs))
    model = keras.Model(inputs, {"kind": kind, "bright": bright})
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss={
            "kind": "sparse_categorical_crossentropy",
            "bright": lambda y_true, y_pred: module.squared(y_true, y_pred, 2.0),
        },
        loss_weights={"kind": 1.0, "bright": 0.5},
        metrics={"kind": ["accuracy"], "bright": [keras.metrics.MeanAbsoluteError()]},
    )
    batches = tf.data.Dataset.from_tensor_slices(module.data()).batch(5)
    history: dict[str, list[float]] = model.fit(batches, epochs=2, verbose=0).history
    return history


@pytest.mark.parametrize("model", ["as_dictionary", "as_list"])
def test_two_outputs_give_the_figures_of_keras_own_compile(runs: TinyRuns, own: Path, model: str) -> None:
    session = runs.train(two_outputs(own, model))
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    expected = plain_keras(own)
    epochs = session.all_of(e.EpochEnded)
    assert len(epochs) == 2
    for number, epoch in enumerate(epochs):
        assert set(epoch.metrics) == set(expected)
        for name, value in epoch.metrics.items():
            assert value == pytest.approx(expected[name][number], rel=1e-6, abs=1e-6), name


def test_two_outputs_stopped_inside_an_epoch_go_on(runs: TinyRuns, own: Path, every_batch_reported: None) -> None:
    def stop(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (1, 2):
            control.request_stop("now")

    changes = two_outputs(own, "as_dictionary")
    first = runs.train(changes, stop)
    second = runs.go_on(first.folder)
    assert second.ending.reason is e.Reason.ALL_EPOCHS_DONE, second.ending.trace
    last = second.all_of(e.EpochEnded)[-1].metrics
    assert last == pytest.approx(plain_last(own), rel=1e-5, abs=1e-5)


def plain_last(path: Path) -> dict[str, float]:
    return {name: values[-1] for name, values in plain_keras(path).items()}


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([{"name": "colour", "arguments": {"loss": "MeanSquaredError"}}], "no output 'colour'. It has kind, bright."),
        ([{"name": "kind"}, {"name": "kind"}], "The output 'kind' is given twice"),
    ],
)
def test_outputs_that_do_not_fit_the_model_are_refused(
    runs: TinyRuns, own: Path, outputs: list[dict[str, Any]], message: str
) -> None:
    session = runs.train(two_outputs(own, "as_dictionary") | {"training.outputs": outputs})
    assert session.ending.reason is e.Reason.CONFIG_ERROR, session.ending.trace or session.ending.message
    assert message in session.ending.message


def test_several_labels_without_outputs_are_refused(runs: TinyRuns, own: Path) -> None:
    session = runs.train(two_outputs(own, "as_dictionary") | {"training.outputs": []})
    assert session.ending.reason is e.Reason.USER_CODE_ERROR
    assert "need training.outputs" in session.ending.message


# ---------------------------------------------------------------- label smoothing


@pytest.mark.parametrize("loss", [None, "SparseCategoricalCrossentropy", "CategoricalCrossentropy"])
def test_label_smoothing_gives_keras_own_figure(loss: str | None) -> None:
    import keras

    from trainer.engine.training.fitting import build_loss, fit_task

    config = tiny_config(Path("nowhere"), {"training.label_smoothing": 0.1, "training.loss": loss})
    assert fit_task(config).one_hot
    labels, scores = np.eye(3, dtype="float32"), np.full((3, 3), 1 / 3, "float32") + np.eye(3, dtype="float32") / 9
    expected = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)(labels, scores)
    assert float(build_loss(config, None)(labels, scores)) == pytest.approx(float(expected))
    assert float(expected) != pytest.approx(float(keras.losses.CategoricalCrossentropy()(labels, scores)))


def test_a_run_with_smoothed_labels_reports_accuracy(runs: TinyRuns) -> None:
    session = runs.train({"training.label_smoothing": 0.2, "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    assert list(session.only(e.EpochEnded).metrics) == ["loss", "accuracy", "val_loss", "val_accuracy"]


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("MeanSquaredError", "MeanSquaredError cannot smooth labels. Losses that can:"),
        ({"name": "mine", "file": "own.py"}, "The loss mine is your own"),
        ({"name": "CategoricalCrossentropy", "arguments": {"label_smoothing": 0.2}}, "Set one of the two"),
        ({"name": "SparseCategoricalCrossentropy", "arguments": {"ignore_class": 0}}, "while it ignores a class"),
    ],
)
def test_losses_that_cannot_smooth_are_refused_before_the_start(loss: Any, message: str) -> None:
    config = tiny_config(Path("nowhere"), {"training.label_smoothing": 0.1, "training.loss": loss})
    problem = label_smoothing_problem(config)
    assert problem is not None and problem.key == "training.label_smoothing"
    assert message in problem.message
    assert problem in check_config(config, Path("nowhere"))
