"""Whatever a person's file does, the run ends in the right typed state, names the line, and keeps what was trained."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.engine.tiny import NUM_STEPS, Session, TinyRuns, write_code
from trainer.runs import events as e
from trainer.runs.checkpoints import find_checkpoint

pytestmark = pytest.mark.keras


def component(path: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "file": str(path), "arguments": arguments}


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def saved_at(session: Session) -> tuple[int, int]:
    found = find_checkpoint(session.folder.checkpoints_path, "last")
    assert found is not None
    return found[1].epoch, found[1].step


def require_users_failure(session: Session, path: Path, line: str, function: str, message: str) -> None:
    ending = session.ending
    assert (ending.outcome, ending.reason) == (e.Outcome.FAILED, e.Reason.USER_CODE_ERROR), ending.trace
    assert (ending.file, ending.line) == (str(path), line_of(path, line))
    assert f"in {function}: " in ending.message and message in ending.message
    assert line.strip() in ending.trace
    assert "site-packages" not in ending.trace


IN_THIRD_EPOCH = """
    import keras
    import numpy as np
    import tensorflow as tf

    passes = {"function": 0, "generator": 0}

    def samples():
        labels = np.arange(24) % 3
        return np.zeros((24, 6, 6, 3), "float32") + labels[:, None, None, None], labels.astype("int32")

    def check(label):
        passes["function"] += 1
        if passes["function"] > 24 * 3 + 2 * 24:
            raise ValueError("a label in the third epoch")
        return label

    def function_inside(data_dir, batch_size=32):
        def checked(x, y):
            return x, tf.ensure_shape(tf.py_function(check, [y], tf.int32), ())
        data = tf.data.Dataset.from_tensor_slices(samples()).map(checked, num_parallel_calls=1).batch(batch_size)
        data.class_names = ["a", "b", "c"]
        return data

    def give():
        passes["generator"] += 1
        if passes["generator"] > 6:
            raise KeyError("no such picture")
        yield from zip(*samples())

    def generator_inside(data_dir, batch_size=32):
        signature = (tf.TensorSpec((6, 6, 3)), tf.TensorSpec((), tf.int32))
        return tf.data.Dataset.from_generator(give, output_signature=signature).batch(batch_size)

    class Loss(keras.losses.Loss):
        def call(self, y_true, y_pred):
            compared = tf.py_function(self.compare, [y_true, y_pred], tf.float32)
            return tf.ensure_shape(compared, (None,))

        def compare(self, y_true, y_pred):
            passes["loss"] = passes.get("loss", 0) + 1
            if passes["loss"] > 4 * 2 + 4:
                raise ArithmeticError("not in the third epoch")
            return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
