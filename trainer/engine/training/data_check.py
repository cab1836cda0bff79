"""The data check before the first epoch, which never hinders a training."""

from __future__ import annotations

import dataclasses
import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from trainer.data.part_samples import PartSamples
from trainer.data.start_check import check_before_start
from trainer.engine.data.divide import tell_problems
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split import Split
from trainer.engine.reporting import Reporter

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession

_MOST_S = 1.0
"""How long duplicates are looked for: slow disks must not hold up a start."""


def check_data_once(session: TrainingSession) -> None:
    """Check the data of a session unless that was done: for a run that goes on, and in the first of several folds."""
    assert session.data is not None
    if session.start.manifest is None and session.folder.read_record().fold <= 1:
        check_before_training(session.data, session.output, lambda: bool(session.control.stop))
    session.data = dataclasses.replace(session.data, indexes=None)


def check_before_training(data: PreparedData, reporter: Reporter, is_stopped: Callable[[], bool]) -> None:
    """Log what else is wrong with the data, and sum up in one notice what makes figures wrong.

    Nothing is checked of batches that come ready from a user's loader. A failure of the check itself is logged.

    Args:
        data: What is trained on.
        reporter: Told what was found.
        is_stopped: Whether a stop was asked for; the check then ends soon.
    """
    try:
        _check(data, reporter, is_stopped)
    except Exception:  # whatever it is, it is no reason not to train
        reporter.log("DATA", f"The data check failed; training goes on without it: {traceback.format_exc()}")


def _check(data: PreparedData, reporter: Reporter, is_stopped: Callable[[], bool]) -> None:
    parts = parts_of(data)
    if not parts:
        return
    began_s = time.monotonic()

    def is_over() -> bool:
        return time.monotonic() - began_s > _MOST_S or is_stopped()

    found = check_before_start(parts, data.problems, is_over)
    if found.is_cut_short and not is_stopped():
        reporter.log("DATA", f"The search for duplicates ended after {_MOST_S:g} s; 'gardener check' does it in full")
    tell_problems(found.problems, reporter)
    if found.summary:
        reporter.notice("warning", f"{found.summary} 'gardener check' and the Data page name them.")


def parts_of(data: PreparedData) -> tuple[PartSamples, ...]:
    """The samples of each part before they were decoded; none of batches that come ready from a user's loader."""
    if data.indexes is None:
        return ()
    indexes = data.indexes()
    return tuple(
        PartSamples(
            name,
            indexes.get(name, indexes["train"]),
            np.unique(split.rows),  # balancing repeats some
            is_held_out=name not in indexes,
        )
        for name, split in data.splits.items()
        if isinstance(split, Split)
    )
