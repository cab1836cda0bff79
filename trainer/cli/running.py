"""`train`, `runs`, `stop`: working with runs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.cli import EXIT_OK, add_runs_option, add_settings_option
from trainer.cli.inspecting import load_with_settings, with_lines
from trainer.config.config import Config
from trainer.config.overrides import parse_overrides, with_overrides
from trainer.config.validate import validate
from trainer.errors import ConfigError, Problem, RunError
from trainer.launch import create_run, prepare_continue, start_worker
from trainer.runs.commands import Discard, Pause, Resume, StopAfterEpoch, StopNow
from trainer.runs.folder import RunFolder
from trainer.runs.follow import read_run
from trainer.runs.store import RunSummary, find_run, list_runs, summarize

_FILE_WIDTH = 240
"""Columns of a table that is not printed on a terminal: nothing is wrapped."""


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    train = commands.add_parser("train", help="train a configuration, or go on with a stopped run")
    train.add_argument("config", type=Path, nargs="?", metavar="CONFIG")
    add_settings_option(train)
    add_runs_option(train, None)
    train.add_argument(
        "--folds", type=int, metavar="N", help="cross-validate: divide the samples into N parts, train once per part"
    )
    train.add_argument("--resume", metavar="RUN", help="go on with this run, by name or folder, from its last state")
    train.add_argument("--json", action="store_true", help="print every event as a line of JSON")
    train.add_argument("--detach", action="store_true", help="print the run's folder and leave it training")
    train.set_defaults(run=_train)

    runs = commands.add_parser("runs", help="list the runs")
    add_runs_option(runs, Path("runs"))
    runs.add_argument("--json", action="store_true", help="print the list as JSON")
    runs.set_defaults(run=_runs)

    for name, text in (
        ("stop", "stop a run after its epoch, saving everything"),
        ("pause", "hold a run after its batch"),
        ("resume", "let a paused run go on"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("name", metavar="RUN", help="name or folder of the run")
        add_runs_option(command, Path("runs"))
        if name == "stop":
            command.add_argument("--now", action="store_true", help="after this batch, without validation")
            command.add_argument("--discard", action="store_true", help="after this batch, without saving")
        command.set_defaults(run=_command, command=name)


def _train(options: argparse.Namespace) -> int:
    if options.resume and options.folds is not None:
        raise ConfigError((Problem("", "--folds is for a new cross-validation: a run goes on with its own settings."),))
    if options.resume and options.config:
        message = "Give a configuration or --resume, not both: a run goes on with its own. --set changes it."
        raise ConfigError((Problem("", message),))
    if options.resume:
        folder = find_run(options.runs or Path("runs"), options.resume)
        prepare_continue(folder, parse_overrides(options.settings))
    elif options.config:
        folder = _create(options)
    else:
        raise ConfigError((Problem("", "Give a configuration to train, or --resume RUN."),))
    from trainer.cli.watching import follow_from_now, watch

    follower = follow_from_now(folder)
    process = start_worker(folder, resume=bool(options.resume))
    if options.detach:
        print(folder.path)
        return EXIT_OK
    return watch(follower, process, as_json=options.json)


def _create(options: argparse.Namespace) -> RunFolder:
    path = options.config.absolute()
    folds = [f"data.split.num_folds={options.folds}"] if options.folds is not None else []
    loaded = load_with_settings(options.config, [*options.settings, *folds])
    config = loaded.require(options.config)
    if options.runs is not None:
        changed = with_overrides(config.to_dict(), {"output.runs_dir": str(options.runs.absolute())})
        config = validate(changed)
    try:
        if config.data.split.trains_all_folds:
            _require_data_for_folds(config, path.parent)
        return create_run(config, path.parent, config_path=path, migration_notes=loaded.notes)
    except ConfigError as error:
        raise ConfigError(with_lines(error.problems, loaded), options.config) from error


def _require_data_for_folds(config: Config, base_dir: Path) -> None:
    """Refuse before any folder is made, as a cross-validation makes several."""
    from trainer.cli.checking_data import refusals_at_once

    if problems := refusals_at_once(config, base_dir):
        raise ConfigError(problems)


def _runs(options: argparse.Namespace) -> int:
    summaries = list(_readable(list_runs(options.runs)))
    if options.json:
        print(json.dumps([_as_json(summary) for summary in summaries], indent=2))
        return EXIT_OK
    if not summaries:
        print(f"There are no runs in {options.runs.resolve()}.")
        return EXIT_OK
    _print_table(summaries)
    return EXIT_OK


def _print_table(summaries: list[RunSummary]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("run", "status", "model", "started", "epochs", "best"):
        table.add_column(title, no_wrap=True)
    table.add_column("figures of the best epoch")
    for summary in summaries:
        metrics = summary.best_metrics
        shown = {name: value for name, value in metrics.items() if name.startswith("val_")} or metrics
        figures = "  ".join(f"{name} {value:.4f}" for name, value in shown.items())
        epochs = f"{summary.epochs_done}/{summary.num_epochs or '?'}{' folds' if summary.num_folds else ''}"
        started = summary.record.created[:16].replace("T", " ")
        best = str(summary.best_epoch or "")
        table.add_row(summary.name, summary.status.value, summary.model, started, epochs, best, figures)
    console = Console()
    Console(width=None if console.is_terminal else _FILE_WIDTH).print(table)


def _readable(paths: list[Path]) -> Iterator[RunSummary]:
    """Summaries of the runs; one that is damaged is named and does not hide the others."""
    for path in paths:
        try:
            yield summarize(path)
        except RunError as error:
            print(f"warning: {error}", file=sys.stderr)


def _as_json(summary: RunSummary) -> dict[str, Any]:
    return {
        "name": summary.name,
        "path": str(summary.path),
        "status": summary.status.value,
        "project": summary.record.project,
        "created": summary.record.created,
        "model": summary.model,
        "epochs_done": summary.epochs_done,
        "num_epochs": summary.num_epochs,
        "num_folds": summary.num_folds,
        "parent": summary.record.parent,
        "fold": summary.record.fold,
        "best_epoch": summary.best_epoch,
        "best_metrics": summary.best_metrics,
        "duration_s": summary.duration_s,
    }


def _command(options: argparse.Namespace) -> int:
    folder = find_run(options.runs, options.name)
    status = read_run(folder.path).status()
    if not status.is_active:
        raise RunError(f"{folder.name} is not running; its status is {status.value}.")
    folder.send(_chosen(options))
    print(f"Told {folder.name} to {options.command}.")
    return EXIT_OK


def _chosen(options: argparse.Namespace) -> Any:
    if options.command == "pause":
        return Pause()
    if options.command == "resume":
        return Resume()
    if options.discard:
        return Discard()
    return StopNow() if options.now else StopAfterEpoch()
