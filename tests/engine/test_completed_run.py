"""One whole run and everything it leaves: log, events, files, models, TensorBoard."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.engine.tiny import NUM_STEPS, NUM_VALIDATION, Session, TinyRuns, draw_pictures
from trainer.runs import events as e
from trainer.runs.follow import read_run
from trainer.runs.state import Status

pytestmark = pytest.mark.keras

EPOCHS = 4


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Four epochs; the learning rate falls after the second and every later one; test data is looked at."""
    folder = tmp_path_factory.mktemp("completed")
    changes = {
        "data.test_dir": str(draw_pictures(folder / "test", per_class=3, seed=9)),
        "training.epochs": EPOCHS,
        "training.metrics": ["accuracy", "F1Score"],
        "training.early_stopping.enabled": True,
        "training.reduce_on_plateau": {"enabled": True, "patience": 1, "min_delta": 99.0},
        "checkpoints.keep_every_epochs": 3,
        "output.tensorboard": True,
    }
    return TinyRuns(folder, pictures).train(changes)


def pixels_of(files: list[str]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(file)) for file in files]).astype("float32")


def split_table(run: Session) -> list[dict[str, str]]:
    with run.folder.split_path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def samples_of(run: Session, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and classes of a split, in the order of the published table."""
    rows = [row for row in split_table(run) if row["split"] == split]
    names = run.only(e.DataLoaded).class_names
    return pixels_of([row["file"] for row in rows]), np.array([names.index(row["class"]) for row in rows])


def test_it_completes_with_its_reason(run: Session) -> None:
    assert (run.ending.outcome, run.ending.reason) == (e.Outcome.COMPLETED, e.Reason.ALL_EPOCHS_DONE)
    assert "All 4 epochs are done" in run.ending.message


def test_log_lines_come_with_the_documented_tags_in_the_documented_order(run: Session) -> None:
    figures = r"loss: 1.2345"
    expected = [
        "[TRAINING] Loading datasets...",
        "[TRAINING] Training dataset loaded successfully",
        "[TRAINING] Validation dataset loaded successfully",
        "[MODEL] Building model...",
        "[MODEL] Model built successfully: small_cnn",
        "[MODEL] Model parameters: 299",
        "[MODEL] Model compiled successfully",
        "[TRAINING] Setting up callbacks...",
        "[TRAINING] Setup 5 callbacks for training",
        "[TRAINING] Starting standard training for 4 epochs",
        *(f"[TRAINING] Epoch {number}/4 - {figures}" for number in range(1, EPOCHS + 1)),
        "[TRAINING] Training completed",
    ]
    said = iter(run.lines)
    for line in expected:
        beginning = line.removesuffix("1.2345")
        assert any(candidate.startswith(beginning) for candidate in said), f"missing, or too late: {line}"


def test_an_epochs_log_line_gives_training_before_validation_figures(run: Session) -> None:
    metrics = run.all_of(e.EpochEnded)[1].metrics
    assert list(metrics) == ["loss", "accuracy", "f1_score", "val_loss", "val_accuracy", "val_f1_score"]
    figures = " - ".join(f"{name}: {value:.4f}" for name, value in metrics.items())
    assert f"[TRAINING] Epoch 2/4 - {figures}" in run.lines


def test_every_file_of_the_published_format_is_there(run: Session) -> None:
    published = """run.json config.yaml events.jsonl commands.jsonl log.txt
        history.csv history.json curves.png split.csv
        checkpoints/last/manifest.json checkpoints/best/manifest.json checkpoints/epoch_0003/manifest.json
        model/best.keras model/final.keras model/model.json tensorboard/train tensorboard/validation"""
    missing = [name for name in published.split() if not (run.folder.path / name).exists()]
    assert missing == []
    assert {path for path in run.ending.saved if not (run.folder.path / path).exists()} == set()
    assert {"model/best.keras", "model/final.keras", "checkpoints/last", "history.csv"} <= set(run.ending.saved)
    unfinished = [path for path in run.folder.path.rglob("*") if ".aside" in path.name or path.suffix == ".tmp"]
    assert unfinished == []


def test_events_tell_the_whole_run_in_order(run: Session) -> None:
    phases = [event.phase for event in run.all_of(e.PhaseStarted)]
    first = [e.Phase.READING_DATA, e.Phase.BUILDING_MODEL, e.Phase.COMPILING, e.Phase.FIRST_BATCH, e.Phase.TRAINING]
    assert phases[:5] == first
    assert phases[-2:] == [e.Phase.SAVING, e.Phase.TESTING]
    assert phases.count(e.Phase.VALIDATING) == EPOCHS
    loaded = run.only(e.DataLoaded)
    assert (loaded.num_train, loaded.num_validation, loaded.num_test) == (27, NUM_VALIDATION, 9)
    assert loaded.class_names == ("blue", "green", "red") and loaded.cache == "memory"
    started = run.only(e.TrainingStarted)
    assert (started.epochs, started.steps_per_epoch, started.batch_size) == (EPOCHS, NUM_STEPS, 8)
    assert (started.monitor, started.mode) == ("val_loss", "min")
    assert [event.epoch for event in run.all_of(e.EpochStarted)] == [1, 2, 3, 4]
    last_batches = {event.epoch: event for event in run.all_of(e.BatchesEnded)}
    for ended in run.all_of(e.EpochEnded):
        assert last_batches[ended.epoch].step == NUM_STEPS
        assert last_batches[ended.epoch].metrics["loss"] == pytest.approx(ended.metrics["loss"])


def test_a_reader_of_the_folder_sees_the_completed_run(run: Session) -> None:
    follower = read_run(run.folder.path)
    assert follower.status() is Status.COMPLETED
    assert [record.metrics for record in follower.state.epochs] == [event.metrics for event in run.all_of(e.EpochEnded)]
    assert set(follower.state.checkpoints) == {"last", "best", "epoch_0003"}
    assert follower.state.evaluations.keys() == {"test"}
    assert follower.num_unknown_events == 0


def test_history_files_hold_exactly_the_figures_of_the_events(run: Session) -> None:
    epochs = run.all_of(e.EpochEnded)
    expected = [
        {"epoch": x.epoch, "learning_rate": x.learning_rate, "duration_s": x.duration_s, **x.metrics} for x in epochs
    ]
    with run.folder.history_csv_path.open(encoding="utf-8") as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    assert rows == expected
    result = json.loads(run.folder.history_json_path.read_text(encoding="utf-8"))
    for name, series in result["history"].items():
        assert series == [row[name] for row in expected]
    best = min(epochs, key=lambda event: event.metrics["val_loss"])
    assert (result["best_epoch"], result["best_value"]) == (best.epoch, best.metrics["val_loss"])
    assert result["best_monitor"] == "val_loss"
    assert result["epochs_trained"] == EPOCHS and result["stopped_early"] is False
    assert result["training_time"] == pytest.approx(sum(event.duration_s for event in epochs))
    assert result["best_accuracy"] == max(event.metrics["val_accuracy"] for event in epochs)
    assert Path(result["experiment_dir"]) == run.folder.path


def test_curves_are_a_picture_with_one_plot_per_figure(run: Session) -> None:
    with Image.open(run.folder.curves_path) as picture:
        assert picture.format == "PNG"
        width, height = picture.size
        colours = len(picture.convert("RGB").resize((200, 50)).getcolors(maxcolors=10_000))
    assert width / height > 4  # loss, accuracy, F1 score and learning rate, side by side
    assert colours > 20


def test_an_epoch_is_best_when_its_validation_loss_is_the_lowest_so_far(run: Session) -> None:
    lowest = math.inf
    for event in run.all_of(e.EpochEnded):
        assert event.is_best == (event.metrics["val_loss"] < lowest)
        lowest = min(lowest, event.metrics["val_loss"])
    manifest = json.loads((run.folder.checkpoints_path / "best" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["metrics"]["val_loss"] == lowest


def test_a_lowered_learning_rate_is_told_and_used_from_the_next_epoch_on(run: Session) -> None:
    rates = [event.learning_rate for event in run.all_of(e.EpochEnded)]
    assert rates == pytest.approx([0.01, 0.01, 0.005, 0.0025])
    changed = [event.learning_rate for event in run.all_of(e.LearningRateChanged)]
    assert changed == pytest.approx([0.005, 0.0025, 0.00125])
    assert any("Learning rate lowered to 0.005: val_loss has not improved" in line for line in run.lines)


def scalars(folder: Path) -> dict[str, list[float]]:
    """Values by tag, ordered by step; TensorBoard's own reader."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    reader = EventAccumulator(str(folder))
    reader.Reload()
    found = {}
    for tag in reader.Tags()["tensors"]:
        points = reader.Tensors(tag)
        assert [point.step for point in points] == [1, 2, 3, 4]
        found[tag] = [float(make_ndarray(point.tensor_proto)) for point in points]
    return found


def test_tensorboard_shows_the_same_figures(run: Session) -> None:
    epochs = run.all_of(e.EpochEnded)
    train = scalars(run.folder.tensorboard_path / "train")
    validation = scalars(run.folder.tensorboard_path / "validation")
    for name in ("loss", "accuracy", "f1_score"):
        assert train[f"epoch_{name}"] == pytest.approx([x.metrics[name] for x in epochs])
        assert validation[f"epoch_{name}"] == pytest.approx([x.metrics[f"val_{name}"] for x in epochs])
    assert train["epoch_learning_rate"] == pytest.approx([x.learning_rate for x in epochs])
    assert train["epoch_duration_s"] == pytest.approx([x.duration_s for x in epochs], rel=0.2, abs=0.05)
    assert all(1e7 < value < 1e12 for value in train["memory_bytes"])
    assert set(validation) == {"epoch_loss", "epoch_accuracy", "epoch_f1_score"}


# ---------------------------------------------------------------- models


def load(run: Session, name: str) -> Any:
    import keras

    return keras.models.load_model(run.folder.model_path / name, safe_mode=True)


def evaluate(model: Any, samples: tuple[np.ndarray, np.ndarray]) -> dict[str, float]:
    """Figures as a person would get them, with nothing but Keras."""
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    figures: dict[str, float] = model.evaluate(*samples, batch_size=8, verbose=0, return_dict=True)
    return figures


def test_the_split_table_names_every_picture_once(run: Session) -> None:
    rows = split_table(run)
    counts = {name: sum(row["split"] == name for row in rows) for name in ("train", "validation", "test")}
    assert counts == {"train": 27, "validation": 9, "test": 9}
    assert len({row["file"] for row in rows}) == 45


def test_the_final_model_gives_the_last_epochs_validation_figures(run: Session) -> None:
    # The final model has the best weights, as early stopping is on; here these are the last epoch's.
    epochs = run.all_of(e.EpochEnded)
    assert epochs[-1].is_best
    figures = evaluate(load(run, "final.keras"), samples_of(run, "validation"))
    assert figures["loss"] == pytest.approx(epochs[-1].metrics["val_loss"], abs=1e-5)
    assert figures["accuracy"] == pytest.approx(epochs[-1].metrics["val_accuracy"], abs=1e-5)


def test_the_test_figures_are_those_of_the_best_model(run: Session) -> None:
    told = run.only(e.Evaluated)
    figures = evaluate(load(run, "best.keras"), samples_of(run, "test"))
    assert told.split == "test"
    assert told.metrics["loss"] == pytest.approx(figures["loss"], abs=1e-5)
    assert told.metrics["accuracy"] == pytest.approx(figures["accuracy"], abs=1e-5)


@pytest.mark.parametrize("name", ["best.keras", "final.keras"])
def test_a_saved_model_takes_plain_pixels_and_needs_none_of_our_code(run: Session, name: str) -> None:
    model = load(run, name)
    colours = np.array([(40, 60, 200), (50, 190, 60), (200, 50, 40)], "float32")
    pictures = np.tile(colours[:, None, None], (1, 12, 12, 1))
    scores = np.asarray(model.predict(pictures, verbose=0))
    np.testing.assert_allclose(scores.sum(-1), 1, rtol=1e-5)
    assert scores.argmax(-1).tolist() == [0, 1, 2]
    assert getattr(model, "optimizer", None) is None
    modules = {layer.__module__.partition(".")[0] for layer in model.layers}
    assert modules == {"keras"}


def test_what_is_needed_to_use_the_model_is_written_beside_it(run: Session) -> None:
    info = json.loads((run.folder.model_path / "model.json").read_text(encoding="utf-8"))
    assert info["class_names"] == ["blue", "green", "red"]
    assert (info["input"]["height"], info["input"]["width"], info["input"]["channels"]) == (12, 12, 3)
    assert info["output"] == {"activation": "softmax"}
