"""Whole trainings on masks: figures by class, and going on inside an epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.engine.tiny import Session, TinyRuns
from trainer.runs import events as e

pytestmark = pytest.mark.keras

CLASSES = ["ground", "stain"]
NUM_PICTURES = 12
FIGURES = {"loss", "pixel_accuracy", "mean_iou", "mean_dice", "dice_ground", "dice_stain"}


@pytest.fixture(scope="module")
def stains(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey pictures of 13 × 18 with a bright stain each; one column of every mask is not counted."""
    folder = tmp_path_factory.mktemp("stains")
    random = np.random.default_rng(0)
    for part in ("images", "masks"):
        (folder / part).mkdir()
    for number in range(NUM_PICTURES):
        mask = np.zeros((13, 18), np.uint8)
        top, left = random.integers(0, 7), random.integers(0, 10)
        mask[top : top + 6, left : left + 8] = 1
        pixels = 60 + 120 * mask + random.integers(-30, 30, mask.shape)
        mask[:, -1] = 255
        Image.fromarray(pixels.astype(np.uint8)).save(folder / "images" / f"{number:02}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number:02}.png")
    (folder / "classes.txt").write_text("\n".join(CLASSES))
    return folder


@pytest.fixture
def mask_runs(tmp_path: Path, stains: Path) -> MaskRuns:
    return MaskRuns(tmp_path, stains)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, stains: Path) -> Session:
    """Eight epochs in one go."""
    return MaskRuns(tmp_path_factory.mktemp("whole"), stains).train({"training.epochs": 8})


class MaskRuns(TinyRuns):
    """Trains a tiny U-Net on the stains."""

    def create(self, changes: Any = None) -> Any:
        """A run folder that waits for a worker."""
        own = {
            "project.task": "image_segmentation",
            "data.image_size": [13, 18],
            "data.color_mode": "grayscale",
            "data.batch_size": 3,
            "model.architecture": {"name": "UNet", "arguments": {"filters": 4, "depth": 1}},
        }
        return super().create(own | dict(changes or {}))


def test_a_run_reports_dice_of_each_class_by_name_and_learns(whole: Session) -> None:
    assert whole.ending.reason is e.Reason.ALL_EPOCHS_DONE, whole.ending.trace
    epochs = whole.all_of(e.EpochEnded)
    assert set(epochs[-1].metrics) == FIGURES | {f"val_{name}" for name in FIGURES}
    assert epochs[-1].metrics["dice_stain"] > 0.9 > epochs[0].metrics["dice_stain"]
    assert epochs[-1].metrics["loss"] < epochs[0].metrics["loss"]
    assert any("val_dice_stain: " in line for line in whole.lines)


def test_another_loss_trains_too_and_metrics_can_be_of_one_class(mask_runs: MaskRuns) -> None:
    metrics = [{"name": "MeanMaskIoU", "arguments": {"class_id": 1}}, {"name": "BoundaryF1"}]
    changes = {"training.epochs": 1, "training.loss": "MaskDiceCrossentropy", "training.metrics": metrics}
    session = mask_runs.train(changes)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.trace
    figures = session.only(e.EpochEnded).metrics
    assert set(figures) == {"loss", "iou_stain", "boundary_f1", "val_loss", "val_iou_stain", "val_boundary_f1"}
    assert np.isfinite(list(figures.values())).all()


def test_figures_of_an_epoch_that_was_stopped_twice_are_those_of_one_that_was_not(
    mask_runs: MaskRuns, whole: Session, every_batch_reported: None
) -> None:
    def stop_at_second(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and event.step == 2:
            control.request_stop("now")

    def stop_in_validation(control: Any, event: Any) -> None:
        if isinstance(event, e.PhaseStarted) and event.phase is e.Phase.VALIDATING:
            control.request_stop("now")

    first = mask_runs.train({"training.epochs": 1}, stop_at_second)
    assert first.ending.reason is e.Reason.STOPPED_NOW, first.ending.trace
    second = mask_runs.go_on(first.folder, react=stop_in_validation)
    assert second.only(e.TrainingStarted).initial_step == 2 and second.all_of(e.EpochEnded) == []
    third = mask_runs.go_on(first.folder)
    assert third.all_of(e.BatchesEnded) == []
    expected = whole.all_of(e.EpochEnded)[0].metrics
    assert third.only(e.EpochEnded).metrics == pytest.approx(expected, abs=1e-5)
