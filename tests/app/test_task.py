"""Choosing a task in the tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.config_tree import ConfigTree
from app.config_tree.editors.component_choices import choices_for
from app.project.project import Project


@pytest.fixture
def project(qtbot: QtBot, tmp_path: Path) -> Iterator[Project]:
    project = Project(recovery_folder=tmp_path / "recovery")
    project.new({"training": {"epochs": 3}})
    yield project
    project.close()


def test_a_task_brings_its_model_in_one_step(project: Project) -> None:
    before = project.text
    project.set_value("project.task", "tabular_regression")
    assert project.value("model.architecture")["name"] == "MLP"
    assert not [problem for problem in project.problems if problem.key == "model.architecture"]
    project.undo()
    assert project.text == before


def test_a_model_of_ones_own_and_one_that_fits_stay(project: Project) -> None:
    for name, file, task in (("mine", "own.py", "image_segmentation"), ("ResNet50", None, "image_classification")):
        project.set_value("model.architecture", {"name": name, "file": file, "arguments": {}})
        project.set_value("project.task", task)
        assert project.value("model.architecture")["name"] == name


def test_a_model_for_another_task_is_refused_with_those_that_fit(project: Project) -> None:
    project.set_text("project: {task: image_segmentation}\nmodel: {architecture: ResNet50}\n")
    (problem,) = [problem for problem in project.problems if problem.key == "model.architecture"]
    assert "ResNet50 is not made for image segmentation" in problem.message
    assert "UNet" in problem.message


def test_models_for_the_task_are_offered(project: Project) -> None:
    def offered() -> set[str]:
        return {choice.name for choice in choices_for("model", project, None)}

    assert "SmallCNN" in offered() and "UNet" not in offered()
    project.set_value("project.task", "image_segmentation")
    assert "UNet" in offered() and "SmallCNN" not in offered()


def test_settings_of_pictures_are_hidden_for_tables_unless_changed(
    qtbot: QtBot, project: Project, tmp_path: Path
) -> None:
    view = ConfigTree(project, QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(view)

    def is_hidden(key: str) -> bool:
        item = view.rows.find(key)
        assert item is not None
        return bool(item.isHidden())

    assert not is_hidden("data.image_size")
    project.set_value("data.color_mode", "grayscale")
    project.set_value("project.task", "tabular_classification")
    qtbot.waitUntil(lambda: is_hidden("data.image_size"))
    assert is_hidden("data.augmentation")
    assert not is_hidden("data.color_mode")


@pytest.mark.parametrize(
    ("task", "hidden"),
    [
        ("image_classification", set()),
        ("image_segmentation", {"pretrained", "dropout_rate"}),
        ("object_detection", {"pretrained", "dropout_rate", "trainable_backbone"}),
        ("tabular_regression", {"pretrained", "dropout_rate", "trainable_backbone"}),
    ],
)
def test_settings_of_the_model_are_shown_where_its_kind_of_network_uses_them(
    qtbot: QtBot, project: Project, tmp_path: Path, task: str, hidden: set[str]
) -> None:
    view = ConfigTree(project, QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(view)
    project.set_value("project.task", task)
    rows = {name: view.rows.find(f"model.{name}") for name in ("pretrained", "dropout_rate", "trainable_backbone")}
    qtbot.waitUntil(lambda: {name for name, item in rows.items() if item is not None and item.isHidden()} == hidden)
    assert rows["dropout_rate"] is not None
    assert "Only for the tasks image classification and custom" in rows["dropout_rate"].row.tooltip()
