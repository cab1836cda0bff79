"""Starting from another training: what fits is loaded, the rest is named, and nothing of the file is executed."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.exact_runs import stop_at_batch
from tests.engine.plain_keras import prepared
from tests.engine.tiny import Session, TinyRuns, draw_pictures, tiny_config, write_code
from trainer.catalog.check import check_config
from trainer.runs import events as e

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Session:
    """A run with three classes that is over."""
    return TinyRuns(tmp_path_factory.mktemp("trained"), pictures).train({"training.epochs": 1})


@pytest.fixture
def two_classes(tmp_path: Path) -> TinyRuns:
    """Runs on pictures of two classes."""
    pictures = draw_pictures(tmp_path / "two")
    shutil.rmtree(pictures / "red")
    return TinyRuns(tmp_path, pictures)


def arrays(model: Any) -> dict[str, np.ndarray]:
    """By layer and variable, such as `conv2d/kernel`."""
    paths = {"/".join(variable.path.split("/")[-2:]): variable for variable in model.variables}
    return {path: np.array(variable) for path, variable in paths.items() if "seed" not in path}


def saved(path: Path) -> dict[str, np.ndarray]:
    import keras

    return arrays(keras.models.load_model(path))


def start(runs: TinyRuns, place: Path, **changes: Any) -> Any:
    """A prepared session that starts from `place`."""
    return prepared(runs, {"model.initial_weights": str(place), **changes})


@pytest.mark.parametrize("name", ["run", "model/best.keras", "own.weights.h5"])
def test_all_layers_are_taken_from_a_run_a_model_or_a_weights_file(
    runs: TinyRuns, trained: Session, tmp_path: Path, name: str
) -> None:
    import keras

    best = trained.folder.model_path / "best.keras"
    place = trained.folder.path if name == "run" else trained.folder.path / name
    if name == "own.weights.h5":
        place = tmp_path / name
        keras.models.load_model(best).save_weights(place)
    session = start(runs, place)
    loaded, expected = arrays(session.model), saved(best)
    assert loaded.keys() == expected.keys()
    assert all(np.array_equal(loaded[key], expected[key]) for key in expected)
    assert any("[MODEL] Loaded 5 of 5 layers from " in line for line in session.output.lines)


def test_a_head_for_other_classes_keeps_its_random_start(two_classes: TinyRuns, trained: Session) -> None:
    session = start(two_classes, trained.folder.path)
    fresh = arrays(prepared(two_classes).model)
    loaded, expected = arrays(session.model), saved(trained.folder.model_path / "best.keras")
    assert np.array_equal(loaded["conv2d/kernel"], expected["conv2d/kernel"])
    assert np.array_equal(loaded["scores/kernel"], fresh["scores/kernel"])
    lines = session.output.lines
    assert any("Loaded 4 of 5 layers from" in line for line in lines)
    assert "[MODEL] Not loaded: scores: shape (4, 3) and (3,) in the file, (4, 2) and (2,) here" in lines
    assert not [event for event in session.output.events if isinstance(event, e.Noticed)], "one layer is not many"


def test_many_layers_that_do_not_fit_are_told_to_the_person(runs: TinyRuns, trained: Session) -> None:
    deeper = {"model.architecture": {"name": "SmallCNN", "arguments": {"filters": 4, "num_blocks": 2}}}
    session = start(runs, trained.folder.path, **deeper)
    (notice,) = [event for event in session.output.events if isinstance(event, e.Noticed)]
    assert "Loaded 4 of 9 layers from" in notice.message
    assert "small_cnn/conv2d_2" in notice.message
    assert "[MODEL] Not loaded: small_cnn/conv2d_2: no layer of that name in the file" in session.output.lines


def test_names_that_keras_made_up_are_counted_within_the_model(
    runs: TinyRuns, trained: Session, tmp_path: Path
) -> None:
    """In a process that built other models before, the same layers are called conv2d_7 and conv2d_8."""
    import keras

    best = trained.folder.model_path / "best.keras"
    for _ in range(3):
        keras.layers.Conv2D(1, 1)
        keras.layers.BatchNormalization()
    from trainer.engine.models.zoo.small_cnn import SmallCNN

    model = keras.Sequential([keras.Input((12, 12, 3)), SmallCNN((12, 12, 3), filters=4, num_blocks=1)])
    assert model.layers[0].layers[1].name != "conv2d"
    expected = saved(best)
    model.set_weights([expected[path] for path in expected if not path.startswith("scores")])
    model.save_weights(tmp_path / "other.weights.h5")
    loaded = arrays(start(runs, tmp_path / "other.weights.h5").model)
    assert all(np.array_equal(loaded[path], expected[path]) for path in expected if not path.startswith("scores"))


def test_layers_named_by_hand_are_found_by_their_name(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "model.py",
        """
        import keras

        def named(input_shape, num_classes, first="a", second="b"):
            steps = [keras.layers.Flatten(), keras.layers.Dense(5, name=first), keras.layers.Dense(5, name=second)]
            head = keras.layers.Dense(num_classes, activation="softmax", name="head")
            return keras.Sequential([keras.Input(input_shape), *steps, head], name="named")
        """,
    )
    component = {"name": "named", "file": str(path)}
    first = runs.train({"model.architecture": component, "training.epochs": 1})
    renamed = component | {"arguments": {"first": "other"}}
    session = start(runs, first.folder.path, **{"model.architecture": renamed})
    expected, loaded = saved(first.folder.model_path / "best.keras"), arrays(session.model)
    assert np.array_equal(loaded["b/kernel"], expected["b/kernel"])
    assert not np.array_equal(loaded["other/kernel"], expected["a/kernel"])
    assert "[MODEL] Not loaded: named/other: no layer of that name in the file" in session.output.lines


def test_a_run_without_a_model_gives_its_checkpoint(
    runs: TinyRuns, two_classes: TinyRuns, tmp_path: Path, every_batch_reported: None
) -> None:
    first = runs.train({"training.epochs": 2}, stop_at_batch(2, 2, "now"))
    shutil.rmtree(first.folder.model_path)
    with np.load(first.folder.checkpoints_path / "best" / "state.npz") as state:
        kernel = next(state[key] for key in state.files if key.startswith("model-0000"))
    session = start(runs, first.folder.path)
    assert np.array_equal(arrays(session.model)["conv2d/kernel"], kernel)
    smaller = start(two_classes, first.folder.path)
    assert np.array_equal(arrays(smaller.model)["conv2d/kernel"], kernel)
    assert any("Not loaded: scores: shape (4, 3) in the checkpoint, (4, 2) here" in x for x in smaller.output.lines)
    shutil.rmtree(first.folder.checkpoints_path / "best")
    assert any("checkpoints/last" in line for line in start(runs, first.folder.path).output.lines)


def test_a_run_trains_on_from_the_weights_and_continues_with_its_own(
    runs: TinyRuns, trained: Session, every_batch_reported: None
) -> None:
    changes = {"model.initial_weights": str(trained.folder.path), "training.epochs": 2}
    whole = runs.train(changes)
    first = runs.train(changes, stop_at_batch(2, 2, "now"))
    second = runs.go_on(first.folder)
    assert not [line for line in second.lines if "Loaded " in line and "layers from" in line]
    losses = [event.metrics["loss"] for event in second.all_of(e.EpochEnded)]
    assert losses[-1] == pytest.approx(whole.all_of(e.EpochEnded)[-1].metrics["loss"], rel=1e-6)


# ---------------------------------------------------------------- what cannot be used


def refusal(runs: TinyRuns, place: Path) -> str:
    session = runs.train({"model.initial_weights": str(place)})
    assert session.ending.reason is e.Reason.CONFIG_ERROR, session.ending.trace
    assert session.ending.message.startswith("model.initial_weights: ")
    return session.ending.message


def test_weights_of_which_nothing_fits_are_refused_with_the_reason(runs: TinyRuns, tmp_path: Path) -> None:
    import keras

    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, name="strange")])
    other.save(tmp_path / "other.keras")
    message = refusal(runs, tmp_path / "other.keras")
    assert "No layer of" in message and "small_cnn/conv2d: no layer of that name in the file" in message


def test_files_that_hold_no_weights_of_keras_are_refused(runs: TinyRuns, tmp_path: Path) -> None:
    (tmp_path / "text.keras").write_text("hello")
    assert "cannot be read" in refusal(runs, tmp_path / "text.keras")
    (tmp_path / "text.weights.h5").write_text("hello")
    assert "cannot be read" in refusal(runs, tmp_path / "text.weights.h5")
    with zipfile.ZipFile(tmp_path / "empty.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    assert "cannot be read" in refusal(runs, tmp_path / "empty.keras")
    (tmp_path / "folder").mkdir()
    assert "holds no model and no checkpoint" in refusal(runs, tmp_path / "folder")


def test_a_model_that_would_execute_code_is_read_without_executing_it(
    runs: TinyRuns, trained: Session, tmp_path: Path
) -> None:
    """A file's configuration can hold a Lambda with code; its weights are read without looking at it."""
    source, target = trained.folder.model_path / "best.keras", tmp_path / "evil.keras"
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as evil:
        for item in given.namelist():
            evil.writestr(item, b"not even JSON" if item == "config.json" else given.read(item))
    session = start(runs, target)
    assert any("Loaded 5 of 5 layers" in line for line in session.output.lines)


def test_a_missing_file_is_a_problem_before_the_start(pictures: Path, tmp_path: Path) -> None:
    config = tiny_config(pictures, {"model.initial_weights": "none.keras"})
    (problem,) = check_config(config, tmp_path)
    assert (problem.key, problem.message) == (
        "model.initial_weights",
        f"There is no file or folder {tmp_path / 'none.keras'}.",
    )
    (tmp_path / "weights.pt").touch()
    (problem,) = check_config(tiny_config(pictures, {"model.initial_weights": "weights.pt"}), tmp_path)
    assert "received weights.pt" in problem.message
