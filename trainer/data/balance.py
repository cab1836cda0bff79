"""Classes that are much rarer than others: weights for them, or samples repeated or left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.config.class_weights import SEVERAL_CLASSES, parse_class_weights, refusal
from trainer.config.sections import BalanceSection
from trainer.config.suggest import did_you_mean
from trainer.data.order import random_order
from trainer.errors import ConfigError, Problem

_STREAM = 3
"""What sets the random numbers of balancing apart from those of the division and of the order."""


@dataclass(frozen=True, slots=True)
class ClassBalance:
    """One class before and after balancing.

    Attributes:
        name: The class.
        before: Samples in the data.
        after: Samples per epoch.
        weight: How much each of them counts in the loss.
    """

    name: str
    before: int
    after: int
    weight: float = 1.0


def balance_summary(
    labels: NDArray[np.generic], class_names: Sequence[str], section: BalanceSection, seed: int
) -> tuple[ClassBalance, ...]:
    """What balancing does to each class, for the log and the Data page.

    Args:
        labels: Class of every training sample, shape (samples,).
        class_names: Classes by number.
        section: The section `data.balance`.
        seed: The run's seed.

    Raises:
        ConfigError: The samples cannot be balanced like that.
    """
    num_classes = len(class_names)
    before = class_counts(labels, num_classes)
    after, weights = before, np.ones(num_classes, np.float32)
    if section.method == "class_weights":
        weights = class_weights(labels, num_classes, section, class_names)
    elif section.method != "none":
        rows, _ = balanced_rows(labels, section, seed)
        after = class_counts(np.asarray(labels)[rows], num_classes)
    columns = zip(class_names, before.tolist(), after.tolist(), weights.tolist(), strict=True)
    return tuple(ClassBalance(*row) for row in columns)


def class_counts(labels: NDArray[np.generic], num_classes: int) -> NDArray[np.int64]:
    """How often each class occurs: int64, shape (classes,).

    Args:
        labels: Class of every sample, shape (samples,), or 0 and 1 for each of several, shape (samples, classes).
        num_classes: Number of classes.
    """
    if labels.ndim == 2:
        return np.asarray(np.asarray(labels, np.int64).sum(axis=0), np.int64)
    return np.bincount(np.asarray(labels, np.int64), minlength=num_classes).astype(np.int64)


def class_weights(
    labels: NDArray[np.generic], num_classes: int, section: BalanceSection, class_names: Sequence[str]
) -> NDArray[np.float32]:
    """How much each class counts in the loss.

    Args:
        labels: As in `class_counts`.
        num_classes: Number of classes.
        section: Says where the weights come from.
        class_names: Classes by number.

    Returns:
        float32, shape (classes,). Weights from frequencies average to 1 over the samples, so that the loss keeps its
        size; with `inverse_frequency` they are those of scikit-learn's `compute_class_weight("balanced", ...)`.

    Raises:
        ConfigError: Given weights name an unknown class, or are no numbers.
    """
    return weights_of_counts(class_counts(labels, num_classes), section, class_names)


def weights_of_counts(
    counts: NDArray[np.int64], section: BalanceSection, class_names: Sequence[str]
) -> NDArray[np.float32]:
    """As `class_weights`, from how often each class occurs: in samples, or in pixels of masks."""
    if section.weighting == "given":
        return given_weights(section.class_weights, class_names)
    weights = np.ones(len(counts), np.float64)
    occurs = counts > 0
    if not occurs.any():
        return weights.astype(np.float32)
    if section.weighting == "inverse_frequency":
        weights[occurs] = 1.0 / counts[occurs]
    else:
        # Cui et al., Class-Balanced Loss Based on Effective Number of Samples, 2019, equation 2.
        beta = section.effective_number_beta
        weights[occurs] = (1.0 - beta) / (1.0 - beta ** counts[occurs])
    weights[occurs] *= counts.sum() / (weights[occurs] * counts[occurs]).sum()
    return weights.astype(np.float32)


def given_weights(text: str, class_names: Sequence[str]) -> NDArray[np.float32]:
    """Weights by class from a text such as `cat=2, dog=0.5`; classes that it does not name have 1.

    Raises:
        ConfigError: It names no class, an unknown one or one twice, or a weight is no number of at least 0.
    """
    weights = np.ones(len(class_names), np.float32)
    numbers = {name: number for number, name in enumerate(class_names)}
    for name, weight in parse_class_weights(text).items():
        if name not in numbers:
            listed = ", ".join(list(class_names)[:8]) + (" …" if len(class_names) > 8 else "")
            raise refusal(f"There is no class '{name}'.{did_you_mean(name, class_names)} The classes are {listed}.")
        weights[numbers[name]] = weight
    if not weights.any():
        raise refusal("All weights are 0, so nothing would be learned. Give at least one class a larger weight.")
    return weights


def balanced_rows(
    labels: NDArray[np.generic], section: BalanceSection, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which samples make up an epoch once classes are balanced.

    Every sample of a class is repeated as often as every other of it, or once more.

    Args:
        labels: Class of every sample, shape (samples,).
        section: Its method is `oversample`, `variations` or `undersample`.
        seed: Decides which are repeated once more, or left out.

    Returns:
        rows: int64: places in `labels`. The originals in their order first, then the copies by class.
        is_copy: bool, same shape: it repeats an original.

    Raises:
        ConfigError: Samples have several classes each.
    """
    if labels.ndim != 1:
        raise ConfigError((Problem("data.balance.method", SEVERAL_CLASSES),))
    classes = np.asarray(labels, np.int64)
    counts = np.bincount(classes)
    members = [np.flatnonzero(classes == number) for number in range(len(counts))]
    shuffled = [rows[random_order(len(rows), seed, _STREAM, number)] for number, rows in enumerate(members)]
    if section.method == "undersample":
        kept = np.sort(np.concatenate([np.zeros(0, np.int64), *_kept(shuffled, counts, section.target_ratio)]))
        return kept, np.zeros(len(kept), bool)
    # A ratio such as 0.3 of 10 is 3 and not 4, whatever binary fractions make of it.
    wanted = math.ceil(round(section.target_ratio * int(counts.max(initial=0)), 6))
    missing = [max(0, wanted - len(rows)) if len(rows) else 0 for rows in shuffled]
    copies = [np.resize(rows, count) for rows, count in zip(shuffled, missing, strict=True) if count]
    rows = np.concatenate([np.arange(len(classes)), *copies]).astype(np.int64)
    return rows, np.arange(len(rows)) >= len(classes)


def _kept(shuffled: list[NDArray[np.int64]], counts: NDArray[np.int64], ratio: float) -> list[NDArray[np.int64]]:
    smallest = int(counts[counts > 0].min()) if counts.any() else 0
    most = math.floor(round(smallest / ratio, 6))
    return [rows[:most] for rows in shuffled]
