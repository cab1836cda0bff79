"""Which functions of the user's a run uses, for its log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainer.catalog.check import components_of
from trainer.config.config import Config


def own_functions(config: Config) -> Iterator[str]:
    """One sentence for each chosen function or class of a user's file, with the arguments that were set.

    Args:
        config: The run's configuration, with absolute paths.

    Yields:
        Such as `training.loss: tilted of /home/me/losses.py with power=1.5`.
    """
    for key, _, component in components_of(config):
        if component.file is not None:
            name = component.name or "the only one that fits"
            yield f"{key}: {name} of {component.file}{_with_arguments(component.arguments)}"


def _with_arguments(arguments: dict[str, Any]) -> str:
    listed = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f" with {listed}" if listed else ""
