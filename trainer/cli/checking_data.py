"""The data check of `check`: what there is and what is wrong with it, on the command line."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

from trainer.config.config import Config
from trainer.data.checks import DataReport, full_report, problem_counts
from trainer.data.open_data import open_data
from trainer.data.sample_index import DataProblem
from trainer.errors import ConfigError, DataError

_MOST_TOLD_PER_KIND = 20


def check_data(config: Config, base_dir: Path) -> DataReport | str:
    """Read the data of a configuration; why it cannot be used, where it cannot."""
    try:
        return full_report(config, open_data(config, base_dir), progress=_progress())
    except DataError as error:
        return str(error)
    except ConfigError as error:
        return "; ".join(str(problem) for problem in error.problems)


def data_lines(report: DataReport, base_dir: Path) -> list[str]:
    """The report for a person: counts, problems, and what follows from them."""
    lines = [f"data: {line}" for line in report.counts()]
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
    if left_out := report.left_out():
        lines.append(f"data: {left_out}")
    return lines


def data_as_json(report: DataReport) -> dict[str, Any]:
    """The report for a program."""
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
        "parts": parts,
        "problems": [dataclasses.asdict(problem) for problem in report.problems],
        "num_read": report.num_read,
        "num_repeated": report.num_repeated,
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
