"""A person's own loader, preprocessing and augmentation in a real run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny import NUM_STEPS, Session, TinyRuns, draw_pictures, write_code
from trainer.errors import ConfigError
from trainer.runs import events as e

pytestmark = pytest.mark.keras

LOADERS = """
    import keras
    import numpy as np
    import tensorflow as tf

    def folders(data_dir, batch_size=32, **kwargs):
        return keras.utils.image_dataset_from_directory(
            data_dir, image_size=(12, 12), batch_size=batch_size, shuffle=True, seed=1
        )

    def some(count, seed=0):
        random = np.random.default_rng(seed)
        labels = np.arange(count) % 3
        pixels = random.integers(0, 40, (count, 12, 12, 3)) + 70 * labels[:, None, None, None]
        return pixels.astype("float32"), labels.astype("int32")

    def arrays(data_dir, batch_size=32):
        return some(27)

    def plain(data_dir, batch_size=32, count=27):
        return tf.data.Dataset.from_tensor_slices(some(count)).batch(batch_size)

    def pair(data_dir, batch_size=32):
        return plain(data_dir, batch_size), plain(data_dir, batch_size, 9)

    def unknown_length(data_dir, batch_size=32):
        def give():
            yield from zip(*some(27))
        signature = (tf.TensorSpec((12, 12, 3)), tf.TensorSpec((), tf.int32))
        return tf.data.Dataset.from_generator(give, output_signature=signature).batch(batch_size)

    def one_hot(data_dir, batch_size=32):
        return plain(data_dir, batch_size).map(lambda x, y: (x, tf.one_hot(y, 3), tf.ones(tf.shape(y)[0])))

    class Sequence(keras.utils.PyDataset):
        def __init__(self, data_dir, batch_size=32):
            super().__init__()
            self.pixels, self.labels = some(27)
            self.size = batch_size

        def __len__(self):
            return -(-len(self.labels) // self.size)

        def __getitem__(self, index):
            rows = slice(index * self.size, (index + 1) * self.size)
            return self.pixels[rows], self.labels[rows]
"""


@pytest.fixture
def loaders(tmp_path: Path) -> Path:
    return write_code(tmp_path / "my_loaders.py", LOADERS)


def component(path: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "file": str(path), "arguments": arguments}


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def model_info(session: Session) -> dict[str, Any]:
    info: dict[str, Any] = json.loads((session.folder.model_path / "model.json").read_text(encoding="utf-8"))
    return info


# ---------------------------------------------------------------- loaders


@pytest.mark.parametrize(
    ("name", "batches", "samples", "held_out"),
    [
        ("arrays", 3, 24, 1),
        ("pair", 4, 27, 2),
        ("unknown_length", 3, 24, 1),
        ("one_hot", 3, 24, 1),
        ("Sequence", 3, 24, 1),
    ],
)
def test_whatever_a_loader_returns_trains_without_a_folder(
    runs: TinyRuns, loaders: Path, name: str, batches: int, samples: int, held_out: int
) -> None:
    changes = {"data.loader": component(loaders, name), "data.train_dir": "", "training.epochs": 2}
    session = runs.train(changes)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    loaded = session.only(e.DataLoaded)
    assert loaded.class_names == ("0", "1", "2")
    assert loaded.num_train == samples
    assert session.only(e.TrainingStarted).steps_per_epoch == batches
    last = session.all_of(e.EpochEnded)[-1].metrics
    assert list(last) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert last["accuracy"] > 0.5
    assert any(f"{held_out} validation batches" in line for line in session.lines)
    assert not session.folder.split_path.exists()
    assert model_info(session)["input"]["loader"]["name"] == name
    assert {"model/final.keras", "history.csv"} <= set(session.ending.saved)


def test_a_loader_is_called_once_for_each_folder_and_names_classes_by_sub_folders(
    runs: TinyRuns, loaders: Path, tmp_path: Path, pictures: Path
) -> None:
    validation, test = draw_pictures(tmp_path / "val", 3), draw_pictures(tmp_path / "test", 2)
    session = runs.train(
        {"data.loader": component(loaders, "folders"), "data.val_dir": str(validation), "data.test_dir": str(test)}
    )
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    loaded = session.only(e.DataLoaded)
    assert loaded.class_names == ("blue", "green", "red")
    assert session.only(e.TrainingStarted).steps_per_epoch == 5
    assert session.only(e.Evaluated).split == "test"
    said = [line for line in session.lines if "their size and order are its own" in line]
    assert len(said) == 1


def test_held_out_batches_of_a_loader_that_shuffles_are_warned_of(runs: TinyRuns, loaders: Path) -> None:
    session = runs.train({"data.loader": component(loaders, "folders"), "training.epochs": 1})
    assert any("in another order each time" in notice.message for notice in session.all_of(e.Noticed))
    assert any("The first 1 of 5 batches are held out" in line for line in session.lines)


def test_a_loaders_run_stopped_inside_an_epoch_goes_on_with_the_next_batch(
    runs: TinyRuns, loaders: Path, every_batch_reported: None
) -> None:
    def stop(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and (event.epoch, event.step) == (1, 2):
            control.request_stop("now")

    changes = {"data.loader": component(loaders, "plain"), "data.train_dir": "", "data.validation_fraction": 0.0}
    first = runs.train(changes, stop)
    assert first.ending.reason is e.Reason.STOPPED_NOW, first.ending.message
    second = runs.go_on(first.folder)
    assert second.ending.reason is e.Reason.ALL_EPOCHS_DONE, second.ending.trace
    whole = runs.train(changes)
    for one, other in zip(second.all_of(e.EpochEnded), whole.all_of(e.EpochEnded), strict=True):
        assert one.metrics == pytest.approx(other.metrics, rel=1e-4)


BAD_LOADERS = """
    import numpy as np
    import tensorflow as tf

    def pixels(count=8):
        return np.full((count, 12, 12, 3), 7, "float32")

    def nothing(data_dir, batch_size=32):
        tf.data.Dataset.range(3)

    def a_list(data_dir, batch_size=32):
        return [1, 2, 3]

    def unbatched(data_dir, batch_size=32):
        return tf.data.Dataset.from_tensor_slices((pixels(), np.zeros(8, "int32")))

    def only_inputs(data_dir, batch_size=32):
        return tf.data.Dataset.from_tensor_slices(pixels()).batch(4)

    def empty(data_dir, batch_size=32):
        return tf.data.Dataset.from_tensor_slices((pixels(), np.zeros(8, "int32"))).batch(4).take(0)

    def endless(data_dir, batch_size=32):
        return tf.data.Dataset.from_tensor_slices((pixels(), np.zeros(8, "int32"))).batch(4).repeat()

    def fractions(data_dir, batch_size=32):
        return tf.data.Dataset.from_tensor_slices((pixels(), np.full(8, 0.3, "float32"))).batch(4)

    def needs_more(data_dir, classes):
        return None

    def raises(data_dir, batch_size=32):
        return int("many")
"""


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("nothing", "def nothing", "received nothing (did the function forget its return?)"),
        ("a_list", "def a_list", "received a list of 3: int, int, int"),
        ("unbatched", "def unbatched", "not batched: its first element is (float32 (12, 12, 3), int32 ())"),
        ("only_inputs", "def only_inputs", "Expected batches (inputs, labels)"),
        ("empty", "def empty", "The training dataset is empty"),
        ("endless", "def endless", "Leave out its repeat()"),
        ("fractions", "def fractions", "received float32 (4,) such as 0.3"),
        ("raises", 'return int("many")', "ValueError: invalid literal"),
    ],
)
def test_a_loader_that_returns_something_unfit_is_named_with_what_was_expected(
    runs: TinyRuns, tmp_path: Path, name: str, line: str, message: str
) -> None:
    path = write_code(tmp_path / "bad_loaders.py", BAD_LOADERS)
    session = runs.train({"data.loader": component(path, name)})
    ending = session.ending
    assert ending.reason is e.Reason.USER_CODE_ERROR, ending.trace
    assert (ending.file, ending.line) == (str(path), line_of(path, line))
    assert f"in {name}: " in ending.message and message in ending.message


# ---------------------------------------------------------------- steps

STEPS = """
    import keras
    import tensorflow as tf

    def halve(images, **kwargs):
        return images[:, ::2, ::2]

    def grey(image, weight=1.0):
        return weight * tf.reduce_mean(image, axis=-1, keepdims=True)

    def noise(images, labels=None, seed=None, strength=10.0):
        return images + strength * tf.random.stateless_normal(tf.shape(images), seed), labels

    def black_border(images, seed):
        mask = tf.pad(tf.ones((images.shape[1] - 2, images.shape[2] - 2, 1)), ((1, 1), (1, 1), (0, 0)))
        return images * mask

    def cropped(images, seed):
        return images[:, 1:]

    def words(images):
        return "no picture"

    def fails(images, labels=None):
        return images[:, 99]
"""


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    return write_code(tmp_path / "my_steps.py", STEPS)


def test_preprocessing_decides_the_models_input_and_keras_layers_become_part_of_it(runs: TinyRuns, steps: Path) -> None:
    import keras

    chosen = [component(steps, "halve"), component(steps, "grey", weight=0.5), {"name": "Normalization"}]
    session = runs.train({"data.preprocessing": chosen, "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    model = keras.models.load_model(session.folder.model_path / "final.keras")
    assert model.input_shape == (None, 6, 6, 1)
    (normalization,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Normalization)]
    assert 20 < float(np.asarray(normalization.mean).reshape(())) < 80
    assert not [layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling)]
    info = model_info(session)["input"]
    assert (info["height"], info["width"], info["channels"]) == (6, 6, 1)
    assert [step["name"] for step in info["preprocessing"]] == ["halve", "grey"]
    assert info["first"] == {"height": 12, "width": 12, "channels": 3}


def first_batches(runs: TinyRuns, changes: dict[str, Any], epoch: int, step: int, count: int) -> list[np.ndarray]:
    from tests.engine.tiny import tiny_config
    from tests.engine_data.conftest import Heard
    from trainer.engine.data.load import load_data
    from trainer.engine.training.fitting import fit_task

    config = tiny_config(runs.pictures, changes)
    one_hot = fit_task(config).one_hot
    data = load_data(config, runs.folder, None, Heard(), one_hot=one_hot)
    batches = data.train.dataset(
        batch_size=8,
        epoch=epoch,
        step=step,
        shuffle=True,
        seed=config.runtime.seed,
        augmentation=config.data.augmentation,
        one_hot=one_hot,
        repeat=True,
    )
    return [images.numpy() for images, *_ in batches.take(count)]


@pytest.mark.parametrize("kind", ["function", "RandomRotation", "MixUp", "RandomColorJitter"])
def test_augmentation_is_a_pure_function_of_seed_epoch_and_batch(runs: TinyRuns, steps: Path, kind: str) -> None:
    chosen: dict[str, dict[str, Any]] = {
        "function": component(steps, "noise"),
        "RandomRotation": {"name": "RandomRotation", "arguments": {"factor": 0.2}},
        "MixUp": {"name": "MixUp"},
        "RandomColorJitter": {
            "name": "RandomColorJitter",
            "arguments": {"brightness_factor": 0.3, "contrast_factor": 0.3},
        },
    }
    changes = {"data.augmentation.steps": [chosen[kind]]}
    whole = first_batches(runs, changes, 0, 0, 2 * NUM_STEPS)
    later = first_batches(runs, changes, 1, 2, 2)
    for one, other in zip(whole[NUM_STEPS + 2 :], later, strict=True):
        np.testing.assert_array_equal(one, other)
    plain = first_batches(runs, {}, 0, 0, 1)[0]
    assert whole[0].shape == plain.shape and np.abs(whole[0] - plain).max() > 1
    other_seed = first_batches(runs, changes | {"runtime.seed": 7, "data.shuffle": False}, 0, 0, 1)[0]
    assert not np.array_equal(other_seed, whole[0])


def test_mixing_labels_makes_them_one_hot_and_trains(runs: TinyRuns, steps: Path) -> None:
    chosen = [{"name": "MixUp"}, {"name": "CutMix"}, component(steps, "noise", strength=1.0)]
    session = runs.train({"data.augmentation.steps": chosen})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    assert list(session.all_of(e.EpochEnded)[-1].metrics) == ["loss", "accuracy", "val_loss", "val_accuracy"]


def test_mixing_labels_is_refused_for_a_loss_of_class_numbers(runs: TinyRuns) -> None:
    loss = "CategoricalGeneralizedCrossEntropy"
    with pytest.raises(ConfigError, match=r"MixUp in data\.augmentation\.steps\.0 needs one-hot labels") as refused:
        runs.create({"data.augmentation.steps": ["MixUp"], "training.loss": loss})
    assert refused.value.problems[0].key == "training.loss"


@pytest.mark.parametrize(
    ("key", "name", "line", "message"),
    [
        ("data.augmentation.steps", "cropped", "def cropped", "Expected numbers of shape (batch, 12, 12, 3), received"),
        ("data.preprocessing", "words", "def words", "received string"),
        ("data.augmentation.steps", "fails", "return images[:, 99]", "Error"),
    ],
)
def test_a_step_that_returns_something_unfit_is_named_with_what_was_expected(
    runs: TinyRuns, steps: Path, key: str, name: str, line: str, message: str
) -> None:
    session = runs.train({key: [component(steps, name)]})
    ending = session.ending
    assert ending.reason is e.Reason.USER_CODE_ERROR, ending.trace or ending.message
    assert (ending.file, ending.line) == (str(steps), line_of(steps, line))
    assert f"in {name}: " in ending.message and message in ending.message


def test_steps_work_on_a_loaders_batches_too(runs: TinyRuns, loaders: Path, steps: Path) -> None:
    changes = {
        "data.loader": component(loaders, "pair"),
        "data.augmentation.horizontal_flip": True,
        "data.augmentation.rotation_degrees": 10.0,
        "data.augmentation.steps": [component(steps, "noise"), component(steps, "black_border")],
        "data.preprocessing": [component(steps, "halve")],
        "training.epochs": 1,
    }
    session = runs.train(changes)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    info = model_info(session)["input"]
    assert (info["height"], info["width"]) == (6, 6)
