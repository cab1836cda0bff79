"""`new`, `sample`: making a configuration."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.cli import EXIT_OK, add_settings_option
from trainer.cli.checking_data import refusals
from trainer.config.document import LoadedConfig, load_file, load_text
from trainer.config.overrides import parse_overrides, with_overrides
from trainer.config.validate import validate
from trainer.config.yaml_editor import dump_yaml
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
    print(f"The data is in {folder}.")
    # Nothing is wrong with a sample, unless settings make it so.
    return _write_proposal(options, folder, is_judged=bool(options.settings))


def _write_proposal(options: argparse.Namespace, data: Path, *, is_judged: bool = True) -> int:
    changes = parse_overrides(options.settings)
    proposal = propose_config(data, with_overrides({}, changes))
    text = dump_yaml(with_overrides(proposal.values, changes))
    config = load_text(text).require()
    out = options.out or Path(f"{proposal.values['project']['name']}.yaml")
    if out.exists() and not options.force:
        raise ConfigError((Problem("", "The file exists already. Give another name with --out, or --force."),), out)
    try:
        write_atomically(out, text.encode())
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}.") from error
    for sentence in proposal.sentences:
        print(sentence)
    refused = refusals(config, out.absolute().parent) if is_judged else ()
    if not refused:
        print(f"Wrote {out}. Train it with: gardener train {out}")
        return EXIT_OK
    print(f"Wrote {out}, but training is refused until this is corrected:")
    for problem in refused:
        print(f"  {problem}")
    return EXIT_OK


def with_lines(problems: tuple[Problem, ...], loaded: LoadedConfig) -> tuple[Problem, ...]:
    """The problems with the line of their key, or of the nearest key around it."""
    return tuple(Problem(p.key, p.message, p.line or _line(loaded, p.key), p.severity) for p in problems)


@contextlib.contextmanager
def located(loaded: LoadedConfig, path: Path) -> Iterator[None]:
    """Gives a `ConfigError` that is raised inside the file and the lines of its keys."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(with_lines(error.problems, loaded), path) from error


def _line(loaded: LoadedConfig, key: str) -> int | None:
    while key and key not in loaded.lines:
        key = key.rpartition(".")[0]
    return loaded.lines.get(key)
