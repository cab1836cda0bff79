"""The guide's JSON trains, and the run's log names what became of its keys."""

from __future__ import annotations

import json

import pytest

from tests.engine.tiny import TinyRuns, run_session
from tests.trainer.test_config_foreign import GUIDE
from trainer.config.document import load_text
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate
from trainer.launch import create_run
from trainer.runs import events as e

pytestmark = pytest.mark.keras


def test_the_guides_json_trains_and_its_log_names_what_became_of_the_keys(runs: TinyRuns) -> None:
    loaded = load_text(json.dumps(GUIDE))
    small = {"data.image_size": [12, 12], "training.epochs": 2, "output.runs_dir": str(runs.folder / "runs")}
    config = validate(with_overrides(loaded.values, {"data.train_dir": str(runs.pictures), **small}))
    folder = create_run(config, runs.folder, migration_notes=loaded.notes)
    session = run_session(folder, resume=False)
    assert session.ending.reason is e.Reason.ALL_EPOCHS_DONE, session.ending.message + session.ending.trace
    assert [line for line in session.lines if line.startswith("[CONFIG]")] == [
        f"[CONFIG] {note}" for note in loaded.notes
    ]
    assert "[CONFIG] model.architecture 'custom_cnn' became model.architecture SmallCNN." in session.lines


def test_a_continued_run_does_not_repeat_them(runs: TinyRuns) -> None:
    folder = create_run(
        load_text(f"data: {{train_dir: {runs.pictures}, image_size: [12, 12]}}\ntraining: {{epochs: 1}}").require(),
        runs.folder,
        migration_notes=("a became b.",),
    )
    assert "[CONFIG] a became b." in run_session(folder, resume=False).lines
    continued = runs.go_on(folder, {"training.epochs": 2})
    assert not any(line.startswith("[CONFIG]") for line in continued.lines)
