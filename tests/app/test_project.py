"""The open project: its text, its edits, its undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.project import Project
from trainer.errors import ConfigError

WRITTEN = """\
# written by hand
training:
  epochs: 5   # few
  optimizer: {name: AdamW, arguments: {weight_decay: 1e-4}}
"""


@pytest.fixture
def project(tmp_path: Path, qapp) -> Iterator[Project]:
    project = Project(recovery_folder=tmp_path / "recovery")
    yield project
    project.close()


def given(project: Project, folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(text.encode())
    project.open(path)
    return path


def test_an_edit_keeps_comments_and_everything_else(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, WRITTEN)
    project.set_value("training.epochs", 7)
    assert project.text == WRITTEN.replace("epochs: 5 ", "epochs: 7 ")


def test_value_is_the_own_one_or_the_default(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, WRITTEN)
    assert project.value("training.epochs") == 5
    assert project.value("data.batch_size") == 32
    assert project.value("data.val_dir") is None


def test_setting_the_default_writes_nothing(project: Project) -> None:
    project.set_value("data.batch_size", 32)
    assert project.text == ""
    assert not project.can_undo


def test_false_is_not_taken_for_zero(project: Project) -> None:
    project.set_value("data.augmentation.zoom_fraction", False)
    assert project.text.endswith("zoom_fraction: false\n")
    assert project.problems[0].key == "data.augmentation.zoom_fraction"


def test_reset_takes_the_key_and_empty_sections_away(project: Project) -> None:
    project.set_value("data.augmentation.zoom_fraction", 0.1)
    project.reset("data.augmentation.zoom_fraction")
    assert project.text.strip() in ("", "{}")
    assert project.value("data.augmentation.zoom_fraction") == 0.0


def test_emptying_an_optional_setting_takes_it_out(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, "data: {train_dir: a, val_dir: b}\n")
    project.set_value("data.val_dir", None)
    assert project.text == "data: {train_dir: a}\n"


def test_an_argument_of_a_default_component_writes_the_component_with_its_name(project: Project) -> None:
    project.set_value("training.optimizer.arguments.beta_1", 0.5)
    assert project.value("training.optimizer") == {"name": "Adam", "arguments": {"beta_1": 0.5}}
    assert [problem.key for problem in project.problems] == ["data.train_dir"]


def test_an_argument_of_a_listed_name_keeps_the_other_items(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, "training:\n  metrics: [AUC, Accuracy]\n")
    project.set_value("training.metrics.0.arguments.num_thresholds", 50)
    assert project.value("training.metrics") == [{"name": "AUC", "arguments": {"num_thresholds": 50}}, "Accuracy"]


@pytest.mark.parametrize(
    "text",
    [
        "model:\n  model_name: ResNet-50\n",
        "config = {'training': {'epochs': 3}}\n",
    ],
    ids=["older form", "python dictionary"],
)
def test_the_first_edit_of_a_foreign_form_makes_it_current(project: Project, tmp_path: Path, text: str) -> None:
    given(project, tmp_path, text)
    before = {key: project.value(key) for key in ("model.architecture", "training.epochs")}
    project.set_value("data.batch_size", 8)
    assert project.loaded.notes == ()
    assert {key: project.value(key) for key in before} == before
    assert project.value("data.batch_size") == 8
    project.undo()
    assert project.text == text


def test_undo_and_redo_walk_through_the_edits(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, WRITTEN)
    project.set_value("training.epochs", 7)
    project.set_value("data.batch_size", 8)
    both = project.text
    project.undo()
    assert project.value("data.batch_size") == 32
    project.undo()
    assert project.text == WRITTEN
    assert not project.can_undo
    project.redo()
    project.redo()
    assert project.text == both
    assert not project.can_redo


def test_quick_edits_of_one_setting_are_one_step(project: Project) -> None:
    for epochs in (16, 17, 18):
        project.set_value("training.epochs", epochs)
    project.undo()
    assert project.value("training.epochs") == 15


def test_edits_of_one_setting_with_a_pause_between_are_two_steps(project: Project) -> None:
    seconds = iter((0.0, 60.0))
    project.history._clock = lambda: next(seconds)
    project.set_value("training.epochs", 16)
    project.set_value("training.epochs", 17)
    project.undo()
    assert project.value("training.epochs") == 16


def test_unreadable_text_is_kept_and_the_last_values_stay_to_be_seen(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, WRITTEN)
    project.set_text(WRITTEN + "data: [\n")
    assert project.text == WRITTEN + "data: [\n"
    assert not project.is_readable
    assert project.value("training.epochs") == 5
    with pytest.raises(ConfigError, match="Not valid YAML"):
        project.set_value("training.epochs", 9)
    project.undo()
    assert project.is_readable


def test_problems_carry_their_line(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, "data:\n  train_dir: nowhere\ntraining:\n  loss: FancyLoss\n")
    lines = {problem.key: problem.line for problem in project.problems}
    assert lines == {"data.train_dir": 2, "training.loss": 4}


def test_a_folder_made_later_is_seen_by_a_recheck(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, "data: {train_dir: pictures}\n")
    assert project.problems
    (tmp_path / "pictures").mkdir()
    project.recheck()
    assert project.problems == ()


def test_is_changed_compares_with_the_default(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, "training: {epochs: 15, optimizer: Adam, loss: Huber}\n")
    assert not project.is_changed("training.epochs")
    assert not project.is_changed("training.optimizer")
    assert project.is_changed("training.loss")
    assert not project.is_changed("data.batch_size")


def test_new_forgets_the_file_and_the_history(project: Project, tmp_path: Path) -> None:
    given(project, tmp_path, WRITTEN)
    project.set_value("training.epochs", 7)
    project.new({"data": {"train_dir": "pictures"}})
    assert project.path is None
    assert not project.can_undo
    assert project.value("data.train_dir") == "pictures"
    assert not project.is_dirty, "what was given can be had again"


def test_signals_tell_what_changed(project: Project, tmp_path: Path, qtbot) -> None:
    given(project, tmp_path, WRITTEN)
    with qtbot.waitSignals([project.changed, project.problems_changed, project.dirty_changed]):
        project.set_value("training.epochs", -1)
    with qtbot.assertNotEmitted(project.changed):
        project.set_value("training.epochs", -1)
