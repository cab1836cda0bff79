from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainer.config.config import Config
from trainer.data.epoch_length import count_steps_per_epoch


def steps(folder: Path, training: dict[str, Any] | None = None, **data: Any) -> int | None:
    values = {"data": {"train_dir": str(folder), "batch_size": 2, **data}, "training": training or {}}
    return count_steps_per_epoch(Config.model_validate(values), folder)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, 2),
        ({"validation_fraction": 0}, 3),
        ({"batch_size": 1, "validation_fraction": 0.4}, 3),
        ({"batch_size": 1, "split": {"test_fraction": 0.2}}, 3),
        ({"train_dir": "nowhere"}, None),
        ({"train_dir": ""}, None),
        ({"balance": {"method": "oversample"}}, None),
        ({"loader": {"name": "mine", "file": "mine.py"}}, None),
    ],
)
def test_steps_follow_from_the_files(cats_and_dogs: Path, data: dict[str, Any], expected: int | None) -> None:
    assert steps(cats_and_dogs, **data) == expected


def test_a_limit_of_batches_counts(cats_and_dogs: Path) -> None:
    assert steps(cats_and_dogs, {"max_train_batches": 1}) == 1


def test_lists_of_the_data_set_count(shared_data: Path) -> None:
    values = {"project": {"task": "object_detection"}, "data": {"train_dir": str(shared_data / "bccd")}}
    assert count_steps_per_epoch(Config.model_validate(values), Path()) == 7  # 205 pictures, 32 at a time
