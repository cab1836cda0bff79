"""Which samples are trained on, validated on and tested on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from trainer.config.sections import SplitSection
from trainer.data.divide_rows import DivisibleSamples, Division, divide_rows
from trainer.errors import ConfigError

LABELS = np.repeat(np.arange(3, dtype=np.int32), (50, 30, 20))
GROUPS = np.repeat(np.arange(10), 10)


def divide(
    split: dict[str, Any], *, labels: Any = LABELS, groups: Any = None, own_validation: bool = False, rows: int = 100
) -> Division:
    return divide_rows(
        DivisibleSamples(np.arange(rows), labels, groups),
        SplitSection(**split),
        7,
        validation_fraction=0.2,
        has_own_validation=own_validation,
        has_own_test=False,
    )


def every_row_once(division: Division, rows: int = 100) -> bool:
    return sorted([*division.train, *division.validation, *division.test]) == list(range(rows))


def test_classes_give_the_same_share_to_validation_and_test() -> None:
    division = divide({"test_fraction": 0.1})
    assert every_row_once(division)
    assert np.bincount(LABELS[division.test]).tolist() == [5, 3, 2]
    assert np.bincount(LABELS[division.validation]).tolist() == [9, 5, 4]


def test_at_random_the_shares_are_exact_and_follow_the_seed_of_the_division() -> None:
    first = divide({"method": "random", "seed": 1})
    assert len(first.validation) == 20 and every_row_once(first)
    assert first.validation.tolist() == divide({"method": "random", "seed": 1}).validation.tolist()
    assert first.validation.tolist() != divide({"method": "random", "seed": 2}).validation.tolist()
    assert first.validation.tolist() == divide({"seed": 1}, labels=None).validation.tolist()


def test_groups_stay_whole() -> None:
    division = divide({"method": "group", "test_fraction": 0.3}, groups=GROUPS)
    assert every_row_once(division)
    parts = [set(GROUPS[part].tolist()) for part in (division.train, division.validation, division.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert len(division.test) == 30 and len(division.validation) == 10


def test_of_few_large_groups_one_is_held_out_anyway() -> None:
    groups = np.repeat(np.arange(4), (40, 30, 10, 20))
    division = divide({"method": "group"}, groups=groups)
    assert len(division.validation) in (10, 20)
    tiny = divide_rows(
        DivisibleSamples(np.arange(100), None, np.repeat(np.arange(2), (60, 40))),
        SplitSection(method="group"),
        7,
        validation_fraction=0.05,
        has_own_validation=False,
        has_own_test=False,
    )
    assert len(tiny.validation) == 40


@pytest.mark.parametrize("method", ["stratified", "random"])
def test_folds_share_out_all_rows_evenly(method: str) -> None:
    folds = [divide({"method": method, "num_folds": 7, "fold": fold}) for fold in range(1, 8)]
    assert all(every_row_once(fold) for fold in folds)
    assert sorted(np.concatenate([fold.validation for fold in folds])) == list(range(100))
    assert {len(fold.validation) for fold in folds} == {14, 15}
    if method == "stratified":
        counts = np.array([np.bincount(LABELS[fold.validation], minlength=3) for fold in folds])
        assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_every_fold_tests_on_the_same_rows() -> None:
    tests = {tuple(divide({"num_folds": 3, "fold": fold, "test_fraction": 0.1}).test) for fold in (1, 2, 3)}
    assert len(tests) == 1


def test_folds_of_groups_keep_them_whole_and_are_of_like_size() -> None:
    folds = [divide({"method": "group", "num_folds": 3, "fold": n}, groups=GROUPS) for n in (1, 2, 3)]
    assert sorted(len(fold.validation) for fold in folds) == [30, 30, 40]
    assert not set(GROUPS[folds[0].validation]) & set(GROUPS[folds[0].train])


@pytest.mark.parametrize(
    ("split", "options", "message"),
    [
        ({"method": "stratified"}, {"labels": None}, "no single class each"),
        ({"method": "group"}, {}, "Nothing says which samples belong together"),
        ({"num_folds": 20, "fold": 1}, {"labels": None, "rows": 10}, "only 10 samples for 20 folds"),
        ({"method": "group", "num_folds": 11, "fold": 1}, {"groups": GROUPS}, "only 10 groups for 11 folds"),
        ({"num_folds": 3, "fold": 4}, {}, "There are 3 folds, received 4"),
        ({"num_folds": 3, "fold": 1}, {"own_validation": True}, "brings validation samples of its own"),
    ],
)
def test_what_cannot_be_divided_is_said(split: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        divide(split, **options)
