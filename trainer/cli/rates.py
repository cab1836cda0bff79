"""`schedule`, `find-lr`: the learning rate before training."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.catalog.check import check_config
from trainer.cli import EXIT_OK, add_settings_option
from trainer.cli.inspecting import load_with_settings, located, with_lines
from trainer.config.config import Config
from trainer.config.document import LoadedConfig
from trainer.config.paths import with_absolute_paths
from trainer.errors import ConfigError, Problem
from trainer.native_chatter import chatter_left_out

_ASSUMED_STEPS = 100
_TABLE_ROWS = 20


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    schedule = commands.add_parser("schedule", help="show the learning rate over training, before training")
    schedule.add_argument("config", type=Path, metavar="CONFIG")
    schedule.add_argument(
        "--steps-per-epoch",
        type=_at_least(1),
        metavar="N",
        help=f"batches of an epoch; default: counted from the files, or {_ASSUMED_STEPS}",
    )
    schedule.add_argument("--json", action="store_true", help="print the curve as JSON: at most 500 points")
    add_settings_option(schedule)
    schedule.set_defaults(run=_schedule)

    finder = commands.add_parser("find-lr", help="try rising learning rates on a fresh model and suggest one")
    finder.add_argument("config", type=Path, metavar="CONFIG")
    finder.add_argument("--steps", type=_at_least(10), default=100, metavar="N", help="steps to train; default: 100")
    finder.add_argument("--min", type=_rate, default=1e-7, metavar="RATE", help="first rate; default: 1e-7")
    finder.add_argument("--max", type=_rate, default=1.0, metavar="RATE", help="last rate; default: 1")
    finder.add_argument("--json", action="store_true", help="print rates, losses and suggestion as JSON")
    add_settings_option(finder)
    finder.set_defaults(run=_find)


def _at_least(least: int) -> Any:
    def whole_number(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, received {text!r}")
        return number

    return whole_number


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1e6:
        raise argparse.ArgumentTypeError(f"expected a number above 0, received {text!r}")
    return rate


def _schedule(options: argparse.Namespace) -> int:
    loaded = load_with_settings(options.config, options.settings)
    config = _load(options, loaded, only="training.learning_rate_schedule")
    counted = options.steps_per_epoch or _count(config)
    steps = counted or _ASSUMED_STEPS
    source = "given" if options.steps_per_epoch else "counted" if counted else "assumed"
    with engine(), located(loaded, options.config):
        from trainer.engine.training.schedule import preview_learning_rate

        curve = preview_learning_rate(config, steps)
    if options.json:
        points = {"epochs": curve.epochs, "learning_rates": curve.learning_rates}
        print(json.dumps({"steps_per_epoch": steps, "steps_per_epoch_source": source, **points}))
        return EXIT_OK
    print(f"{steps} steps per epoch ({source})")
    _print_table(("epoch", "learning rate"), list(zip(curve.epochs, curve.learning_rates, strict=True)), "{:.2f}")
    return EXIT_OK


def _count(config: Config) -> int | None:
    from trainer.data.epoch_length import count_steps_per_epoch

    return count_steps_per_epoch(config, Path())


def _find(options: argparse.Namespace) -> int:
    if options.min >= options.max:
        raise ConfigError((Problem("", f"--min must be below --max, received {options.min} and {options.max}."),))
    loaded = load_with_settings(options.config, options.settings)
    config = _load(options, loaded, only="")
    with engine(), located(loaded, options.config):
        from trainer.engine.training.learning_rate_finder import find_learning_rate

        sweep = find_learning_rate(
            config,
            options.config.absolute().parent,
            lowest=options.min,
            highest=options.max,
            num_steps=options.steps,
            warn=lambda message: print(f"warning: {message}", file=sys.stderr),
            stepped=_say_progress if options.json else None,
        )
    if options.json:
        print(
            json.dumps(
                {
                    "learning_rates": sweep.learning_rates,
                    "losses": sweep.losses,
                    "smoothed_losses": sweep.smoothed_losses,
                    "suggestion": sweep.suggestion,
                    "steepest_descent": sweep.steepest_descent,
                    "tenth_of_minimum": sweep.tenth_of_minimum,
                    "has_exploded": sweep.has_exploded,
                }
            )
        )
        return EXIT_OK
    _print_table(("learning rate", "loss"), list(zip(sweep.learning_rates, sweep.smoothed_losses, strict=True)))
    print(_conclusion(sweep))
    return EXIT_OK


def _say_progress(done: int, total: int) -> None:
    print(f"progress: {done}/{total}", file=sys.stderr, flush=True)


def _conclusion(sweep: Any) -> str:
    if sweep.suggestion is None:
        return "The loss never fell: no rate can be suggested. Try a lower --min, more --steps, or check the data."
    return (
        f"The loss falls fastest at {sweep.steepest_descent:.2g}; a tenth of the rate where it is lowest is "
        f"{sweep.tenth_of_minimum:.2g}. Try --set training.initial_learning_rate={sweep.suggestion:.2g}"
    )


def _load(options: argparse.Namespace, loaded: LoadedConfig, *, only: str) -> Config:
    """The configuration with absolute paths, when nothing is wrong with the settings that begin with `only`."""
    config = loaded.require(options.config)
    base_dir = options.config.absolute().parent
    found = [p for p in check_config(config, base_dir) if p.severity == "error" and p.key.startswith(only)]
    if found:
        raise ConfigError(with_lines(tuple(found), loaded), options.config)
    return with_absolute_paths(config, base_dir)


@contextlib.contextmanager
def engine() -> Iterator[None]:
    """Keras, without chatter; what it or the user's code prints goes to standard error."""
    # The rate that suits a network does not depend on the backend.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with contextlib.redirect_stdout(sys.stderr), chatter_left_out():
        import trainer.engine.training.session  # noqa: F401
        from trainer.engine.runtime import describe_device

        describe_device()
        yield


def _print_table(titles: tuple[str, str], rows: list[tuple[float, float]], first_format: str = "{:.3g}") -> None:
    stride = -(-len(rows) // _TABLE_ROWS)
    shown = rows[::stride]
    if rows and shown[-1] != rows[-1]:
        shown.append(rows[-1])
    print(f"{titles[0]:>14}  {titles[1]:>14}")
    for first, second in shown:
        print(f"{first_format.format(first):>14}  {second:>14.6g}")
