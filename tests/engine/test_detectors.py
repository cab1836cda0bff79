"""The detectors: what they learn from, what they give, that they survive a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.engine.tiny import TinyRuns
from trainer.data.samples.sample_boxes import write_shape_boxes
from trainer.engine.models.detection.detector import BoxDetector
from trainer.engine.models.zoo.light_detector import LightDetector
from trainer.engine.training.control import StoppedNow
from trainer.engine.training.detection_figures import DetectionFigures
from trainer.errors import ConfigError, DataError
from trainer.runs import events as e

SIDE = 64


def squares(num_pictures: int, seed: int = 0) -> tuple[Any, dict[str, Any]]:
    """Dark pictures with one or two plain squares, red or blue, and their boxes padded to three."""
    random = np.random.default_rng(seed)
    pictures = random.integers(0, 40, (num_pictures, SIDE, SIDE, 3)).astype(np.float32)
    boxes = np.full((num_pictures, 3, 4), -1, np.float32)
    labels = np.full((num_pictures, 3), -1, np.int32)
    for number in range(num_pictures):
        for place in range(1 + number % 2):
            side, label = int(random.integers(12, 28)), int(random.integers(2))
            left, top = int(random.integers(2 + 32 * place, 34 * (1 + place) - side)), int(random.integers(0, 36))
            pictures[number, top : top + side, left : left + side, 2 * label] = 230
            boxes[number, place], labels[number, place] = (left, top, left + side, top + side), label
    return pictures, {"boxes": boxes, "labels": labels}


@pytest.fixture
def make_light() -> Callable[..., Any]:
    """Makes a tiny detector for the squares."""
    keras.utils.set_random_seed(1)
    scale = keras.layers.Rescaling(1 / 255)
    return lambda shape=(SIDE, SIDE, 3): LightDetector(shape, 2, scale, filters=8, num_blocks=1, num_head_layers=1)


def loss_of(model: Any, pictures: Any, truth: dict[str, Any], weights: Any = None) -> float:
    outputs = model(pictures, training=False)
    return float(model.compute_loss(x=pictures, y=truth, y_pred=outputs, sample_weight=weights))


class Session(SimpleNamespace):
    """As much of a training session as the figures need."""

    def __init__(self, model: Any, batches: Any, *, stop: str | None = None, every: int = 1) -> None:
        super().__init__(
            model=model,
            data=SimpleNamespace(validation=batches, class_names=("red", "blue")),
            config=SimpleNamespace(training=SimpleNamespace(validate_every_epochs=every, epochs=20)),
            control=SimpleNamespace(stop=stop),
        )

    def evaluation_dataset(self, split: Any, *, whole: bool) -> Any:
        assert whole
        return split


@pytest.mark.slow
def test_the_light_detector_learns_to_find_squares(make_light: Callable[..., Any], tmp_path: Path) -> None:
    model = make_light()
    pictures, truth = squares(64)
    batches = tf.data.Dataset.from_tensor_slices((pictures, truth)).batch(16)
    model.compile(keras.optimizers.Adam(0.01))
    losses = model.fit(batches, epochs=14, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    callback = DetectionFigures(Session(model, batches))  # type: ignore[arg-type]
    callback.set_model(model)
    figures: dict[str, float] = {}
    callback.on_epoch_end(0, figures)
    assert figures["val_map50"] > 0.75
    assert set(figures) == {"val_map50", "val_map", "val_ap_red", "val_ap_blue"}
    found = model.decode(model.predict(pictures[:4], verbose=0), confidence_threshold=0.3)
    assert found.boxes.shape[0] == 4 and np.asarray(found.labels).max() <= 1

    model.bare().save(tmp_path / "light.keras")
    loaded = keras.models.load_model(tmp_path / "light.keras")
    assert type(loaded) is type(model) and not loaded.compiled
    for mine, theirs in zip(model(pictures[:2]).values(), loaded(pictures[:2]).values(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)
    assert loss_of(loaded, pictures[:4], {name: value[:4] for name, value in truth.items()}) > 0


def test_the_loss_knows_objects_by_their_labels_alone(make_light: Callable[..., Any]) -> None:
    model = make_light()
    pictures, truth = squares(4)
    plain = loss_of(model, pictures, truth)
    padding = {"boxes": ((0, 0), (0, 5), (0, 0)), "labels": ((0, 0), (0, 5))}
    longer = {name: np.pad(value, padding[name], constant_values=-1) for name, value in truth.items()}
    assert loss_of(model, pictures, longer) == pytest.approx(plain, rel=1e-5)
    turned = {name: value[:, ::-1] for name, value in truth.items()}
    assert loss_of(model, pictures, turned) == pytest.approx(plain, rel=1e-5)
    empty = {"boxes": np.full_like(truth["boxes"], -1), "labels": np.full_like(truth["labels"], -1)}
    assert 0 < loss_of(model, pictures, empty) < 50
    assert loss_of(model, pictures, truth, weights=np.zeros(4)) == 0


def test_a_picture_of_uneven_sides_and_one_channel_is_covered_to_its_borders(make_light: Callable[..., Any]) -> None:
    model = make_light((50, 83, 1))
    outputs = model(np.zeros((2, 50, 83, 1), np.float32))
    # Rows and columns of cells at 8, 16 and 32 pixels, the last of which reach beyond the picture.
    assert outputs["boxes"].shape == (2, 7 * 11 + 4 * 6 + 2 * 3, 4)
    points = model.get_layer("boxes").points
    assert points.max(axis=0).tolist() == [88, 56]
    found = np.asarray(model.decode(outputs, confidence_threshold=0.0, iou_threshold=1.0).boxes)
    assert found[..., 2].max() <= 83 and found[..., 3].max() <= 50


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_low_precision_leaves_boxes_and_loss_exact(make_light: Callable[..., Any], precision: str) -> None:
    keras.mixed_precision.set_global_policy(precision)
    try:
        model = make_light()
        model.compile("adam", run_eagerly=True)
        pictures, truth = squares(4)
        loss = model.train_on_batch(pictures, truth)
        assert np.isfinite(loss)
        outputs = model(pictures)
        assert {keras.backend.standardize_dtype(value.dtype) for value in outputs.values()} == {"float32"}
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_figures_of_boxes_are_made_only_where_there_was_a_validation(make_light: Callable[..., Any]) -> None:
    model = make_light()
    callback = DetectionFigures(Session(model, [squares(2)], every=2))  # type: ignore[arg-type]
    callback.set_model(model)
    first: dict[str, float] = {"loss": 1.0}
    callback.on_epoch_end(0, first)
    second: dict[str, float] = {"loss": 1.0}
    stopped = DetectionFigures(Session(model, [], stop="after_epoch"))  # type: ignore[arg-type]
    stopped.set_model(model)
    stopped.on_epoch_end(0, second)
    assert first == {"loss": 1.0}
    assert second == {"loss": 1.0, "val_map50": 0.0, "val_map": 0.0}


def test_stop_now_does_not_wait_for_the_figures(make_light: Callable[..., Any]) -> None:
    callback = DetectionFigures(Session(make_light(), [squares(2)], stop="now"))  # type: ignore[arg-type]
    callback.set_model(callback._session.model)
    with pytest.raises(StoppedNow):
        callback.on_epoch_end(0, {})


def write_voc(folder: Path, num_pictures: dict[str, int]) -> Path:
    """Drawn shapes and their boxes in the layout of Pascal VOC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.data.samples.sample_boxes._NUM_PICTURES", num_pictures)
        write_shape_boxes(folder)
    return folder


