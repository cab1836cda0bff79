"""The learning rate over time: `step`, `cosine`, `warmup_cosine`, `exponential`, `plateau`, `onecycle`."""

from __future__ import annotations

from typing import Any

from trainer.config.migrations.foreign_keys import ForeignKeys, component, number, shown
from trainer.config.suggest import fold

_NAMES = {
    "step": "Step",
    "steplr": "Step",
    "multistep": "Step",
    "exponential": "Exponential",
    "exponentiallr": "Exponential",
    "cosine": "Cosine",
    "cosineannealing": "Cosine",
    "cosineannealinglr": "Cosine",
    "warmupcosine": "WarmupCosine",
    "cosinewarmup": "WarmupCosine",
    "onecycle": "OneCycle",
    "onecyclelr": "OneCycle",
    "polynomial": "Polynomial",
}
_PLATEAU = ("plateau", "reducelronplateau", "reduceonplateau")
_NONE = ("none", "constant", "")
_WORDS = ("step_size", "gamma", "warmup_epochs", "min_lr")
_ARGUMENTS = {
    "Step": {
        "step_size": "every_epochs",
        "gamma": "factor",
        "warmup_epochs": "warmup_epochs",
        "min_lr": "min_learning_rate",
    },
    "Exponential": {"gamma": "factor", "warmup_epochs": "warmup_epochs", "min_lr": "min_learning_rate"},
    "Cosine": {"warmup_epochs": "warmup_epochs", "min_lr": "min_learning_rate"},
    "WarmupCosine": {"warmup_epochs": "warmup_epochs", "min_lr": "min_learning_rate"},
    "OneCycle": {"warmup_epochs": "rise_epochs"},
    "Polynomial": {"warmup_epochs": "warmup_epochs", "min_lr": "end_learning_rate"},
}
"""What the words are called as arguments of each schedule."""
_TORCHS_PLATEAU = {"factor": 0.1, "patience": 10}


def map_schedule(foreign: ForeignKeys) -> None:
    """A schedule with its arguments, or the lowering on a plateau."""
    word = foreign.first("scheduler.type", "scheduler_type", "lr_scheduler", "scheduler")
    if word is None:
        return
    received = foreign.value(word)
    name = fold(received) if isinstance(received, str) else received
    if name in _PLATEAU:
        _plateau(foreign, word)
    elif name is None or name in _NONE:
        foreign.drop(word, "the learning rate stays as it is unless a schedule is chosen")
        _drop_the_rest(foreign, "there is no schedule")
    elif isinstance(received, str):
        _schedule(foreign, word, _chosen(foreign, name))


def _chosen(foreign: ForeignKeys, name: str) -> str | None:
    """The schedule's name with us; a cosine with a warm-up has a name of its own."""
    known = _NAMES.get(name)
    warmup = _argument(foreign, "warmup_epochs")
    return "WarmupCosine" if known == "Cosine" and warmup and number(foreign.value(warmup)) else known


def _argument(foreign: ForeignKeys, name: str) -> str | None:
    return foreign.first(f"scheduler.{name}", name)


def _schedule(foreign: ForeignKeys, word: str, name: str | None) -> None:
    received = foreign.value(word)
    known = _ARGUMENTS.get(name or "", {})
    given = {name: found for name in known if (found := _argument(foreign, name)) and foreign.value(found) is not None}
    told = foreign.told(word, *given.values())
    foreign.take(word)
    arguments = {known[name]: number(foreign.take(found)) for name, found in given.items()}
    if arguments.get("warmup_epochs") == 0 and name != "WarmupCosine":
        del arguments["warmup_epochs"]
    arguments |= {inner: number(value) for inner, value in foreign.rest("scheduler").items()}
    chosen = component(name or received, arguments)
    foreign.put("training.learning_rate_schedule", chosen, word)
    foreign.note(f"{told} became training.learning_rate_schedule {shown(chosen)}{_difference(name)}.")
    if name is not None:
        _drop_the_rest(foreign, f"the schedule {name} has no use for it")


def _difference(name: str | None) -> str:
    if name == "OneCycle":
        return ": the learning rate is its highest point"
    if name in ("Cosine", "WarmupCosine"):
        return ": it falls after every batch, not once an epoch"
    return ""


def _plateau(foreign: ForeignKeys, word: str) -> None:
    names = {name: found for name in ("gamma", "min_lr") if (found := _argument(foreign, name))}
    told = foreign.told(word, *names.values())
    foreign.take(word)
    values: dict[str, Any] = {"enabled": True, **_TORCHS_PLATEAU}
    if "gamma" in names:
        values["factor"] = number(foreign.take(names["gamma"]))
    if "min_lr" in names:
        values["min_learning_rate"] = number(foreign.take(names["min_lr"]))
    for name, value in values.items():
        foreign.put(f"training.reduce_on_plateau.{name}", value, word)
    given = ", ".join(f"{name} {shown(value)}" for name, value in values.items() if name != "enabled")
    foreign.note(f"{told} became training.reduce_on_plateau, switched on with {given}.")
    foreign.move_rest("scheduler", "training.reduce_on_plateau")
    _drop_the_rest(foreign, "the rate is lowered when the watched figure no longer improves")


def _drop_the_rest(foreign: ForeignKeys, reason: str) -> None:
    for name in _WORDS:
        word = _argument(foreign, name)
        if word is not None:
            foreign.drop(word, reason)
