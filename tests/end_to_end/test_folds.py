"""Cross-validation with the real window and real workers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.end_to_end.paths import write_config
from tests.end_to_end.shown_run import PATIENCE_MS, run_path_of, state_of, status_of
from trainer.runs.follow import read_run
from trainer.runs.state import Status

pytestmark = pytest.mark.slow


def test_two_folds_train_one_after_the_other_and_the_end_card_has_mean_and_deviation(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    path = write_config(tmp_path, epochs=1)
    window.files.open(path)
    window.project.set_value("data.split.num_folds", 2)
    qtbot.mouseClick(window.toolbar.widgetForAction(window.actions_["start"]), Qt.MouseButton.LeftButton)
    texts: list[str] = []
    window.train_page.run_state_changed.connect(lambda: texts.append(window.run_status.text.whole_text()))
    qtbot.waitUntil(lambda: state_of(window).end is not None, timeout=PATIENCE_MS)
    end = state_of(window).end
    assert end is not None
    assert status_of(window) is Status.COMPLETED, end.message
    for fold in (1, 2):
        assert any(f"fold {fold} of 2 · epoch 1 of 1" in text for text in texts), texts
    card = window.train_page.view.end_card
    qtbot.waitUntil(card.isVisible, timeout=5_000)
    assert card.summary is not None
    facts = dict(card.summary.facts)
    assert "±" in facts["val_accuracy"]
    assert facts["Folds"] == "2 of 2 done: exp1_fold1 to exp1_fold2"

    run = run_path_of(window)
    summary = json.loads((run / "cross_validation.json").read_text(encoding="utf-8"))
    held_out = []
    for fold in (1, 2):
        child = run.with_name(f"exp1_fold{fold}")
        state = read_run(child).state
        best = state.best_epoch
        assert best is not None
        assert summary["folds"][fold - 1]["metrics"]["val_loss"] == best.metrics["val_loss"]
        rows = (child / "split.csv").read_text(encoding="utf-8").splitlines()
        held_out.append({row.split(",")[0] for row in rows if "validation" in row})
    assert not held_out[0] & held_out[1]
    assert len(held_out[0] | held_out[1]) == 360, "every picture is held out once"
