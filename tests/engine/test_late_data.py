"""Runs on so many files that they are read while training, which a low limit makes of a few."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny import TinyRuns, draw_pictures
from trainer.engine.data import verify
from trainer.runs import events as e

pytestmark = pytest.mark.keras


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A folder of pictures, and one of them that is cut off and not looked at before training."""
    monkeypatch.setattr(verify, "MOST_DECODED", 0)
    monkeypatch.setattr(verify, "MOST_LOOKED_AT", 2)
    folder = draw_pictures(tmp_path / "own")
    file = folder / "green" / "05.png"
    file.write_bytes(file.read_bytes()[:90])
    return folder, file


def test_a_broken_file_is_left_out_named_and_counted(runs: TinyRuns, broken: tuple[Path, Path]) -> None:
    folder, file = broken
    session = runs.train({"data.train_dir": str(folder), "data.cache": "off"})
    assert session.ending.outcome is e.Outcome.COMPLETED, session.ending.message
    assert [event.epoch for event in session.all_of(e.EpochEnded)] == [1, 2]
    (notice,) = [event.message for event in session.all_of(e.Noticed) if "could not be read" in event.message]
    assert notice.startswith("1 picture of the train data could not be read while training and is left out: ")
    assert str(file) in notice
    assert sum(f"Unreadable: {file}: " in line for line in session.lines) == 1


@pytest.mark.usefixtures("every_batch_reported")
def test_what_was_decoded_before_a_stop_is_there_for_the_next_run(
    runs: TinyRuns, broken: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A worker ends without what Python does at its own end.
    monkeypatch.setattr("trainer.engine.data.late_rows._Written.close", lambda _written: None)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))

    def stop_at_once(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded):
            control.request_stop("now")

    session = runs.train({"data.train_dir": str(broken[0]), "data.cache": "disk"}, react=stop_at_once)
    assert session.ending.reason is e.Reason.STOPPED_NOW
    (note,) = (tmp_path / "cache").rglob("there.npy")
    assert np.load(note).sum() >= 8


def test_too_many_broken_files_end_the_run_and_it_goes_on_with_good_copies(
    runs: TinyRuns, broken: tuple[Path, Path]
) -> None:
    folder, file = broken
    session = runs.train({"data.train_dir": str(folder), "data.max_unreadable_fraction": 0.0})
    assert session.ending.reason is e.Reason.DATA_ERROR
    assert "1 of 36 pictures in the train data" in session.ending.message
    assert str(file) in session.ending.message
    file.write_bytes((folder / "green" / "06.png").read_bytes())
    again = runs.go_on(session.folder)
    assert again.ending.outcome is e.Outcome.COMPLETED, again.ending.message
