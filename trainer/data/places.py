"""Where things of the user's go that have no place of their own yet."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def samples_dir() -> Path:
    """Where sample data sets are written."""
    return Path(platformdirs.user_data_dir("modelgardener", appauthor=False)) / "samples"


def workspace_dir() -> Path:
    """Where runs of a configuration go that is not saved yet: `~/ModelGardener`, or `$GARDENER_WORKSPACE`."""
    return Path(os.environ.get("GARDENER_WORKSPACE") or Path.home() / "ModelGardener")
