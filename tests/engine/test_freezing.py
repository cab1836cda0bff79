"""Layers frozen by name keep their weights; a backbone that is freed bit by bit learns as Keras would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.exact_runs import stop_at_batch
from tests.engine.plain_keras import SGD, losses_of, prepared
from tests.engine.tiny import NUM_STEPS, Session, TinyRuns, tiny_config, write_code
from trainer.catalog.check import check_config
from trainer.runs import events as e

pytestmark = pytest.mark.keras

DEEP = {"model.architecture": {"name": "SmallCNN", "arguments": {"filters": 4, "num_blocks": 2}}}
GRADUAL = {
    **DEEP,
    "training.optimizer": "Adam",
    "training.epochs": 4,
    "model.gradual_unfreezing": {"enabled": True, "first_epoch": 2, "every_epochs": 1, "num_groups": 2},
}


def arrays(model: Any) -> dict[str, np.ndarray]:
    """By layer and variable, such as `conv2d/kernel`."""
    paths = {"/".join(variable.path.split("/")[-2:]): variable for variable in model.variables}
    return {path: np.array(variable) for path, variable in paths.items() if "seed" not in path}


def changed(runs: TinyRuns, changes: dict[str, Any]) -> set[str]:
    """Layers whose weights a run changed."""
    import keras

    session = runs.train(changes)
    assert session.ending.outcome is e.Outcome.COMPLETED, session.ending.message + session.ending.trace
    before = arrays(prepared(runs, changes).model)
    after = arrays(keras.models.load_model(session.folder.model_path / "final.keras"))
    assert before.keys() == after.keys()
    return {path.split("/")[0] for path in before if not np.array_equal(before[path], after[path])}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Session:
    """The gradually freed run, from its start to its end."""
    return TinyRuns(tmp_path_factory.mktemp("whole"), pictures).train(GRADUAL)


# ---------------------------------------------------------------- by name


def test_frozen_layers_inside_the_backbone_keep_their_weights(runs: TinyRuns) -> None:
    """A frozen batch normalization keeps its statistics too."""
    changes = {"model.frozen_layers": "conv2d, small_cnn/batch_*", "training.epochs": 1}
    assert changed(runs, changes) == {"conv2d_1", "scores"}


def test_what_is_frozen_counts_as_not_trainable(runs: TinyRuns) -> None:
    output = prepared(runs, {"model.frozen_layers": "conv2d*"}).output
    (built,) = [event for event in output.events if isinstance(event, e.ModelBuilt)]
    assert built.num_parameters - built.num_trainable_parameters == 3 * 9 * 4 + 4 * 9 * 4 + 2 * (4 + 4)
    assert "[MODEL] Layers that keep their weights: small_cnn/conv2d, small_cnn/conv2d_1" in output.lines


@pytest.mark.parametrize(
    ("patterns", "trainable"),
    [
        ("conv2d*, batch_normalization_1", {"batch_normalization", "scores"}),
        ("small_cnn", {"scores"}),
        (" scores ,", {"conv2d", "conv2d_1", "batch_normalization", "batch_normalization_1"}),
    ],
)
def test_patterns_name_layers_by_name_or_path(runs: TinyRuns, patterns: str, trainable: set[str]) -> None:
    model = prepared(runs, {"model.frozen_layers": patterns}).model
    assert {variable.path.split("/")[-2] for variable in model.trainable_variables} == trainable


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ("conv_2d", "No layer is called 'conv_2d'. Did you mean 'conv2d'?"),
        ("scores, block9_*", "No layer is called 'block9_*'. The layers are pixels, "),
        ("*", "All layers with weights are frozen by '*'. Leave some to train."),
    ],
)
def test_a_pattern_that_fits_nothing_or_everything_is_refused(runs: TinyRuns, patterns: str, message: str) -> None:
    session = runs.train({"model.frozen_layers": patterns})
    assert session.ending.reason is e.Reason.CONFIG_ERROR
    assert "model.frozen_layers: " in session.ending.message
    assert message in session.ending.message
    assert not session.all_of(e.EpochStarted)


# ---------------------------------------------------------------- bit by bit


def test_the_backbone_is_freed_from_the_output_side(runs: TinyRuns) -> None:
    upper = changed(runs, {**GRADUAL, "training.epochs": 2})
    assert upper == {"scores", "conv2d_2", "conv2d_3", "batch_normalization_2", "batch_normalization_3"}


def test_gradual_unfreezing_gives_the_losses_of_plain_keras(runs: TinyRuns, whole: Session) -> None:
    """An optimizer that knows all variables from the start; layers are freed and Keras compiles its step anew."""
    import keras

    session = prepared(runs, DEEP)
    model = session.model
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(model.trainable_variables)
    body = [layer for layer in model.get_layer("small_cnn").layers if layer.weights]
    assert len(body) == 8
    for layer in body:
        layer.trainable = False
    losses = []
    for epoch in range(4):
        for layer in {1: body[4:], 2: body[:4]}.get(epoch, []):
            layer.trainable = True
        model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", jit_compile=False)
        data = session.train_dataset(epoch, 0).take(NUM_STEPS)
        losses += model.fit(data, shuffle=False, verbose=0).history["loss"]
    assert losses_of(whole) == pytest.approx(losses, rel=1e-5)
    told = [line for line in whole.lines if "groups of layers learn" in line]
    assert len(told) == 2
    assert "Epoch 2: 1 of 2 groups of layers learn; freed 4 layers (batch_normalization_3, " in told[0]


@pytest.mark.parametrize("place", [stop_at_batch(2, 2, "now"), stop_at_batch(2, 2, "after_epoch")])
def test_a_continued_run_has_freed_the_same_layers(
    runs: TinyRuns, whole: Session, place: Any, every_batch_reported: None
) -> None:
    first = runs.train(GRADUAL, place)
    second = runs.go_on(first.folder)
    num_left = len(second.all_of(e.EpochEnded))
    assert losses_of(second) == pytest.approx(losses_of(whole)[-num_left:], rel=1e-5)


def test_gradual_unfreezing_goes_together_with_several_steps_per_call(runs: TinyRuns, whole: Session) -> None:
    several = runs.train({**GRADUAL, "training.steps_per_execution": 3})
    assert losses_of(several) == pytest.approx(losses_of(whole), rel=1e-5)


def test_layers_frozen_by_name_are_never_freed(runs: TinyRuns) -> None:
    free = changed(runs, {**GRADUAL, "model.frozen_layers": "conv2d_1"})
    assert "conv2d_1" not in free
    assert {"conv2d", "conv2d_2", "scores"} <= free


def test_a_model_of_ones_own_is_freed_layer_by_layer(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "model.py",
        """
        import keras

        def plain(input_shape, num_classes):
            layers = keras.layers
            steps = [layers.Flatten(), layers.Dense(4, name="a"), layers.Dense(4, name="b"), layers.Dense(num_classes)]
            return keras.Sequential([keras.Input(input_shape), *steps, layers.Softmax()], name="plain")
        """,
    )
    changes = {
        **GRADUAL,
        "training.optimizer": SGD,
        "training.epochs": 2,
        "model.architecture": {"name": "plain", "file": str(path)},
    }
    assert changed(runs, changes) == {"b", "dense"}


def test_a_model_with_nothing_but_an_output_cannot_be_freed(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "flat.py",
        """
        import keras

        def flat(input_shape, num_classes):
            inputs = keras.Input(input_shape)
            features = keras.layers.GlobalAveragePooling2D()(inputs)
            return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(features))
        """,
    )
    session = runs.train({**GRADUAL, "model.architecture": {"name": "flat", "file": str(path)}})
    assert session.ending.reason is e.Reason.CONFIG_ERROR
    assert "has no layers with weights besides its output" in session.ending.message


def test_contradictions_are_problems_before_the_start(pictures: Path) -> None:
    both = tiny_config(pictures, {**GRADUAL, "model.trainable_backbone": False})
    assert [p.key for p in check_config(both, pictures)] == ["model.gradual_unfreezing.enabled"]
    late = tiny_config(pictures, {**GRADUAL, "training.epochs": 1})
    (warning,) = check_config(late, pictures)
    assert (warning.key, warning.severity) == ("model.gradual_unfreezing.first_epoch", "warning")
