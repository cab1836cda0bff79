"""Which pictures belong together, from their paths or a column."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.errors import ConfigError, Problem


def groups_of_paths(config: Config, names: Iterable[str]) -> NDArray[np.int64] | None:
    """Numbers of groups, int64, one per picture; `None` where nothing is to be grouped.

    The first group of the regular expression `data.split.group_by` names what a picture belongs to; without a group
    in it all that it matches does.

    Raises:
        ConfigError: It is no regular expression, or does not occur in a path.
    """
    pattern = group_pattern(config)
    if pattern is None:
        return None
    texts: list[str] = []
    for name in names:
        found = pattern.search(name)
        if found is None:
            message = f"{pattern.pattern} does not occur in {name}. Every picture needs something it belongs to."
            raise ConfigError((Problem("data.split.group_by", message),))
        texts.append(found[1] if pattern.groups else found[0])
    return numbered(texts)


def group_pattern(config: Config) -> re.Pattern[str] | None:
    """The regular expression, where samples are divided by group.

    Raises:
        ConfigError: It is none.
    """
    split = config.data.split
    if split.method != "group" or not split.group_by:
        return None
    try:
        return re.compile(split.group_by)
    except re.error as error:
        message = f"Expected a regular expression such as (patient\\d+), received {split.group_by}: {error}."
        raise ConfigError((Problem("data.split.group_by", message),)) from error


def numbered(texts: Iterable[str]) -> NDArray[np.int64]:
    """A number for each text, the same for the same text."""
    _, numbers = np.unique(np.array(list(texts), dtype=object).astype(str), return_inverse=True)
    return numbers.astype(np.int64)
