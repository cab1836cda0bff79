"""Weights of classes as a person writes them: `cat=2, dog=0.5`."""

from __future__ import annotations

import math

from trainer.errors import ConfigError, Problem

KEY = "data.balance.class_weights"
SEVERAL_CLASSES = (
    "Samples with several classes each cannot be repeated, left out or weighed for one class without changing the "
    "others. Choose none, and a loss that weighs classes."
)
"""Why samples of several classes each are not balanced."""
_EXPECTED = "Expected name=weight, such as cat=2."


def parse_class_weights(text: str) -> dict[str, float]:
    """Weight by name of the class.

    >>> parse_class_weights("cat=2, red panda=0.5")
    {'cat': 2.0, 'red panda': 0.5}

    Raises:
        ConfigError: There is none, one is no number of at least 0, or a class has two.
    """
    weights: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (part.strip() for part in item.rpartition("="))
        if not name:
            raise refusal(f"'{item}' is no weight of a class. {_EXPECTED}")
        if name in weights:
            raise refusal(f"The class {name} has two weights. Give one.")
        weights[name] = _weight(name, value)
    if not weights:
        raise refusal(f"The weights are to be given here, but there is none. {_EXPECTED}")
    return weights


def refusal(message: str) -> ConfigError:
    """The error of weights that cannot be used."""
    return ConfigError((Problem(KEY, message),))


def _weight(name: str, value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        raise refusal(f"The weight of {name} is '{value}'. Expected a number, such as {name}=2.") from None
    if not math.isfinite(weight) or weight < 0:
        raise refusal(f"The weight of {name} is {value}. Expected a number of at least 0.")
    return weight
