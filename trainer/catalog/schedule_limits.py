"""What our learning rate schedules take: numbers within their bounds, and lengths that should fit into the training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trainer.catalog.catalog import GROUP_OF_OURS, built_in
from trainer.config.config import Config
from trainer.errors import Problem

KEY = "training.learning_rate_schedule"
_ABOVE_0 = frozenset({"factor", "every_epochs", "every_steps", "power"})
_AT_LEAST = {"start_divisor": 1.0, "end_divisor": 1.0}
_AT_MOST = {"factor": 1.0, "rise_fraction": 1.0}
_PHASES = {"warmup": "warm-up", "rise": "rise"}
_LENGTHS_OF_FALL = frozenset({"decay_epochs", "decay_steps"})
_FALLS = {
    "Cosine": _LENGTHS_OF_FALL,
    "Polynomial": _LENGTHS_OF_FALL,
    "Step": frozenset({"every_epochs", "every_steps"}),
}
"""Lengths that should fit into the training where they are given; the others fall all the time, or have none."""
_UNITS = ("steps", "epochs", "fraction")
"""What a length is given in; an earlier one wins over a later one."""


def schedule_problems(config: Config, steps_per_epoch: int | None = None) -> Iterator[Problem]:
    """What speaks against the arguments of one of our schedules; nothing for Keras' and the user's own.

    A rise that is longer than training only warns: a training may be cut short to try something out.

    Args:
        config: Its schedule, and the epochs that it should fit into.
        steps_per_epoch: Batches of an epoch; `None` where they are not counted yet, so that lengths in steps pass.
    """
    chosen = config.training.learning_rate_schedule
    entry = built_in("schedule", chosen)
    if chosen is None or entry is None or entry.group != GROUP_OF_OURS:
        return
    arguments = {argument.name: argument.default for argument in entry.arguments} | chosen.arguments
    for name, message in schedule_faults(arguments).items():
        yield Problem(f"{KEY}.arguments.{name}", message)
    numbers, epochs = _numbers(arguments), config.training.epochs
    falls = {name: numbers[name] for name in numbers if name in chosen.arguments and name in _FALLS.get(entry.name, ())}
    late = (*_long_phases(numbers, epochs, steps_per_epoch), *_late_falls(falls, epochs, steps_per_epoch))
    for name, message in late:
        yield Problem(f"{KEY}.arguments.{name}", message, severity="warning")


def schedule_faults(arguments: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a schedule's arguments, by their name.

    Args:
        arguments: All that it has, with its defaults; what is no number is left to the check of types.
    """
    numbers = _numbers(arguments)
    return {name: message for name, value in numbers.items() if (message := _bound_fault(name, value))}


def _numbers(arguments: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that count: of a length in steps and in epochs only the one in steps."""
    numbers = {name: value for name, value in arguments.items() if isinstance(value, int | float)}
    return {name: value for name, value in numbers.items() if not _is_overruled(name, numbers)}


def _is_overruled(name: str, numbers: Mapping[str, float]) -> bool:
    what, _, unit = name.rpartition("_")
    return unit in _UNITS and any(f"{what}_{other}" in numbers for other in _UNITS[: _UNITS.index(unit)])


def _bound_fault(name: str, value: float) -> str:
    low, high = _AT_LEAST.get(name, 0.0), _AT_MOST.get(name)
    if name in _ABOVE_0 and value <= 0:
        return f"Expected a number above 0, received {value:g}."
    if value < low:
        return f"Expected a number of at least {low:g}, received {value:g}."
    return f"Expected a number of at most {high:g}, received {value:g}." if high is not None and value > high else ""


def _long_phases(numbers: Mapping[str, float], epochs: int, steps_per_epoch: int | None) -> Iterator[tuple[str, str]]:
    """A warm-up or rise that is longer than training, with what follows."""
    totals = {"steps": epochs * steps_per_epoch if steps_per_epoch else None, "epochs": epochs}
    for start, title in _PHASES.items():
        for unit, total in totals.items():
            length = numbers.get(f"{start}_{unit}")
            if length is not None and total is not None and length > total:
                message = f"The {title} takes {length:g} {unit}, training {total:,}: the rate never gets to its peak."
                yield f"{start}_{unit}", f"{message} Lower it or train longer."


def _late_falls(numbers: Mapping[str, float], epochs: int, steps_per_epoch: int | None) -> Iterator[tuple[str, str]]:
    """A fall that is longer than training, or whose first step comes after it."""
    totals = {"steps": epochs * steps_per_epoch if steps_per_epoch else None, "epochs": epochs}
    for name, length in numbers.items():
        what, _, unit = name.rpartition("_")
        total = totals[unit]
        if total is None or length < total or (what == "decay" and length == total):
            continue
        takes = f"training takes {total:,}"
        if what == "decay":
            yield name, f"The fall takes {length:g} {unit}, {takes}: the rate does not get down to its end. Lower it."
        else:
            yield name, f"The rate falls after {length:g} {unit}, {takes}: it never falls. Lower it or train longer."
