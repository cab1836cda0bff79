"""Divides samples into training, validation and test: at random, by class, by group, or into folds."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.config.sections import SplitSection
from trainer.data.order import random_order
from trainer.data.split import stratified_split
from trainer.errors import ConfigError, Problem

Rows = NDArray[np.int64]
_VALIDATION, _TEST, _FOLDS = (), (1,), (2,)
"""What sets the random numbers of one division apart from those of another."""


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """Which samples are in which part; each sorted.

    Attributes:
        train: int64, the rows to train on.
        validation: The rows held out for validation; may be none.
        test: The rows held out for the test; may be none.
    """

    train: Rows
    validation: Rows
    test: Rows


@dataclass(frozen=True, slots=True, eq=False)
class DivisibleSamples:
    """What dividing needs to know of the samples.

    Attributes:
        rows: int64, the samples that can be used, in their order.
        labels: int32, shape (all samples,), where every sample has one class.
        groups: int64, shape (all samples,), where it is known what belongs together.
    """

    rows: Rows
    labels: NDArray[np.int32] | None = None
    groups: NDArray[np.int64] | None = None


def divide_samples(samples: DivisibleSamples, config: Config, parts: Container[str]) -> Division:
    """Divide the training data of a configuration.

    Args:
        samples: All of them.
        config: Its section `data` says how; `runtime.seed` decides what is random.
        parts: Has `validation` and `test` in it where there is data of their own.

    Raises:
        ConfigError: The samples cannot be divided like that.
    """
    return divide_rows(
        samples,
        config.data.split,
        config.runtime.seed,
        validation_fraction=config.data.validation_fraction,
        has_own_validation="validation" in parts,
        has_own_test="test" in parts,
    )


def divide_rows(
    samples: DivisibleSamples,
    split: SplitSection,
    seed: int,
    *,
    validation_fraction: float,
    has_own_validation: bool,
    has_own_test: bool,
) -> Division:
    """Divide samples as a configuration says.

    The test is held out first, whatever the fold is; then the fold's part, or the share for validation.

    Args:
        samples: All of them.
        split: The section `data.split`.
        seed: Decides the division where `split.seed` does not.
        validation_fraction: Share to hold out for validation.
        has_own_validation: There is validation data of its own, so that none is held out.
        has_own_test: There is test data of its own.

    Raises:
        ConfigError: The samples cannot be divided like that.
    """
    method = _method(samples, split)
    seed = seed if split.seed is None else split.seed
    rows, test = samples.rows, np.zeros(0, np.int64)
    if split.test_fraction and not has_own_test:
        rows, test = _held_out(samples, rows, method, split.test_fraction, seed, _TEST)
    if split.num_folds and split.fold:
        if has_own_validation:
            message = "The data brings validation samples of its own, on which no fold can validate. Choose 0 folds."
            raise ConfigError((Problem("data.split.num_folds", message),))
        train, validation = _fold(samples, rows, method, split, seed)
    elif has_own_validation:
        train, validation = rows, np.zeros(0, np.int64)
    else:
        train, validation = _held_out(samples, rows, method, validation_fraction, seed, _VALIDATION)
    return Division(train, validation, test)


def _method(samples: DivisibleSamples, split: SplitSection) -> str:
    if split.method == "auto":
        return "random" if samples.labels is None else "stratified"
    if split.method == "stratified" and samples.labels is None:
        message = "The samples have no single class each, so they cannot be divided by class. Choose random or group."
        raise ConfigError((Problem("data.split.method", message),))
    if split.method == "group" and samples.groups is None:
        message = "Nothing says which samples belong together. Give the column, or the part of the file names, here."
        raise ConfigError((Problem("data.split.group_by", message),))
    return split.method


def _held_out(
    samples: DivisibleSamples, rows: Rows, method: str, fraction: float, seed: int, stream: tuple[int, ...]
) -> tuple[Rows, Rows]:
    """Rows that are kept and rows that are held out, each sorted."""
    if method == "stratified":
        assert samples.labels is not None
        kept, held_out = stratified_split(samples.labels[rows], fraction, seed, *stream)
        return rows[kept], rows[held_out]
    most = len(rows) - 1
    wanted = min(most, max(1, round(len(rows) * fraction))) if fraction > 0 and most > 0 else 0
    if method == "random":
        is_held_out = np.zeros(len(rows), bool)
        is_held_out[random_order(len(rows), seed, *stream)[:wanted]] = True
    else:
        assert samples.groups is not None
        is_held_out = _whole_groups(samples.groups[rows], wanted, seed, stream)
    return rows[~is_held_out], rows[is_held_out]


def _whole_groups(groups: NDArray[np.int64], wanted: int, seed: int, stream: tuple[int, ...]) -> NDArray[np.bool_]:
    """Groups in random order, as many as come closest to the wanted number of samples.

    One is always kept, and one is held out where there are two: the smallest, if each is far too large.
    """
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    taken, chosen = 0, np.zeros(len(sizes), bool)
    for group in random_order(len(sizes), seed, *stream)[:-1]:
        if taken >= wanted or abs(taken + sizes[group] - wanted) > abs(taken - wanted):
            continue
        chosen[group] = True
        taken += int(sizes[group])
    if wanted and not taken and len(sizes) > 1:
        chosen[sizes.argmin()] = True
    return chosen[numbers]


def _fold(samples: DivisibleSamples, rows: Rows, method: str, split: SplitSection, seed: int) -> tuple[Rows, Rows]:
    folds = folds_of(samples, rows, method, split.num_folds, seed)
    if split.fold > split.num_folds:
        message = f"There are {split.num_folds} folds, received {split.fold}."
        raise ConfigError((Problem("data.split.fold", message),))
    is_held_out = folds == split.fold - 1
    return rows[~is_held_out], rows[is_held_out]


def folds_of(samples: DivisibleSamples, rows: Rows, method: str, num_folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of every row, from 0.

    Sizes differ by at most one sample, those of each class too if stratified. Groups stay whole: the largest first,
    each into the fold that is smallest so far.

    Raises:
        ConfigError: There are fewer samples or groups than folds.
    """
    groups = samples.groups[rows] if method == "group" and samples.groups is not None else None
    count = len(rows) if groups is None else len(np.unique(groups))
    if count < num_folds:
        what = "samples" if groups is None else "groups"
        message = f"There are only {count} {what} for {num_folds} folds."
        raise ConfigError((Problem("data.split.num_folds", message),))
    order = random_order(len(rows), seed, *_FOLDS)
    folds = np.empty(len(rows), np.int64)
    if groups is not None:
        return _group_folds(groups, num_folds, seed)
    if method == "stratified":
        assert samples.labels is not None
        order = order[np.argsort(samples.labels[rows][order], kind="stable")]
    folds[order] = np.arange(len(rows)) % num_folds
    return folds


def _group_folds(groups: NDArray[np.int64], num_folds: int, seed: int) -> NDArray[np.int64]:
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = random_order(len(sizes), seed, *_FOLDS)
    filled, fold_of_group = np.zeros(num_folds, np.int64), np.empty(len(sizes), np.int64)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        smallest = int(filled.argmin())
        fold_of_group[group] = smallest
        filled[smallest] += sizes[group]
    return fold_of_group[numbers]