@pytest.mark.slow
def test_a_run_is_judged_by_the_boxes_it_finds(runs: TinyRuns, tmp_path: Path) -> None:
    arguments = {"filters": 4, "num_blocks": 1, "num_head_layers": 1}
    detection = {
        "project.task": "object_detection",
        "data.train_dir": str(write_voc(tmp_path / "shapes", {"train": 8, "val": 4, "test": 4})),
        "data.image_size": [64, 64],
        "model.architecture": {"name": "LightDetector", "arguments": arguments},
        "training.epochs": 2,
    }
    session = runs.train(detection)
    assert session.ending.reason == e.Reason.ALL_EPOCHS_DONE, session.ending.message
    started = session.only(e.TrainingStarted)
    assert (started.monitor, started.mode) == ("val_map50", "max")
    for epoch in session.all_of(e.EpochEnded):
        assert {"loss", "val_loss", "val_map50", "val_map", "val_ap_star"} <= set(epoch.metrics)
    assert {"loss", "map50", "map"} <= set(session.only(e.Evaluated).metrics)
    model = keras.models.load_model(session.folder.model_path / "final.keras")
    found = model.decode(model.predict(np.zeros((1, 64, 64, 3)), verbose=0))
    assert found.boxes.shape == (1, 100, 4)

    with pytest.raises(ConfigError, match="A detector has its own loss"):
        runs.create(detection | {"training.metrics": ["accuracy"]})


@pytest.mark.slow
def test_retina_net_learns_from_the_same_labels_and_survives_a_file(tmp_path: Path) -> None:
    from trainer.engine.models.zoo.retina_net import RetinaNet

    keras.utils.set_random_seed(1)
    scale = keras.layers.Rescaling(1 / 255)
    with pytest.raises(DataError, match=r"'unheard_of' could not be loaded.*leave 'preset' empty"):
        RetinaNet((SIDE, SIDE, 3), 2, scale, preset="unheard_of")
    odd, (pictures, truth) = RetinaNet((33, 50, 3), 2, scale, num_head_layers=1), squares(2)
    truth["boxes"][truth["labels"] >= 0] = (4, 6, 24, 30)
    assert 0 < loss_of(odd, pictures[:, :33, :50], truth) < 10
    assert all(part.shape[1] == 774 for part in odd.candidates(odd(pictures[:, :33, :50])))
    model = RetinaNet((SIDE, SIDE, 3), 2, scale, num_head_layers=1)
    assert isinstance(model, BoxDetector)
    pictures, truth = squares(8)
    empty = {"boxes": np.full((1, 3, 4), -1, np.float32), "labels": np.full((1, 3), -1, np.int32)}
    assert 0 <= loss_of(model, pictures[:1], empty) < 20
    before = loss_of(model, pictures, truth)
    model.compile(keras.optimizers.Adam(1e-3))
    losses = [float(model.train_on_batch(pictures, truth)) for _ in range(8)]
    assert losses[0] == pytest.approx(before, rel=0.5) and losses[-1] < 0.6 * losses[0]
    model.bare().save(tmp_path / "retina.keras")
    loaded = keras.models.load_model(tmp_path / "retina.keras")
    mine, theirs = model.decode(model(pictures)), loaded.decode(loaded(pictures))
    np.testing.assert_allclose(mine.confidences, theirs.confidences, atol=1e-4)
    assert mine.boxes.shape == (8, 100, 4)
