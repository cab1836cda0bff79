"""Settings of how samples are divided and balanced."""

from __future__ import annotations

from typing import Literal

from trainer.config.component import Component
from trainer.config.fields import Section, setting


class SplitSection(Section):
    """How samples are divided into training, validation and test."""

    method: Literal["auto", "stratified", "random", "group"] = setting(
        "auto",
        "Divide by",
        "stratified takes the same share of every class; random ignores classes; group keeps samples that belong "
        "together, such as those of one patient, in one part. auto is stratified where every sample has one class, "
        "and random elsewhere.",
    )
    group_by: str = setting(
        "",
        "Group by",
        "What belongs together: the name of a column, or for pictures a regular expression whose first group, found in "
        "the file's path, names it, such as (patient\\d+).",
        visible_when=("method", "group"),
    )
    test_fraction: float = setting(
        0.0,
        "Test share",
        "Share of the samples held out for the test at the end, where there is no test folder.",
        ge=0,
        lt=1,
    )
    seed: int | None = setting(
        None,
        "Seed of the division",
        "Start of the random division. Empty: the seed of the run.",
        ge=0,
        le=2**31 - 1,
        advanced=True,
    )
    num_folds: int = setting(
        0,
        "Cross-validation folds",
        "Divide the samples into so many parts and train once per part, validating on it. The folds are runs of their "
        "own; the mean and deviation of their figures are reported. 0: no cross-validation.",
        unit="folds",
        ge=0,
        le=100,
        advanced=True,
    )
    fold: int = setting(
        0,
        "Only this fold",
        "Train this fold alone, counted from 1. 0: all of them, one after the other.",
        ge=0,
        le=100,
        advanced=True,
    )

    @property
    def trains_all_folds(self) -> bool:
        """Whether a start means a cross-validation: one run per fold."""
        return self.num_folds > 0 and self.fold == 0


class BalanceSection(Section):
    """What is done about classes that are much rarer than others. Only training samples are touched."""

    method: Literal["none", "class_weights", "oversample", "undersample", "variations"] = setting(
        "none",
        "Balance classes",
        "class_weights lets rare classes count more in the loss; oversample shows their samples more often; "
        "undersample leaves out samples of frequent classes; variations adds changed copies of rare pictures.",
    )
    weighting: Literal["inverse_frequency", "effective_number", "given"] = setting(
        "inverse_frequency",
        "Weights from",
        "inverse_frequency weighs every class the same in sum; effective_number is milder for large classes "
        "(Cui et al., 2019); given takes the weights below.",
        visible_when=("method", "class_weights"),
    )
    effective_number_beta: float = setting(
        0.999,
        "Beta",
        "How fast further samples of a class stop to count, for effective_number.",
        ge=0,
        lt=1,
        visible_when=("weighting", "effective_number"),
        advanced=True,
    )
    class_weights: str = setting(
        "",
        "Class weights",
        "Weight of each class, such as cat=2, dog=0.5; classes left out have 1.",
        visible_when=("weighting", "given"),
    )
    target_ratio: float = setting(
        1.0,
        "Target ratio",
        "For oversample and variations: samples of every class, at least, divided by those of the largest. For "
        "undersample: samples of the smallest class divided by those of every class, at least. 1 makes all equal.",
        gt=0,
        le=1,
    )
    intensity: Literal["light", "medium", "heavy"] = setting(
        "medium",
        "Variation strength",
        "How far the added copies differ from their original: that strength of data.augmentation, on top of what is "
        "set there.",
        visible_when=("method", "variations"),
    )
    variation_steps: tuple[Component, ...] = setting(
        (),
        "Further variations",
        "Augmentation steps, or your own functions, that are applied to the added copies alone, after the strength.",
        component="augmentation",
        visible_when=("method", "variations"),
        advanced=True,
    )
