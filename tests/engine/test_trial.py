"""`gardener try`: each kind of component on one batch of the configuration's own data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.tiny import tiny_config, write_code
from trainer.config.document import resolved_yaml
from trainer.errors import ConfigError

pytestmark = pytest.mark.keras

OWN = """
import sys

import keras
import tensorflow as tf


def dim(image, share: float = 0.5):
    return tf.cast(image, tf.float32) * share


def flicker(image, seed):
    return image


def network(input_shape, num_classes, width: int = 4):
    inputs = keras.Input(input_shape)
    hidden = keras.layers.Dense(width)(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(hidden), name="network")


def gentle(y_true, y_pred, power: float = 2.0):
    print("words of the user")
    return tf.reduce_mean(tf.abs(y_true - y_pred) ** power, axis=-1)


def raising(y_true, y_pred):
    weights = None
    return weights * y_pred


def leaving(y_true, y_pred):
    sys.exit(3)


def nearness(y_true, y_pred):
    return 1.0 - tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)


def descent(learning_rate, momentum: float = 0.9):
    return keras.optimizers.SGD(learning_rate, momentum)


def halving(epoch, learning_rate):
    return learning_rate * 0.5


class Counting(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        assert logs["loss"] > 0


class Failing(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        raise RuntimeError("after the first batch")


def loop(model, train_dataset, val_dataset, epochs, callbacks, **kwargs):
    optimizer = keras.optimizers.SGD(0.01)
    for epoch in range(epochs):
        for images, labels in train_dataset:
            model.train_on_batch(images, labels)
    return {"loss": [1.0]}
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_code(tmp_path_factory.mktemp("own") / "own.py", OWN)


def line_of(own: Path, text: str) -> int:
    return next(number for number, line in enumerate(own.read_text().splitlines(), 1) if text in line)


def try_out(own: Path, pictures: Path, scratch: Path, key: str, name: str, **arguments: Any) -> Any:
    from trainer.engine.trial import run_trial

    chosen = {"name": name, "file": str(own), "arguments": arguments}
    owner, _, index = key.rpartition(".")
    changes = {owner: [chosen]} if index.isdigit() else {key: chosen}
    return run_trial(tiny_config(pictures, changes), scratch, key, scratch)


@pytest.mark.parametrize(
    ("key", "name", "takes", "gives"),
    [
        ("data.preprocessing.0", "dim", "pictures of 12 × 12", "(8, 12, 12, 3) float32"),
        ("data.augmentation.steps.0", "flicker", "pictures of 12 × 12", "(8, 12, 12, 3)"),
        ("model.architecture", "network", "(8, 12, 12, 3)", "(8, 3) float32"),
        ("training.loss", "gentle", "labels (8, 3) float32, predictions (8, 3) float32", "(8,) float32, mean 0."),
        ("training.metrics.0", "nearness", "labels ", " float32, 0."),
        ("training.optimizer", "descent", "(8, 12, 12, 3)", "one step, loss "),
        ("training.learning_rate_schedule", "halving", "2 epochs", "from 0.005 to 0.0025"),
        ("training.callbacks.0", "Counting", "2 batches", "trained"),
        ("training.training_loop", "loop", "2 batches", "trained"),
    ],
)
def test_each_kind_is_built_and_run(
    own: Path, pictures: Path, tmp_path: Path, key: str, name: str, takes: str, gives: str
) -> None:
    report = try_out(own, pictures, tmp_path, key, name)
    assert takes in report.takes
    assert gives in report.gives
    assert report.time_ms > 0
    assert report.sentence().startswith(f"{name} works: ")
    expected = {"model.architecture": 12 * 12 * 3 * 4 + 4 + 4 * 3 + 3}
    assert report.num_parameters == expected.get(key)


def test_arguments_reach_the_function(own: Path, pictures: Path, tmp_path: Path) -> None:
    report = try_out(own, pictures, tmp_path, "data.preprocessing.0", "dim", share=0.0)
    assert "from 0 to 0" in report.gives


@pytest.mark.parametrize(
    ("key", "name", "message", "place"),
    [
        ("training.loss", "raising", "Attempt to convert", "return weights * y_pred"),
        ("training.loss", "leaving", "SystemExit", "sys.exit(3)"),
        ("training.callbacks.0", "Failing", "after the first batch", 'raise RuntimeError("after'),
    ],
)
def test_a_failure_names_the_users_file_line_and_their_part_of_the_trace(
    own: Path, pictures: Path, tmp_path: Path, key: str, name: str, message: str, place: str
) -> None:
    from trainer.engine.trial import TrialError

    with pytest.raises(TrialError, match=message) as caught:
        try_out(own, pictures, tmp_path, key, name)
    assert caught.value.file == str(own)
    assert caught.value.line == line_of(own, place)
    assert place in caught.value.trace
    assert "site-packages" not in caught.value.trace


def test_a_key_without_a_component_lists_those_there_are(pictures: Path, tmp_path: Path) -> None:
    from trainer.engine.trial import run_trial

    with pytest.raises(ConfigError, match=r"model\.architecture.*training\.optimizer"):
        run_trial(tiny_config(pictures), tmp_path, "training.epochs", tmp_path)


@pytest.mark.slow
def test_the_command_ends_a_function_that_loops_for_ever_and_says_where(
    pictures: Path, tmp_path: Path, repository: Path
) -> None:
    own = write_code(tmp_path / "own.py", "def endless(y_true, y_pred):\n    while True:\n        pass\n")
    config = tiny_config(pictures, {"training.loss": {"name": "endless", "file": str(own)}})
    path = tmp_path / "config.yaml"
    path.write_text(resolved_yaml(config), encoding="utf-8")
    command = [sys.executable, str(repository / "main.py"), "try", str(path), "training.loss", "--json"]
    done = subprocess.run([*command, "--timeout", "4"], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 2
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    assert answer["ok"] is False
    assert "Stopped after 4 s" in answer["message"]
    assert answer["file"] == str(own)
    assert answer["line"] in (2, 3)
