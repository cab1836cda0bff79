"""Settings that were changed and do nothing for the chosen task."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from trainer.config.config import Config
from trainer.config.describe import all_settings
from trainer.config.task import TASKS
from trainer.errors import Problem


def unused_problems(config: Config, told: Iterable[Problem] = ()) -> Iterator[Problem]:
    """A warning for each setting that differs from its default and has no effect on the configuration's task.

    Args:
        config: The configuration.
        told: Problems that are known; what they say something of is left out.
    """
    task, default = config.project.task, Config()
    keys = tuple(problem.key for problem in told)
    for key, setting in all_settings().items():
        if not setting.tasks or task in setting.tasks or setting.kind == "section":
            continue
        if _value(config, key) != _value(default, key) and not any(_is_inside(other, key) for other in keys):
            title = TASKS[task].title.lower()
            message = f"This has no effect on {title}. {setting.tasks_text()} Remove it."
            yield Problem(key, message, severity="warning")


def _value(config: Config, key: str) -> object:
    value: object = functools.reduce(getattr, key.split("."), config)
    return value


def _is_inside(key: str, around: str) -> bool:
    return key == around or key.startswith(f"{around}.")
