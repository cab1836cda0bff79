"""What there is to do at the end of an epoch for data that is read while training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from trainer.engine.data.failures import late_pixels_of
from trainer.engine.data.late_pixels import LatePixels
from trainer.engine.data.prepared import PreparedData


class LateDataEpochs(keras.callbacks.Callback):  # type: ignore[misc]
    """Sums up what was found to be unreadable, and makes what was decoded last.

    Args:
        sources: What is read while training.
    """

    def __init__(self, sources: Iterable[LatePixels]) -> None:
        super().__init__()
        self._sources = tuple(sources)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """See the class."""
        for source in self._sources:
            source.end_epoch()


def late_data_callbacks(data: PreparedData) -> list[LateDataEpochs]:
    """The callback, where the data of a training needs it."""
    sources = _sources(data)
    return [LateDataEpochs(sources)] if sources else []


def end_late_data(data: PreparedData) -> None:
    """Once nothing is read any more: as at the end of an epoch, for what was read after the last one."""
    for source in _sources(data):
        source.end_epoch()


def _sources(data: PreparedData) -> tuple[LatePixels, ...]:
    # Parts of one folder share what reads it.
    return tuple({id(each): each for part in data.splits.values() for each in late_pixels_of(part)}.values())
