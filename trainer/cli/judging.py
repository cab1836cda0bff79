"""`check`: whether a configuration and its data can be trained, without training."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config
from trainer.cli import EXIT_BAD_INPUT, EXIT_OK, add_settings_option
from trainer.cli.inspecting import load_with_settings, with_lines
from trainer.config.config import Config
from trainer.config.document import LoadedConfig
from trainer.data.checks import DataReport
from trainer.errors import ConfigError, Problem


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    check = commands.add_parser("check", help="check a configuration and its data without training")
    check.add_argument("config", type=Path, metavar="CONFIG")
    check.add_argument("--json", action="store_true", help="print what was found as JSON")
    check.add_argument("--no-data", action="store_true", help="check the settings alone; read no data")
    add_settings_option(check)
    check.set_defaults(run=_check)


@dataclass(frozen=True, slots=True)
class _Findings:
    """All that was found.

    Attributes:
        loaded: The configuration as it stands in its file.
        problems: Of the settings, and of the data by the settings behind it.
        report: What there is in the data; `None` where it was not read or cannot be used.
    """

    loaded: LoadedConfig
    problems: tuple[Problem, ...]
    report: DataReport | None

    @property
    def can_be_trained(self) -> bool:
        """Whether a training would begin: faults in the data that it tolerates do not hinder it."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def is_clean(self) -> bool:
        """Whether there is no error at all."""
        return not self.count("error")

    def count(self, severity: str) -> int:
        """Problems of a severity, those of single samples included."""
        of_samples = () if self.report is None else self.report.problems
        severities = [*(item.severity for item in self.problems), *(item.severity for item in of_samples)]
        return severities.count(severity)


def _check(options: argparse.Namespace) -> int:
    try:
        found = _findings(options)
    except ConfigError as error:
        if not options.json:
            raise
        found = _Findings(LoadedConfig({}, None, error.problems), error.problems, None)
    if options.json:
        _print_json(found)
    else:
        _print(options, found)
    return EXIT_OK if found.is_clean else EXIT_BAD_INPUT


def _findings(options: argparse.Namespace) -> _Findings:
    loaded = load_with_settings(options.config, options.settings)
    config, base_dir = loaded.config, options.config.absolute().parent
    if config is None:
        return _Findings(loaded, loaded.problems, None)
    problems = with_lines(check_config(config, base_dir), loaded)
    if options.no_data:
        return _Findings(loaded, problems, None)
    if any(problem.severity == "error" for problem in problems):
        from trainer.cli.checking_data import task_first

        return _Findings(loaded, with_lines(task_first(config, base_dir, problems), loaded), None)
    if config.data.loader.file is not None:
        print("note: Your own loader reads the data, which only runs in training, preview and try.", file=sys.stderr)
        return _Findings(loaded, problems, None)
    from trainer.cli.checking_data import check_data

    checked = check_data(config, base_dir)
    return _Findings(loaded, problems + with_lines(checked.problems, loaded), checked.report)


def _print_json(found: _Findings) -> None:
    told: dict[str, Any] = {
        "ok": found.is_clean,
        "can_be_trained": found.can_be_trained,
        "num_errors": found.count("error"),
        "num_warnings": found.count("warning"),
        "problems": [
            {"key": problem.key, "line": problem.line, "severity": problem.severity, "message": problem.message}
            for problem in found.problems
        ],
        "notes": list(found.loaded.notes),
    }
    if found.report is not None:
        from trainer.cli.checking_data import data_as_json

        told["data"] = data_as_json(_config_of(found), found.report)
    print(json.dumps(told, indent=2))


def _print(options: argparse.Namespace, found: _Findings) -> None:
    for note in found.loaded.notes:
        print(f"note: {note}")
    if found.report is not None:
        from trainer.cli.checking_data import data_lines

        for line in data_lines(_config_of(found), found.report, options.config.absolute().parent):
            print(line)
    for problem in found.problems:
        print(f"{problem.severity}: {options.config}: {problem}")
    print(f"{options.config} {_verdict(found)}")


def _config_of(found: _Findings) -> Config:
    assert found.loaded.config is not None
    return found.loaded.config


def _verdict(found: _Findings) -> str:
    errors, warnings = found.count("error"), found.count("warning")
    told = [_counted(count, what) for count, what in ((errors, "error"), (warnings, "warning")) if count]
    if not found.can_be_trained:
        return f"cannot be trained: {', '.join(told)}."
    if errors:
        return f"can be trained, without the samples that are left out: {', '.join(told)}."
    return f"is in order{f', with {told[0]}' if told else ''}."


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
