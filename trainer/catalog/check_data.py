"""What a training refuses about its data, known without Keras: the second half of the check of a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trainer.catalog.augmentation_support import data_step_problems, picture_step_problem
from trainer.catalog.check_monitoring import monitor_problems
from trainer.catalog.class_arguments import class_argument_problems
from trainer.catalog.schedule_limits import schedule_problems
from trainer.catalog.target_support import model_problem, only_for_pictures, takes_tables, target_problems
from trainer.config.config import Config
from trainer.config.paths import resolve
from trainer.config.targets import task_problem
from trainer.data.balance import given_weights
from trainer.data.checks import DataReport
from trainer.data.epoch_length import changes_counts, steps_of
from trainer.data.left_out import WHAT_TO_DO, lost_classes_text
from trainer.data.part_samples import PartSamples, single_labels, usable_rows
from trainer.errors import ConfigError, DataError, Problem

_PLACES = ("data.test_dir", "data.val_dir", "data.train_dir")


def data_problems(config: Config, report: DataReport) -> tuple[Problem, ...]:
    """Why a training with this data would be refused, whose settings alone are in order.

    Args:
        config: The configuration.
        report: What the data check found in its data.
    """
    train = report.parts[0]
    index, kind = train.index, train.index.target_kind
    if problem := task_problem(config.project.task, kind, has_pictures=index.has_pictures):
        return (problem,)
    found = [*unusable_problems(report), *target_problems(config, kind)]
    found += class_argument_problems(config, kind, len(index.class_names))
    found += data_step_problems(config, kind, has_pictures=index.has_pictures)
    found += _model_problems(config, train)
    found += _weight_problems(config, train)
    found += monitor_problems(config, has_validation=any(part.name == "validation" for part in report.parts))
    if not changes_counts(config):
        known = set(schedule_problems(config))
        found += [item for item in schedule_problems(config, steps_of(config, train.num_samples)) if item not in known]
    return tuple(dict.fromkeys(found))


def problem_of_data_error(error: DataError, config: Config, base_dir: Path) -> Problem:
    """The problem of data that cannot be used at all, at the setting that names the folder or file it is about."""
    text = str(error)
    named = ((key, getattr(config.data, key.partition(".")[2])) for key in _PLACES)
    places = [(key, str(resolve(place, base_dir))) for key, place in named if place]
    fitting = [(len(place), key) for key, place in places if place in text]
    return Problem(max(fitting)[1] if fitting else "data.train_dir", text)


def unusable_problems(report: DataReport) -> Iterator[Problem]:
    """Why a training would be refused for samples that cannot be used, whatever else is set."""
    for text in report.refused_places():
        message = f"{text}. {WHAT_TO_DO}"
        yield Problem("data.max_unreadable_fraction", message)
    index = report.parts[0].index
    what = "pictures" if index.has_pictures else "samples"
    if text := lost_classes_text(single_labels(index), usable_rows(index), index.class_names, index.place, what):
        yield Problem("data.train_dir", text)


def _model_problems(config: Config, train: PartSamples) -> Iterator[Problem]:
    index = train.index
    if index.has_pictures:
        if problem := model_problem(config, index.target_kind):
            yield problem
        return
    received = f"inputs of shape ({len(index.feature_names)},)"
    if not takes_tables(config):
        yield only_for_pictures(config, received)
    if problem := picture_step_problem(config, received):
        yield problem


def _weight_problems(config: Config, train: PartSamples) -> Iterator[Problem]:
    balance, names = config.data.balance, train.index.class_names
    if balance.method != "class_weights" or balance.weighting != "given" or not names:
        return
    try:
        given_weights(balance.class_weights, names)
    except ConfigError as error:
        yield from error.problems
