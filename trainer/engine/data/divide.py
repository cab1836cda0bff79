"""From loaded samples to training, validation and test: divided, balanced, and what is wrong with them said."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.divide_rows import DivisibleSamples, Division, divide_samples
from trainer.data.left_out import lost_classes_text
from trainer.data.sample_index import DataProblem
from trainer.engine.data.loaded import LoadedPart
from trainer.engine.data.part import ClassCount
from trainer.engine.data.prepared import ClassCounts, PreparedData, TargetKind
from trainer.engine.data.split import Split
from trainer.engine.data.targets import BoxTargets, ClassTargets, MaskTargets, NumberTargets, Targets
from trainer.engine.data.unreadable import report_unreadable
from trainer.engine.reporting import Reporter
from trainer.errors import DataError

_MOST_TOLD = 20


def prepare_parts(
    config: Config, parts: Mapping[str, LoadedPart], class_names: tuple[str, ...], reporter: Reporter
) -> PreparedData:
    """Divide and balance what a loader gives.

    Args:
        config: Its sections `data.split` and `data.balance` say how; `runtime.seed` decides what is random.
        parts: `train`, and `validation` and `test` where they are of their own.
        class_names: Classes by number; empty where nothing is classified.
        reporter: Told what is left out, how samples are divided, and what is wrong with them.

    Raises:
        DataError: Too many samples are unreadable, or none of a class can be read.
        ConfigError: The samples cannot be divided or balanced like that.
    """
    unreadable = report_unreadable(parts, config.data.max_unreadable_fraction, reporter)
    problems = _told_problems(parts, reporter)
    train = parts["train"]
    rows = train.usable_rows()
    _refuse_lost_classes(train, rows, class_names)
    division = divide_samples(DivisibleSamples(rows, train.labels, train.groups), config, parts)
    own = {f"has_own_{name}": name in parts for name in ("validation", "test")}
    _tell_division(config, train, division, reporter, **own)
    splits = {
        name: _split(part, held_out, class_names)
        for name, part, held_out in (
            ("validation", parts.get("validation", train), division.validation),
            ("test", parts.get("test", train), division.test),
        )
        if name in parts or len(held_out)
    }
    prepared = PreparedData(
        train=_split(train, division.train, class_names, is_own=False),
        validation=splits.get("validation"),
        test=splits.get("test"),
        class_names=class_names,
        unreadable=unreadable,
        cache=train.cache,
        input_shape=train.input_shape,
        num_classes=_num_classes(train.targets, class_names),
        target_kind=kind_of_targets(train.targets, class_names),
        problems=problems,
    )
    return balanced(prepared, config, reporter)


def kind_of_targets(targets: Targets, class_names: tuple[str, ...]) -> TargetKind:
    """What is to be predicted."""
    if isinstance(targets, ClassTargets):
        return "classes"
    if isinstance(targets, NumberTargets):
        return "label_sets" if class_names else "numbers"
    return "masks" if isinstance(targets, MaskTargets) else "boxes"


def balanced(prepared: PreparedData, config: Config, reporter: Reporter) -> PreparedData:
    """The same data with its training samples balanced as `data.balance` says.

    Raises:
        ConfigError: Samples like these cannot be balanced like that.
        DataError: More masks than are tolerated cannot be read when their pixels are counted.
    """
    from trainer.engine.data.balanced_split import balance_training
    from trainer.engine.data.failures import decode_failures_explained

    assert isinstance(prepared.train, Split)
    with decode_failures_explained(prepared):
        train, before, after = balance_training(prepared.train, config, reporter)
    counts = None if before is None or after is None else ClassCounts(before, after)
    return dataclasses.replace(prepared, train=train, class_counts=counts)


def _split(
    part: LoadedPart, rows: NDArray[np.int64], class_names: tuple[str, ...], *, is_own: bool | None = None
) -> Split:
    """Some samples of a part; all usable ones of a part of its own, where no rows were divided off."""
    if is_own is None and not len(rows):
        rows = part.usable_rows()
    return Split(
        place=part.place,
        names=part.names_of(rows),
        inputs=part.inputs,
        rows=rows,
        targets=part.targets.take(rows),
        input_shape=part.input_shape,
        class_names=class_names,
    )


def _num_classes(targets: Targets, class_names: tuple[str, ...]) -> ClassCount:
    if class_names or isinstance(targets, BoxTargets):
        return len(class_names)
    assert isinstance(targets, NumberTargets)
    return 1 if targets.values.ndim == 1 else targets.values.shape[1]


def _told_problems(parts: Mapping[str, LoadedPart], reporter: Reporter) -> tuple[DataProblem, ...]:
    problems = tuple(problem for part in parts.values() for problem in part.problems)
    tell_problems(problems, reporter)
    return problems


def tell_problems(problems: Sequence[DataProblem], reporter: Reporter) -> None:
    """Log the first 20 problems, and how many more there are."""
    for problem in problems[:_MOST_TOLD]:
        where = ", ".join(item for item in (problem.file, problem.place) if item)
        reporter.log("DATA", f"{where}: {problem.message}" if where else problem.message)
    if len(problems) > _MOST_TOLD:
        reporter.log("DATA", f"… and {len(problems) - _MOST_TOLD:,} more problems; the Data page lists all")


def _tell_division(
    config: Config,
    train: LoadedPart,
    division: Division,
    reporter: Reporter,
    *,
    has_own_validation: bool,
    has_own_test: bool,
) -> None:
    what = "pictures" if len(train.input_shape) == 3 else "samples"
    if len(division.test):
        reporter.log("DATA", f"{len(division.test):,} {what} are held out for the test")
    elif config.data.split.test_fraction and not has_own_test:
        reporter.notice("warning", f"There are too few {what}, so none can be held out for the test.")
    split = config.data.split
    if split.num_folds and split.fold:
        reporter.log("DATA", f"Fold {split.fold} of {split.num_folds}")
    elif has_own_validation:
        return
    if len(division.validation):
        reporter.log(
            "DATA",
            f"Training on {len(division.train):,} {what}, validating on {len(division.validation):,} that are held out",
        )
    elif config.data.validation_fraction > 0:
        reporter.notice("warning", f"There are too few {what}, so none can be held out for validation.")


def _refuse_lost_classes(part: LoadedPart, rows: NDArray[np.int64], class_names: tuple[str, ...]) -> None:
    what = "pictures" if len(part.input_shape) == 3 else "samples"
    if text := lost_classes_text(part.labels, rows, class_names, part.place, what):
        raise DataError(text)
