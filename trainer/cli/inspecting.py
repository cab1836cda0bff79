"""`new`, `sample`, `check`: making and checking a configuration."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config
from trainer.cli import EXIT_BAD_INPUT, EXIT_OK, add_settings_option
from trainer.config.document import LoadedConfig, load_file, load_text
from trainer.config.overrides import parse_overrides, with_overrides
from trainer.config.validate import validate
from trainer.config.yaml_editor import dump_yaml
from trainer.data.inspect import propose_config
from trainer.data.sample_list import SAMPLES
from trainer.data.samples import make_sample
from trainer.errors import ConfigError, DataError, Problem
from trainer.runs.atomic import write_atomically


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    new = commands.add_parser("new", help="look at a folder of pictures and write a configuration for it")
    new.add_argument("data", type=Path, metavar="DATA", help="folder with one sub-folder of pictures per class")
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

    check = commands.add_parser("check", help="check a configuration without training")
    check.add_argument("config", type=Path, metavar="CONFIG")
    check.add_argument("--json", action="store_true", help="print the problems as JSON")
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
    if options.json:
        listed = [{"key": p.key, "line": p.line, "severity": p.severity, "message": p.message} for p in problems]
        print(json.dumps({"problems": listed, "notes": list(loaded.notes)}, indent=2))
    else:
        for note in loaded.notes:
            print(f"note: {note}")
        for problem in problems:
            print(f"{problem.severity}: {options.config}: {problem}")
        if not problems:
            print(f"{options.config} is in order.")
    return EXIT_BAD_INPUT if any(p.severity == "error" for p in problems) else EXIT_OK


def with_lines(problems: tuple[Problem, ...], loaded: LoadedConfig) -> tuple[Problem, ...]:
    """The problems with the line of their key, or of the nearest key around it."""
    return tuple(Problem(p.key, p.message, p.line or _line(loaded, p.key), p.severity) for p in problems)


def _line(loaded: LoadedConfig, key: str) -> int | None:
    while key and key not in loaded.lines:
        key = key.rpartition(".")[0]
    return loaded.lines.get(key)