"""


@pytest.mark.parametrize(
    ("name", "line", "function", "message"),
    [
        ("function_inside", 'raise ValueError("a label', "check", "ValueError: a label in the third epoch"),
        ("generator_inside", 'raise KeyError("no such picture")', "give", "KeyError: 'no such picture'"),
    ],
)
def test_a_loader_that_fails_in_a_later_epoch_is_named_by_line(
    runs: TinyRuns, tmp_path: Path, name: str, line: str, function: str, message: str
) -> None:
    path = write_code(tmp_path / "late.py", IN_THIRD_EPOCH)
    changes = {"data.loader": component(path, name), "data.train_dir": "", "data.validation_fraction": 0.0}
    session = runs.train(changes | {"training.epochs": 9})
    require_users_failure(session, path, line, function, message)
    assert saved_at(session) > (1, 0)
    assert {"model/best.keras", "history.csv", "checkpoints/last"} <= set(session.ending.saved)


def test_a_loader_whose_later_batches_have_another_shape_is_named(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "shapes.py",
        """
        import numpy as np
        import tensorflow as tf

        def load(data_dir, batch_size=32):
            def give():
                for side in (8, 8, 6):
                    yield np.zeros((4, side, side, 3), "float32"), np.array([0, 1, 1, 0], "int32")
            signature = (tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None,), tf.int32))
            return tf.data.Dataset.from_generator(give, output_signature=signature)
        """,
    )
    changes = {"data.loader": component(path, "load"), "data.validation_fraction": 0.0}
    session = runs.train(changes)
    assert session.ending.reason is e.Reason.USER_CODE_ERROR, session.ending.trace
    assert session.ending.line == line_of(path, "def load")
    assert "A later batch has the shape [4,6,6,3]; the first one told to expect [?,8,8,3]" in session.ending.message


def test_a_loss_that_fails_in_the_third_epoch_is_named_by_line(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(tmp_path / "late.py", IN_THIRD_EPOCH)
    changes = {"training.loss": component(path, "Loss"), "data.validation_fraction": 0.0, "data.batch_size": 9}
    session = runs.train(changes | {"training.epochs": 5})
    require_users_failure(session, path, "raise ArithmeticError", "compare", "not in the third epoch")
    assert saved_at(session)[0] >= 2
    assert {"model/best.keras", "history.csv"} <= set(session.ending.saved)


ODD = """
    import os
    import sys

    import keras

    class Prints(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            for number in range(100_000):
                print("line", number)

    class ChangesFolder(keras.callbacks.Callback):
        def __init__(self, folder):
            super().__init__()
            os.chdir(folder)

        def on_epoch_end(self, epoch, logs=None):
            os.chdir("/")

    def leaves(data_dir, batch_size=32):
        sys.exit("enough")

    def takes_nothing():
        return None
"""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    return write_code(tmp_path / "odd.py", ODD)


def test_a_hundred_thousand_lines_do_no_harm(runs: TinyRuns, odd: Path, capfd: pytest.CaptureFixture[str]) -> None:
    session = runs.train({"training.callbacks": [component(odd, "Prints")], "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    assert capfd.readouterr().out.count("\nline ") >= 99_999


def test_changing_the_working_directory_moves_nothing_of_ours(
    runs: TinyRuns, odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    changes = {
        "output.runs_dir": "relative_runs",
        "output.tensorboard": True,
        "data.train_dir": os.path.relpath(runs.pictures, runs.folder),
        "training.callbacks": [component(odd, "ChangesFolder", folder=str(tmp_path / "elsewhere"))],
    }
    session = runs.train(changes)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    assert Path.cwd() == Path("/")
    assert session.folder.path.is_relative_to(tmp_path / "relative_runs")
    assert all((session.folder.path / name).exists() for name in session.ending.saved)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_sys_exit_in_a_loader_ends_the_run_not_the_worker(runs: TinyRuns, odd: Path) -> None:
    session = runs.train({"data.loader": component(odd, "leaves")})
    require_users_failure(session, odd, 'sys.exit("enough")', "leaves", "SystemExit: enough")


@pytest.mark.parametrize("name", ["random.py", "keras.py"])
def test_a_file_named_like_a_module_hides_nothing(runs: TinyRuns, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "shadows"
    folder.mkdir()
    path = write_code(
        folder / name,
        """
        import random

        import keras
        import numpy

        def loss(y_true, y_pred):
            assert random.Random(0).random() < numpy.inf
            return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
        """,
    )
    session = runs.train({"training.loss": component(path, "loss"), "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace or session.ending.message
    assert session.only(e.TrainingStarted).steps_per_epoch == NUM_STEPS


def test_an_import_that_fails_in_a_file_beside_it_names_that_file(runs: TinyRuns, tmp_path: Path) -> None:
    helper = write_code(tmp_path / "my_broken_neighbour.py", "import a_module_that_nobody_has\n")
    path = write_code(
        tmp_path / "uses_it.py", "import my_broken_neighbour\n\ndef loss(y_true, y_pred):\n    return y_pred\n"
    )
    session = runs.train({"training.loss": component(path, "loss")})
    assert session.ending.reason is e.Reason.USER_CODE_ERROR
    assert (session.ending.file, session.ending.line) == (str(helper), 1)
    assert "No module named 'a_module_that_nobody_has'" in session.ending.message


def test_frames_of_installed_packages_below_the_users_folder_are_not_theirs(tmp_path: Path) -> None:
    from trainer.engine.user_errors import as_user_error

    installed = tmp_path / ".venv" / "lib" / "site-packages" / "deep.py"
    installed.parent.mkdir(parents=True)
    write_code(installed, "def fail():\n    raise ValueError('deep inside')\n")
    own = write_code(tmp_path / "own.py", "def call(fail):\n    fail()\n")
    places: dict[str, Any] = {}
    for file in (installed, own):
        exec(compile(file.read_text(), str(file), "exec"), places)
    with pytest.raises(ValueError, match="deep inside") as raised:
        places["call"](places["fail"])
    told = as_user_error(raised.value, str(own))
    assert (told.file, told.line, told.function) == (str(own), 2, "call")
    assert "site-packages" not in told.trace
