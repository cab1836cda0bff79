"""Settings that do nothing for a task are warned of, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.check import check_config
from trainer.catalog.unused_settings import unused_problems
from trainer.config.config import Config
from trainer.config.describe import all_settings
from trainer.config.reference import reference_markdown


def config_of(task: str, **sections: Any) -> Config:
    return Config.model_validate({"project": {"task": task}, **sections})


@pytest.mark.parametrize(
    ("task", "unused"),
    [
        ("image_classification", []),
        ("custom", []),
        ("image_segmentation", ["model.dropout_rate"]),
        ("object_detection", ["model.trainable_backbone", "model.dropout_rate"]),
        ("tabular_regression", ["data.image_size", "model.trainable_backbone", "model.dropout_rate"]),
    ],
)
def test_what_a_tasks_networks_do_not_use_is_warned_of(task: str, unused: list[str]) -> None:
    changed = config_of(task, data={"image_size": [48, 48]}, model={"dropout_rate": 0.4, "trainable_backbone": False})
    found = list(unused_problems(changed))
    assert [problem.key for problem in found] == unused
    assert {problem.severity for problem in found} <= {"warning"}
    assert not list(unused_problems(config_of(task)))


def test_what_is_refused_anyway_is_not_warned_of_as_well(tmp_path: Path) -> None:
    changed = config_of("tabular_classification", model={"pretrained": True}, data={"preprocessing": ["Equalization"]})
    keys = [problem.key for problem in check_config(changed, tmp_path)]
    assert keys.count("model.pretrained") == keys.count("data.preprocessing") == 1


def test_a_section_hands_its_tasks_to_its_rows_and_the_reference_says_so_once() -> None:
    settings = all_settings()
    assert settings["data.augmentation.zoom_fraction"].tasks == settings["data.image_size"].tasks
    assert settings["data.image_size"].tasks_text() == "Only for pictures."
    assert settings["training.epochs"].tasks_text() == ""
    lines = reference_markdown().splitlines()
    (zoom,) = [line for line in lines if line.startswith("| `zoom_fraction`")]
    assert "Only for pictures" not in zoom
    assert "Random changes to training pictures. Only for pictures." in lines
