"""ModelGardener: picks the window, the command line or the worker before importing any of them."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Run what the arguments ask for; returns the exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["--worker"]:
        from trainer.worker import main as run_worker

        return run_worker(arguments[1:])
    if _wants_window(arguments):
        from app.application import main as run_window

        return run_window(arguments)
    from trainer.cli import main as run_command_line

    return run_command_line(arguments)


def _wants_window(arguments: list[str]) -> bool:
    """No argument at all, or one thing to open: a configuration, or a folder of pictures or of a run.

    A folder in the working directory is written `./runs`, as `runs` is a command.
    """
    if not arguments:
        return True
    first = Path(arguments[0])
    is_folder = (len(first.parts) > 1 or arguments[0].startswith(".")) and first.is_dir()
    return len(arguments) == 1 and (is_folder or first.suffix.lower() in (".yaml", ".yml", ".json"))


if __name__ == "__main__":
    sys.exit(main())
