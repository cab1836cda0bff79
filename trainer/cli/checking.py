"""`probe`: looks at a model on its own data before training."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config
from trainer.cli import EXIT_FAILED, EXIT_OK, add_settings_option
from trainer.cli.inspecting import load_with_settings, located, with_lines
from trainer.cli.rates import engine
from trainer.config.config import Config
from trainer.config.document import LoadedConfig
from trainer.config.paths import with_absolute_paths
from trainer.errors import ConfigError

_INDENT = " " * 26


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    probe = commands.add_parser(
        "probe", help="check a model on its data: shapes, ranges, gradients, time and memory of a step"
    )
    probe.add_argument("config", type=Path, metavar="CONFIG")
    probe.add_argument("--overfit", action="store_true", help="also try whether it can learn one batch by heart")
    probe.add_argument("--json", action="store_true", help="print the findings as JSON")
    add_settings_option(probe)
    probe.set_defaults(run=_probe)


def _probe(options: argparse.Namespace) -> int:
    loaded = load_with_settings(options.config, options.settings)
    config = _load(options, loaded)
    with engine(), located(loaded, options.config):
        from trainer.engine.checks.finding import worst_of
        from trainer.engine.checks.probe import probe_model

        findings = probe_model(
            config,
            options.config.absolute().parent,
            overfit=options.overfit,
            warn=lambda message: print(f"warning: {message}", file=sys.stderr),
            stepped=_say_progress if options.json else lambda _done, _total: None,
        )
        outcome = worst_of(findings)
    if options.json:
        print(json.dumps({"outcome": outcome, "findings": [finding.as_json() for finding in findings]}))
    else:
        for finding in findings:
            print(f"{finding.outcome:<5} {finding.title:<19} {finding.text}")
            if finding.advice:
                print(f"{_INDENT}{finding.advice}")
    return EXIT_FAILED if outcome == "fail" else EXIT_OK


def _load(options: argparse.Namespace, loaded: LoadedConfig) -> Config:
    config = loaded.require(options.config)
    base_dir = options.config.absolute().parent
    found = tuple(problem for problem in check_config(config, base_dir) if problem.severity == "error")
    if found:
        raise ConfigError(with_lines(found, loaded), options.config)
    return with_absolute_paths(config, base_dir)


def _say_progress(done: int, total: int) -> None:
    print(f"progress: {done}/{total}", file=sys.stderr, flush=True)
