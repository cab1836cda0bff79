"""A person's own loss, metric, optimizer and callback in a real run, and what happens when they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.tiny import NUM_STEPS, Session, TinyRuns, run_session, write_code
from trainer.runs import events as e
from trainer.runs.checkpoints import find_checkpoint
from trainer.runs.functions import copy_of

pytestmark = pytest.mark.keras

OWN = """
    import keras

    class Reports(keras.callbacks.Callback):
        def __init__(self, word="epoch"):
            super().__init__()
            self.word = word

        def on_epoch_end(self, epoch, logs=None):
            print(self.word, epoch + 1, sorted(logs))

    def halved(learning_rate, momentum=0.0):
        return keras.optimizers.SGD(learning_rate / 2, momentum=momentum)

    def error(y_true, y_pred, power=2):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred) ** power, axis=-1)

    def confidence(y_true, y_pred):
        return keras.ops.max(y_pred, axis=-1)
"""


def component(path: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "file": str(path), "arguments": arguments}


def position(session: Session) -> tuple[int, int]:
    found = find_checkpoint(session.folder.checkpoints_path, "last")
    assert found is not None
    return found[1].epoch, found[1].step


def test_own_functions_are_used_with_their_arguments(
    runs: TinyRuns, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_code(tmp_path / "own.py", OWN)
    session = runs.train(
        {
            "training.loss": component(path, "error", power=3),
            "training.metrics": ["accuracy", component(path, "confidence")],
            "training.optimizer": component(path, "halved", momentum=0.5),
            "training.callbacks": [component(path, "Reports", word="mine")],
        }
    )
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace
    last = session.all_of(e.EpochEnded)[-1]
    assert list(last.metrics) == ["loss", "accuracy", "confidence", "val_loss", "val_accuracy", "val_confidence"]
    assert last.learning_rate == pytest.approx(0.005)
    figures = "['accuracy', 'confidence', 'loss', 'val_accuracy', 'val_confidence', 'val_loss']"
    printed = [line for line in capfd.readouterr().out.splitlines() if line.startswith("mine")]
    assert printed == [f"mine 1 {figures}", f"mine 2 {figures}"]


def test_the_runs_copy_is_what_is_executed(runs: TinyRuns, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = write_code(tmp_path / "own.py", OWN)
    folder = runs.create({"training.epochs": 1, "training.callbacks": [component(path, "Reports", word="copied")]})
    assert copy_of(path, folder.functions_path).read_bytes() == path.read_bytes()
    path.write_text("raise RuntimeError('edited after the run was created')\n", encoding="utf-8")
    session = run_session(folder, resume=False)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.message
    assert "copied 1" in capfd.readouterr().out


def test_a_failure_shows_the_line_that_ran_and_not_what_it_was_edited_to(runs: TinyRuns, tmp_path: Path) -> None:
    path = write_code(tmp_path / "failing.py", FAILING)
    folder = runs.create({"training.callbacks": [component(path, "AtEpochBegin")]})
    line = line_of(path, "raise ValueError")
    path.unlink()
    session = run_session(folder, resume=False)
    assert (session.ending.reason, session.ending.line) == (e.Reason.USER_CODE_ERROR, line)
    assert 'raise ValueError("not this one")' in session.ending.trace


FAILING = """
    import sys

    import keras

    class AtEpochEnd(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyError("precision")

    class AtEpochBegin(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.check(epoch)

        def check(self, epoch):
            if epoch == 1:
                raise ValueError("not this one")

    class AtTrainEnd(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            return 1 / 0

    class Leaves(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                sys.exit(4)

    class NeedsMore(keras.callbacks.Callback):
        def __init__(self, limit=None):
            raise TypeError("limit must be a number")

    def loss(y_true, y_pred):
        return keras.ops.reshape(y_pred, (-1, 7)) - y_true

    def metric(y_true, y_pred):
        raise NotImplementedError

    def optimizer(learning_rate):
        return keras.optimizers.SGD(learning_rate, momentum="high")
"""


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    return write_code(tmp_path / "failing.py", FAILING)


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("name", "text", "message", "saved_at"),
    [
        ("AtEpochEnd", 'raise KeyError("precision")', "KeyError: 'precision'", (1, NUM_STEPS)),
        ("AtEpochBegin", "raise ValueError", "ValueError: not this one", (1, 0)),
        ("AtTrainEnd", "return 1 / 0", "ZeroDivisionError", (2, 0)),
        ("Leaves", "sys.exit(4)", "SystemExit: 4", (0, 2)),
    ],
)
def test_a_failing_callback_is_named_by_line_and_what_was_trained_is_saved(
    runs: TinyRuns, failing: Path, name: str, text: str, message: str, saved_at: tuple[int, int]
) -> None:
    session = runs.train({"training.callbacks": [component(failing, name)]})
    ending, line = session.ending, line_of(failing, text)
    assert (ending.outcome, ending.reason) == (e.Outcome.FAILED, e.Reason.USER_CODE_ERROR)
    assert (ending.file, ending.line) == (str(failing), line)
    assert f"{failing}:{line}" in ending.message and message in ending.message
    assert text in ending.trace and "keras/src" not in ending.trace
    assert position(session) == saved_at
    assert "checkpoints/last" in ending.saved
    finished = [event.epoch for event in session.all_of(e.EpochEnded)]
    assert ("model/best.keras" in ending.saved) == ("history.csv" in ending.saved) == bool(finished)


@pytest.mark.parametrize(
    ("chosen", "text", "message"),
    [
        ({"training.loss": "loss"}, "keras.ops.reshape", "Error"),
        ({"training.metrics": ["metric"]}, "raise NotImplementedError", "NotImplementedError"),
        ({"training.optimizer": "optimizer"}, "keras.optimizers.SGD", "Error"),
        ({"training.callbacks": ["NeedsMore"]}, "raise TypeError", "TypeError: limit must be a number"),
    ],
    ids=["loss", "metric", "optimizer", "callback"],
)
def test_a_failure_before_the_first_batch_is_named_by_line(
    runs: TinyRuns, failing: Path, chosen: dict[str, Any], text: str, message: str
) -> None:
    ((key, names),) = chosen.items()
    value: Any = component(failing, names) if isinstance(names, str) else [component(failing, names[0])]
    session = runs.train({key: value})
    assert session.ending.reason is e.Reason.USER_CODE_ERROR, session.ending.trace
    assert (session.ending.file, session.ending.line) == (str(failing), line_of(failing, text))
    assert message in session.ending.message
    assert not session.folder.checkpoints_path.exists()


def test_an_epoch_whose_callback_failed_is_not_counted_twice_after_more_epochs(runs: TinyRuns, failing: Path) -> None:
    first = runs.train({"training.callbacks": [component(failing, "AtTrainEnd")]})
    second = runs.go_on(first.folder, {"training.epochs": 3})
    assert [event.epoch for event in second.all_of(e.EpochEnded)] == [3]
    lines = first.folder.history_csv_path.read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in lines] == ["epoch", "1", "2", "3"]


def test_kerass_own_early_stopping_among_the_callbacks_ends_the_run_early(runs: TinyRuns) -> None:
    arguments = {"monitor": "val_loss", "min_delta": 99.5, "patience": 1}
    session = runs.train(
        {"training.epochs": 5, "training.callbacks": [{"name": "EarlyStopping", "arguments": arguments}]}
    )
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.COMPLETED, e.Reason.STOPPED_EARLY)
    assert "Stopped early in epoch 2 of 5" in session.ending.message and "callbacks" in session.ending.message


@pytest.mark.parametrize(
    "key", ["checkpoints.monitor", "training.early_stopping.monitor", "training.reduce_on_plateau.monitor"]
)
def test_watching_an_unknown_figure_is_a_config_error_that_names_the_known_ones(runs: TinyRuns, key: str) -> None:
    enabled = {} if key.startswith("checkpoints") else {f"{key.rpartition('.')[0]}.enabled": True}
    session = runs.train({"training.epochs": 2, key: "val_acc", **enabled})
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.FAILED, e.Reason.CONFIG_ERROR)
    assert f"{key}: There is no figure 'val_acc' to watch." in session.ending.message
    assert "Reported are: accuracy, loss, val_accuracy, val_loss." in session.ending.message
    assert len(session.all_of(e.EpochStarted)) == 1
