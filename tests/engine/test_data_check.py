"""The data check of a run: before its first epoch, once, and never in its way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.engine.tiny import TinyRuns, draw_pictures
from trainer.runs import events as e

pytestmark = pytest.mark.keras

NOTICE = (
    "1 of 6 validation samples is in another part of the data too: the validation figures will look better than they "
    "are. 'gardener check' and the Data page name them."
)


@pytest.fixture
def leaking(tmp_path: Path, pictures: Path) -> Path:
    """Validation pictures, one of which is trained on."""
    folder = draw_pictures(tmp_path / "val", per_class=2, seed=1)
    shutil.copy(pictures / "red" / "05.png", folder / "red" / "01.png")
    return folder


def test_a_picture_that_is_trained_and_validated_on_is_told_once_before_the_first_epoch(
    runs: TinyRuns, leaking: Path
) -> None:
    session = runs.train({"data.val_dir": str(leaking), "training.epochs": 1})
    kinds = [type(event) for event in session.events]
    (notice,) = session.all_of(e.Noticed)
    assert (notice.level, notice.message) == ("warning", NOTICE)
    assert kinds.index(e.Noticed) < kinds.index(e.TrainingStarted)
    (line,) = [line for line in session.lines if str(leaking / "red" / "01.png") in line]
    assert "is in the train data too, as red/05.png" in line
    again = runs.go_on(session.folder, {"training.epochs": 2})
    assert again.ending.outcome is e.Outcome.COMPLETED
    assert not again.all_of(e.Noticed)


def test_a_failure_of_the_check_is_logged_and_training_goes_on(runs: TinyRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("trainer.engine.training.data_check.check_before_start", fail)
    session = runs.train({"training.epochs": 1})
    assert session.ending.outcome is e.Outcome.COMPLETED
    assert any("The data check failed" in line and "a bug" in line for line in session.lines)


def test_a_validation_figure_without_validation_is_refused_before_the_first_epoch(runs: TinyRuns) -> None:
    session = runs.train({"data.validation_fraction": 0, "checkpoints.monitor": "val_loss"})
    assert session.ending.reason is e.Reason.CONFIG_ERROR
    assert "checkpoints.monitor: There is no validation data" in session.ending.message
    assert not session.all_of(e.TrainingStarted)
