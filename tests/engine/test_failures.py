"""Data and settings that only show themselves when training begins: trained as well as possible, or refused clearly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.engine.tiny import TinyRuns, draw_pictures, run_session
from trainer.runs import events as e

pytestmark = pytest.mark.keras


@pytest.fixture
def own_pictures(tmp_path: Path) -> Path:
    """Pictures that a test may spoil."""
    return draw_pictures(tmp_path / "own", per_class=4)


def test_a_batch_larger_than_the_data_is_one_batch_per_epoch(runs: TinyRuns) -> None:
    session = runs.train({"data.batch_size": 500, "training.epochs": 1})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    assert session.only(e.TrainingStarted).steps_per_epoch == 1
    assert session.all_of(e.BatchesEnded)[-1].step == 1


def test_without_validation_the_training_loss_decides_what_is_best(runs: TinyRuns) -> None:
    stopping = {"training.early_stopping.enabled": True, "training.reduce_on_plateau.enabled": True}
    session = runs.train({"data.validation_fraction": 0.0, **stopping})
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    assert session.only(e.TrainingStarted).monitor == "loss"
    assert list(session.all_of(e.EpochEnded)[-1].metrics) == ["loss", "accuracy"]
    assert session.only(e.DataLoaded).num_validation == 0
    assert "[TRAINING] Validation dataset loaded successfully" not in session.lines
    assert {"model/best.keras", "curves.png"} <= set(session.ending.saved)


def test_a_single_class_is_refused(runs: TinyRuns, own_pictures: Path) -> None:
    for name in ("blue", "green"):
        shutil.rmtree(own_pictures / name)
    session = runs.train({"data.train_dir": str(own_pictures)})
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.FAILED, e.Reason.DATA_ERROR)
    assert str(own_pictures) in session.ending.message and "class" in session.ending.message


def test_a_class_whose_pictures_cannot_be_read_is_refused(runs: TinyRuns, own_pictures: Path) -> None:
    for path in (own_pictures / "green").iterdir():
        path.write_bytes(b"no picture")
    session = runs.train({"data.train_dir": str(own_pictures), "data.max_unreadable_fraction": 1.0})
    assert session.ending.reason is e.Reason.DATA_ERROR
    assert "green" in session.ending.message and "can be read" in session.ending.message


def test_one_unreadable_picture_is_named_and_left_out(runs: TinyRuns, own_pictures: Path) -> None:
    (own_pictures / "red" / "02.png").write_bytes(b"no picture")
    changes = {"data.train_dir": str(own_pictures), "data.max_unreadable_fraction": 0.2, "training.epochs": 1}
    session = runs.train(changes)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE
    assert session.only(e.DataLoaded).num_unreadable == 1
    assert any("02.png" in event.message for event in session.all_of(e.Noticed))


def test_a_folder_that_went_away_since_the_start_is_named(runs: TinyRuns, own_pictures: Path) -> None:
    folder = runs.create({"data.train_dir": str(own_pictures)})
    shutil.rmtree(own_pictures)
    session = run_session(folder, resume=False)
    assert session.ending.reason is e.Reason.DATA_ERROR
    assert str(own_pictures) in session.ending.message
    assert session.ending.advice == "Correct the data or the data settings and start again."


def test_a_damaged_configuration_in_the_run_folder_is_a_config_error(runs: TinyRuns) -> None:
    folder = runs.create()
    folder.config_path.write_text("training:\n  epochs: many\n", encoding="utf-8")
    session = run_session(folder, resume=False)
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.FAILED, e.Reason.CONFIG_ERROR)
    assert "config.yaml: line 2: training.epochs" in session.ending.message


def test_a_model_that_keras_refuses_is_a_config_error(runs: TinyRuns) -> None:
    arguments = {"filters": 0}
    session = runs.train({"model.architecture": {"name": "SmallCNN", "arguments": arguments}})
    assert session.ending.reason is e.Reason.CONFIG_ERROR
    assert "SmallCNN refused its arguments" in session.ending.message and "filters" in session.ending.message


def test_missing_pretrained_weights_end_the_run_with_advice(runs: TinyRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*arguments: object, **options: object) -> None:
        raise Exception("URL fetch failure: [Errno -3] Temporary failure in name resolution")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    session = runs.train({"model.architecture": "MobileNet", "model.pretrained": True, "data.image_size": [128, 128]})
    assert session.ending.reason is e.Reason.DATA_ERROR
    assert "ImageNet weights of MobileNet could not be loaded" in session.ending.message
    assert "switch off 'Pretrained on ImageNet'" in session.ending.message


def test_memory_that_runs_out_is_told_with_advice(runs: TinyRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    def no_memory(*arguments: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[32,512,512,64]")

    monkeypatch.setattr("trainer.engine.training.standard_loop.StandardLoop._fit", no_memory)
    session = runs.train()
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.FAILED, e.Reason.OUT_OF_MEMORY)
    assert "batch size" in session.ending.advice


def test_an_unforeseen_error_still_ends_the_run_with_its_trace(runs: TinyRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    def surprise(*arguments: object) -> None:
        raise RuntimeError("the unforeseen")

    monkeypatch.setattr("trainer.engine.training.history.History.draw_curves", surprise)
    session = runs.train({"training.early_stopping.enabled": True})
    assert (session.ending.outcome, session.ending.reason) == (e.Outcome.FAILED, e.Reason.INTERNAL_ERROR)
    assert session.ending.message == "RuntimeError: the unforeseen"
    assert "surprise" in session.ending.trace
    manifest = json.loads((session.folder.checkpoints_path / "last" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["epoch"], manifest["step"]) == (2, 0)
    assert {"model/final.keras", "model/best.keras"} <= {
        str(path.relative_to(session.folder.path)) for path in session.folder.model_path.iterdir()
    }
