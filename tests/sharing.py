"""How the workers of a whole run (pytest-xdist, `./gardener test`) share the tests."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

ALONE = "tests/end_to_end"
"""Its tests start windows and workers, and a lost one must be noticed in time: they run one after the other."""
SLOWEST_FIRST = ("end_to_end", "engine", "engine_data", "app", "architecture")
"""Folders whose files start first, so that no worker is left with a long one at the end."""


class ShareFiles(LoadFileScheduling):
    """Gives the next file to the worker that is free; all in `ALONE` goes to one worker."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def unit_of(nodeid: str) -> str:
    """Give what a test is handed to a worker with: its file, or the folder `ALONE`."""
    file = nodeid.partition("::")[0]
    return ALONE if file.startswith(f"{ALONE}/") else file


def slowest_first(items: list[Any]) -> None:
    """Order tests by their folder in place; those of a folder stay as they are."""
    rank = {name: place for place, name in enumerate(SLOWEST_FIRST)}
    items.sort(key=lambda item: rank.get(PurePosixPath(item.nodeid.partition("::")[0]).parent.name, len(rank)))
