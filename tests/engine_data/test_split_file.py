from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.engine.data.prepare import PreparedData
from trainer.engine.data.split_file import require_same_division, write_split
from trainer.errors import DataError

pytestmark = pytest.mark.keras


def test_every_picture_is_listed_with_its_class_and_part(
    prepare: Callable[..., PreparedData], pets: Path, tmp_path: Path
) -> None:
    write_split(tmp_path / "split.csv", prepare())
    with (tmp_path / "split.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert Counter(row["split"] for row in rows) == {"train": 22, "validation": 5}
    assert {Path(row["file"]) for row in rows} == {path for path in pets.rglob("*") if path.is_file()}
    assert all(Path(row["file"]).parent.name == row["class"] for row in rows)


def test_a_run_whose_data_was_divided_otherwise_is_not_continued(
    prepare: Callable[..., PreparedData], pets: Path, tmp_path: Path
) -> None:
    path = tmp_path / "split.csv"
    require_same_division(path, prepare())
    write_split(path, prepare())
    require_same_division(path, prepare())
    next(iter((pets / "cats").iterdir())).unlink()
    with pytest.raises(DataError, match=r"samples that this run was trained on would now be validation samples"):
        require_same_division(path, prepare())
