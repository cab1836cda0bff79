"""The data check before the first epoch says what matters most, once, and costs little."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from tests.data.sample_indexes import class_index, data_config
from trainer.data import start_check
from trainer.data.part_samples import PartSamples, divided_parts
from trainer.data.sample_index import DataProblem
from trainer.data.start_check import StartCheck, check_before_start
from trainer.data.statistics import never


@pytest.fixture
def parts(tmp_path: Path) -> tuple[PartSamples, ...]:
    """Training and validation data in folders of their own; a picture of each class is in both."""
    train = class_index(tmp_path / "train", {"cat": 4, "dog": 4})
    validation = class_index(tmp_path / "val", {"cat": 3, "dog": 3}, 1)
    for name in ("cat/001.png", "dog/002.png"):
        shutil.copy(tmp_path / "train" / name, tmp_path / "val" / name)
    return divided_parts(data_config(), {"train": train, "validation": validation})


def checked(parts: tuple[PartSamples, ...], *known: DataProblem) -> StartCheck:
    return check_before_start(parts, known, never)


def test_samples_in_two_parts_are_counted_in_the_summary_and_named_one_by_one(
    parts: tuple[PartSamples, ...], tmp_path: Path
) -> None:
    found = checked(parts)
    assert found.summary == (
        "2 of 6 validation samples are in another part of the data too: the validation figures will look better than "
        "they are."
    )
    assert [problem.file for problem in found.problems] == [
        str(tmp_path / "val" / "cat" / "001.png"),
        str(tmp_path / "val" / "dog" / "002.png"),
    ]


def test_what_was_told_before_is_summed_up_but_not_told_again(parts: tuple[PartSamples, ...]) -> None:
    train, _ = parts
    leak = DataProblem("leaking_column", "The column id alone tells species in every row.", severity="warning")
    faulty = DataProblem("unreadable", "It is broken.", "cat/001.png")
    index = dataclasses.replace(train.index, problems=(leak, faulty))
    found = checked((dataclasses.replace(train, index=index),), leak, faulty)
    assert found.summary == leak.message
    assert not found.problems


def test_a_class_without_validation_samples_is_told(parts: tuple[PartSamples, ...]) -> None:
    train, validation = parts
    found = checked((train, dataclasses.replace(validation, rows=validation.rows[:1])))
    assert found.summary == "The class dog has no sample in the validation data: its figures say nothing about it."


def test_of_large_data_duplicates_are_not_looked_for(
    parts: tuple[PartSamples, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_check, "MOST_COMPARED", 13)
    assert checked(parts) == StartCheck((), "")
    monkeypatch.setattr(start_check, "MOST_COMPARED", 14)
    assert len(checked(parts).problems) == 2


def test_only_a_search_for_duplicates_that_was_begun_is_cut_short(
    parts: tuple[PartSamples, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_before_start(parts, (), lambda: True).is_cut_short
    monkeypatch.setattr(start_check, "MOST_COMPARED", 13)
    assert not check_before_start(parts, (), lambda: True).is_cut_short
