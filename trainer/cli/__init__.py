"""The command line: everything the window does, from the same YAML."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from trainer import __version__
from trainer.errors import ConfigError, GardenerError

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_STOPPED = 3

_EPILOG = """exit codes:
  0  done
  1  training failed; a check of probe failed
  2  bad input, refused before training: the message says what to correct
  3  stopped before the last epoch; --resume goes on

Without a command the window opens. 'gardener test' checks an installation."""


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        result: int = options.run(options)
        return result
    except ConfigError as error:
        for line in error.lines():
            print(f"error: {line}", file=sys.stderr)
    except GardenerError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:
        return EXIT_OK
    return EXIT_BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    from trainer.cli import checking, inspecting, judging, previewing, rates, running, trying

    parser = argparse.ArgumentParser(
        prog="gardener",
        description="Train deep networks on your pictures and tables, from one YAML file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"ModelGardener {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    inspecting.add_commands(commands)
    judging.add_commands(commands)
    previewing.add_commands(commands)
    checking.add_commands(commands)
    rates.add_commands(commands)
    running.add_commands(commands)
    trying.add_commands(commands)
    return parser


def add_settings_option(parser: argparse.ArgumentParser) -> None:
    """Add `--set KEY=VALUE`."""
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting, such as training.epochs=5; may be given several times",
    )


def add_runs_option(parser: argparse.ArgumentParser, default: Path | None) -> None:
    """Add `--runs DIR`."""
    parser.add_argument("--runs", type=Path, default=default, metavar="DIR", help="folder with the runs")
