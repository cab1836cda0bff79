"""`new`, `sample`, `check`: making and checking a configuration."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config
from trainer.cli import EXIT_BAD_INPUT, EXIT_OK, add_settings_option
from trainer.cli.checking_data import check_data, data_as_json, data_lines
from trainer.config.config import Config
from trainer.config.document import LoadedConfig, load_file, load_text
from trainer.config.overrides import parse_overrides, with_overrides
from trainer.config.validate import validate
from trainer.config.yaml_editor import dump_yaml
from trainer.data.checks import DataReport
from trainer.data.inspect import propose_config
from trainer.data.samples.sample_list import SAMPLES
from trainer.data.samples.samples import make_sample
from trainer.errors import ConfigError, DataError, Problem
from trainer.runs.atomic import write_atomically


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    new = commands.add_parser("new", help="look at a folder or file of data and write a configuration for it")
    new.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="folder of pictures with classes, masks or boxes, or a CSV, HDF5, TFRecord, .npy or .npz file",
    )
    new.add_argument("--out", type=Path, metavar="CONFIG", help="file to write; default: NAME.yaml here")
    new.add_argument("--force", action="store_true", help="replace an existing file")
    add_settings_option(new)
    new.set_defaults(run=_new)

    sample = commands.add_parser("sample", help="write out a sample data set and a configuration for it")
    sample.add_argument("name", choices=[item.name for item in SAMPLES])
    sample.add_argument("--out", type=Path, metavar="CONFIG", help="file to write; default: NAME.yaml here")
    sample.add_argument("--data", type=Path, metavar="DIR", help="where the pictures go; default: your data folder")
    sample.add_argument("--force", action="store_true", help="replace an existing file")
    add_settings_option(sample)
    sample.set_defaults(run=_sample)

    check = commands.add_parser("check", help="check a configuration and its data without training")
    check.add_argument("config", type=Path, metavar="CONFIG")
    check.add_argument("--json", action="store_true", help="print the problems as JSON")
    check.add_argument("--no-data", action="store_true", help="check the settings alone; read no data")
    add_settings_option(check)
    check.set_defaults(run=_check)


def load_with_settings(path: Path, settings: list[str]) -> LoadedConfig:
    """A file with `--set` applied.

    Raises:
        ConfigError: The file cannot be read, or a setting is unknown.
    """
    loaded = load_file(path)
    changes = parse_overrides(settings)
    if not changes or (loaded.config is None and not loaded.values):
        return loaded
    values = with_overrides(loaded.values, changes)
    try:
        return LoadedConfig(values, validate(values, loaded.lines), (), loaded.notes, loaded.lines)
    except ConfigError as error:
        return LoadedConfig(values, None, error.problems, loaded.notes, loaded.lines)


def _new(options: argparse.Namespace) -> int:
    return _write_proposal(options, options.data)


def _sample(options: argparse.Namespace) -> int:
    from trainer.data.places import samples_dir

    folder = make_sample(options.name, options.data or samples_dir())
    return _write_proposal(options, folder)


def _write_proposal(options: argparse.Namespace, data: Path) -> int:
    proposal = propose_config(data)
    changes = parse_overrides(options.settings)
    text = dump_yaml(with_overrides(proposal.values, changes))
    load_text(text).require()
    out = options.out or Path(f"{proposal.values['project']['name']}.yaml")
    if out.exists() and not options.force:
        raise ConfigError((Problem("", "The file exists already. Give another name with --out, or --force."),), out)
    try:
        write_atomically(out, text.encode())
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}.") from error
    for sentence in proposal.sentences:
        print(sentence)
    print(f"Wrote {out}. Train it with: gardener train {out}")
    return EXIT_OK


def _check(options: argparse.Namespace) -> int:
    loaded = load_with_settings(options.config, options.settings)
    problems = list(loaded.problems)
    if loaded.config is not None:
        problems += with_lines(check_config(loaded.config, options.config.absolute().parent), loaded)
    is_bad = any(problem.severity == "error" for problem in problems)
    report = None if is_bad or options.no_data or loaded.config is None else _data_report(options, loaded.config)
    if options.json:
        _print_json(loaded, problems, report)
    else:
        _print_check(options, loaded, problems, report)
    is_bad = is_bad or (report.has_errors if isinstance(report, DataReport) else report is not None)
    return EXIT_BAD_INPUT if is_bad else EXIT_OK


def _data_report(options: argparse.Namespace, config: Config) -> DataReport | str | None:
    """What is in the data, or why it cannot be used; `None` where only a training can read it."""
    if config.data.loader.file is not None:
        print("note: Your own loader reads the data, which only runs in training, preview and try.", file=sys.stderr)
        return None
    return check_data(config, options.config.absolute().parent)


def _print_json(loaded: LoadedConfig, problems: list[Problem], report: DataReport | str | None) -> None:
    listed = [{"key": p.key, "line": p.line, "severity": p.severity, "message": p.message} for p in problems]
    told: dict[str, Any] = {"problems": listed, "notes": list(loaded.notes)}
    if report is not None:
        told["data"] = data_as_json(report) if isinstance(report, DataReport) else {"error": report}
    print(json.dumps(told, indent=2))


def _print_check(
    options: argparse.Namespace, loaded: LoadedConfig, problems: list[Problem], report: DataReport | str | None
) -> None:
    for note in loaded.notes:
        print(f"note: {note}")
    for problem in problems:
        print(f"{problem.severity}: {options.config}: {problem}")
    if isinstance(report, DataReport):
        for line in data_lines(report, options.config.absolute().parent):
            print(line)
    elif report is not None:
        print(f"error: {report}")
    if not problems and (report is None or (isinstance(report, DataReport) and not report.problems)):
        print(f"{options.config} is in order.")


def with_lines(problems: tuple[Problem, ...], loaded: LoadedConfig) -> tuple[Problem, ...]:
    """The problems with the line of their key, or of the nearest key around it."""
    return tuple(Problem(p.key, p.message, p.line or _line(loaded, p.key), p.severity) for p in problems)


def _line(loaded: LoadedConfig, key: str) -> int | None:
    while key and key not in loaded.lines:
        key = key.rpartition(".")[0]
    return loaded.lines.get(key)
