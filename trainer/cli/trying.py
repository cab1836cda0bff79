"""`try`: runs one component of a configuration on one batch, and kills it when it does not come back."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any

from trainer.cli import EXIT_BAD_INPUT, EXIT_OK, add_settings_option
from trainer.cli.inspecting import load_with_settings
from trainer.errors import ConfigError, GardenerError
from trainer.native_chatter import chatter_left_out

_TIME_LIMIT_S = 60.0


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    trying = commands.add_parser("try", help="build one component, such as your own loss, and run it on one batch")
    trying.add_argument("config", type=Path, metavar="CONFIG")
    trying.add_argument("key", metavar="KEY", help="dotted key of the component, such as training.loss")
    add_settings_option(trying)
    trying.add_argument("--json", action="store_true", help="print the result as a line of JSON")
    trying.add_argument(
        "--timeout",
        type=float,
        default=_TIME_LIMIT_S,
        metavar="SECONDS",
        help="give up after this long (default: %(default)g)",
    )
    trying.set_defaults(run=_try)


def _try(options: argparse.Namespace) -> int:
    """Whatever the user's code prints goes to standard error; the result alone to standard output."""
    answer = sys.stdout
    scratch_dir = Path(tempfile.mkdtemp(prefix="modelgardener-"))
    try:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        with contextlib.redirect_stdout(sys.stderr), chatter_left_out():
            outcome = _outcome(options, scratch_dir, answer)
    finally:
        shutil.rmtree(scratch_dir, ignore_errors=True)
    _print(outcome, answer, as_json=options.json)
    return EXIT_OK if outcome["ok"] else EXIT_BAD_INPUT


def _outcome(options: argparse.Namespace, scratch_dir: Path, answer: Any) -> dict[str, Any]:
    try:
        config = load_with_settings(options.config, options.settings).require(options.config)
        from trainer.engine.trial import TrialError, run_trial

        watchdog = _watchdog(options, scratch_dir, answer)
        try:
            report = run_trial(config, options.config.absolute().parent, options.key, scratch_dir)
        except TrialError as error:
            return _failure(str(error), file=error.file, line=error.line, trace=error.trace)
        finally:
            watchdog.cancel()
    except ConfigError as error:
        return _failure("\n".join(problem.message for problem in error.problems))
    except GardenerError as error:
        return _failure(str(error))
    return {
        "ok": True,
        "message": report.sentence(),
        "kind": report.kind,
        "takes": report.takes,
        "gives": report.gives,
        "time_ms": report.time_ms,
        "num_parameters": report.num_parameters,
    }


def _failure(message: str, *, file: str = "", line: int | None = None, trace: str = "") -> dict[str, Any]:
    return {"ok": False, "message": message, "file": file, "line": line, "trace": trace}


def _print(outcome: dict[str, Any], answer: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(outcome), file=answer, flush=True)
    elif outcome["ok"]:
        print(outcome["message"], file=answer, flush=True)
    else:
        print(outcome.get("trace", "") + f"error: {outcome['message']}", file=sys.stderr, flush=True)


def _watchdog(options: argparse.Namespace, scratch_dir: Path, answer: Any) -> threading.Timer:
    """Ends the process when time is up: Python code that loops for ever can be left in no other way."""
    tried = threading.get_ident()

    def give_up() -> None:
        frames = traceback.extract_stack(sys._current_frames()[tried])
        users = [frame for frame in frames if _is_users(frame.filename)]
        place = f" It was in {users[-1].name}, {users[-1].filename}:{users[-1].lineno}." if users else ""
        message = f"Stopped after {options.timeout:g} s without a result: it may loop for ever.{place}"
        file, line = (users[-1].filename, users[-1].lineno) if users else ("", None)
        trace = "".join(traceback.format_list(users))
        _print(_failure(message, file=file, line=line, trace=trace), answer, as_json=options.json)
        shutil.rmtree(scratch_dir, ignore_errors=True)
        os._exit(EXIT_BAD_INPUT)

    timer = threading.Timer(options.timeout, give_up)
    timer.daemon = True
    timer.start()
    return timer


def _is_users(filename: str) -> bool:
    """Whether a file is neither ours, nor installed, nor Python's own."""
    path = Path(filename)
    ours = Path(__file__).resolve().parents[2]
    is_ours = path.is_relative_to(ours / "trainer") or path == ours / "main.py"
    is_installed = {"site-packages", "dist-packages"}.intersection(path.parts)
    return path.is_file() and not is_ours and not is_installed and not path.is_relative_to(Path(os.__file__).parent)
