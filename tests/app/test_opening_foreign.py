"""A configuration of another trainer, opened in the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.main_window import MainWindow
from app.training.run_controller import RunController
from tests.end_to_end.paths import write_pictures
from tests.trainer.test_config_foreign import GUIDE
from trainer.runs.folder import RunFolder


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    path = tmp_path / "balanced_config.json"
    path.write_text(json.dumps(GUIDE, indent=4), encoding="utf-8")
    return path


def test_it_is_shown_in_the_current_form_with_what_became_of_its_keys(window: MainWindow, guide: Path) -> None:
    before = guide.read_bytes()
    window.files.open(guide)
    assert window.project.value("training.learning_rate_schedule")["name"] == "Step"
    assert "training.scheduler 'step'" in window.messages.text.text()
    assert window.isWindowModified()
    assert guide.read_bytes() == before


def test_a_json_file_stays_one_when_it_is_edited_and_saved(window: MainWindow, guide: Path) -> None:
    window.files.open(guide)
    window.project.set_value("training.epochs", 3)
    window.project.set_value("model.dropout_rate", 0.4)
    window.actions_["save"].trigger()
    saved = json.loads(guide.read_text(encoding="utf-8"))
    assert (saved["training"]["epochs"], saved["model"]["dropout_rate"]) == (3, 0.4)


def test_its_run_knows_what_became_of_the_keys(
    window: MainWindow, guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[RunFolder] = []

    def take(_: RunController, folder: RunFolder, **options: Any) -> None:
        given.append(folder)

    monkeypatch.setattr(RunController, "_give_to_worker", take)
    write_pictures(tmp_path / "pictures", per_class=4)
    window.files.open(guide)
    window.project.set_value("data.train_dir", str(tmp_path / "pictures"))
    window.actions_["start"].trigger()
    (folder,) = given
    assert any("model.num_classes 2 does not apply" in note for note in folder.read_record().migration_notes)
