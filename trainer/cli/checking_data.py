"""The data check of `check`: what there is and what is wrong with it, on the command line."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config
from trainer.catalog.check_data import data_problems, problem_of_data_error
from trainer.config.config import Config
from trainer.config.targets import task_problem
from trainer.data.checks import DataReport, data_check, full_report, problem_counts
from trainer.data.open_data import open_data
from trainer.data.part_samples import trained_first
from trainer.data.sample_index import DataProblem
from trainer.errors import ConfigError, DataError, Problem

_MOST_TOLD_PER_KIND = 20
_MOST_READ = 200
"""Samples that are read to see whether a training would start: about a second's worth."""


@dataclass(frozen=True, slots=True)
class DataCheck:
    """What came of looking at the data of a configuration.

    Attributes:
        report: What is there; `None` where it cannot be opened or divided at all.
        problems: Why a training with it would be refused, by the settings behind it.
    """

    report: DataReport | None
    problems: tuple[Problem, ...]


def check_data(config: Config, base_dir: Path) -> DataCheck:
    """Read the data of a configuration, all of it, and judge it as a training would."""
    try:
        report = full_report(config, open_data(config, base_dir), progress=_progress())
        return DataCheck(report, data_problems(config, report))
    except DataError as error:
        return DataCheck(None, (problem_of_data_error(error, config, base_dir),))
    except ConfigError as error:
        return DataCheck(None, error.problems)


def refusals(config: Config, base_dir: Path) -> tuple[Problem, ...]:
    """Why a training would be refused, as far as some of its samples show; empty where it would start."""
    return _refusals(config, base_dir, lambda: full_report(config, open_data(config, base_dir), most=_MOST_READ))


def refusals_at_once(config: Config, base_dir: Path) -> tuple[Problem, ...]:
    """The same as far as it shows without reading a sample."""
    return _refusals(config, base_dir, lambda: data_check(config, base_dir))


def task_first(config: Config, base_dir: Path, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Problems of settings that do not fit the task, after that of the task where the data is made for another one.

    Args:
        config: The configuration.
        base_dir: Folder that its relative paths start from.
        problems: What `check_config` found. The data is only looked at where a model, loss or metric is among it.
    """
    keys = [problem.key for problem in problems if problem.severity == "error"]
    if config.data.loader.file is not None or not any(key.startswith(("model.", "training.")) for key in keys):
        return problems
    try:
        index = open_data(config, base_dir)["train"]
    except DataError:  # told once the settings are in order
        return problems
    except ConfigError as error:
        return (*(problem for problem in error.problems if problem.key == "project.task"), *problems)
    problem = task_problem(config.project.task, index.target_kind, has_pictures=index.has_pictures)
    return problems if problem is None else (problem, *problems)


def _refusals(config: Config, base_dir: Path, look: Callable[[], DataReport]) -> tuple[Problem, ...]:
    found = tuple(problem for problem in check_config(config, base_dir) if problem.severity == "error")
    if found or config.data.loader.file is not None:
        return task_first(config, base_dir, found)
    try:
        found = data_problems(config, look())
    except DataError as error:
        return (problem_of_data_error(error, config, base_dir),)
    except ConfigError as error:
        return error.problems
    return tuple(problem for problem in found if problem.severity == "error")


def data_lines(config: Config, report: DataReport, base_dir: Path) -> list[str]:
    """The report for a person: counts, problems, and what follows from them."""
    split = trained_first(config).data.split
    lines = [f"data: fold {split.fold} of {split.num_folds}"] if split.fold else []
    lines += [f"data: {line}" for line in report.counts()]
    told: dict[str, int] = {}
    for problem in report.problems:
        told[problem.kind] = told.get(problem.kind, 0) + 1
        if told[problem.kind] <= _MOST_TOLD_PER_KIND:
            lines.append(f"{problem.severity}: {_place(problem, base_dir)}{problem.message}")
    hidden = sum(max(0, number - _MOST_TOLD_PER_KIND) for number in told.values())
    if hidden:
        lines.append(f"… and {hidden:,} more problems; --json lists them all.")
    lines += [f"data: {title}: {number:,}" for title, number in problem_counts(report.problems).items()]
    if report.num_repeated:
        lines.append(f"data: {report.num_repeated:,} samples repeat another of the same part.")
    # What is refused is told among the problems that follow.
    if (left_out := report.left_out()) and not report.refused_places():
        lines.append(f"data: {left_out}")
    return lines


def data_as_json(config: Config, report: DataReport) -> dict[str, Any]:
    """The report for a program."""
    split = trained_first(config).data.split
    parts = [
        {
            "name": part.name,
            "num_samples": part.num_samples,
            "num_left_out": len(part.left_out),
            "is_held_out": part.is_held_out,
            "class_counts": dict(zip(part.index.class_names, part.class_counts.tolist(), strict=False)),
        }
        for part in report.parts
    ]
    return {
        "fold": split.fold,
        "num_folds": split.num_folds if split.fold else 0,
        "parts": parts,
        "problems": [dataclasses.asdict(problem) for problem in report.problems],
        "num_read": report.num_read,
        "num_repeated": report.num_repeated,
        "left_out": report.left_out(),
    }


def _place(problem: DataProblem, base_dir: Path) -> str:
    path = Path(problem.file)
    file = str(path.relative_to(base_dir)) if problem.file and path.is_relative_to(base_dir) else problem.file
    named = ", ".join(text for text in (file, problem.place) if text)
    return f"{named}: " if named else ""


def _progress() -> Any:
    """Says how far it is on a terminal, in one line; nothing where standard error is a file."""
    is_shown = sys.stderr.isatty()

    def show(done: int, total: int) -> None:
        if is_shown and total:
            end = "\r\x1b[K" if done >= total else ""
            print(f"\rReading sample {done:,} of {total:,}{end}", end="", file=sys.stderr, flush=True)

    return show
