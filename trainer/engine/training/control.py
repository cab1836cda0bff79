"""What the worker's main thread asks of the training thread, read after every batch."""

from __future__ import annotations

import threading
from typing import Literal

StopKind = Literal["", "after_epoch", "now", "discard"]
_STRENGTH: dict[StopKind, int] = {"": 0, "after_epoch": 1, "now": 2, "discard": 3}


class TrainingControl:
    """Requests between two threads. Reading `is_pending` costs next to nothing."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._stop: StopKind = ""
        self._paused = False
        self._checkpoint = False
        self.is_terminated = False
        self.is_pending = False
        """Whether anything at all is asked; the only thing read after every batch."""

    @property
    def stop(self) -> StopKind:
        """The strongest stop asked for so far."""
        return self._stop

    def request_stop(self, kind: StopKind, *, terminated: bool = False) -> bool:
        """Ask to stop. A stronger request replaces a weaker one; returns whether anything changed."""
        with self._condition:
            self.is_terminated = self.is_terminated or terminated
            if _STRENGTH[kind] <= _STRENGTH[self._stop]:
                return False
            self._stop = kind
            self.is_pending = True
            self._condition.notify_all()
            return True

    def request_pause(self, paused: bool) -> None:
        """Ask to hold after the current batch, or to go on."""
        with self._condition:
            self._paused = paused
            self.is_pending = True
            self._condition.notify_all()

    def request_checkpoint(self) -> None:
        """Ask to save the complete state after the current batch."""
        with self._condition:
            self._checkpoint = True
            self.is_pending = True

    @property
    def is_paused(self) -> bool:
        """Whether training should hold."""
        return self._paused

    def take_checkpoint_request(self) -> bool:
        """Whether a checkpoint was asked for since the last call."""
        with self._condition:
            asked, self._checkpoint = self._checkpoint, False
            self.is_pending = self._paused or bool(self._stop)
            return asked

    def wait_while_paused(self) -> None:
        """Hold the calling thread until it may go on or has to stop at once."""
        with self._condition:
            self._condition.wait_for(lambda: not self._paused or bool(self._stop))
            self._paused = False
            self.is_pending = bool(self._stop)


class StoppedNow(Exception):  # noqa: N818
    """Leaves `model.fit` after a batch, without running the epoch's validation."""


class LossNotFinite(Exception):  # noqa: N818
    """Leaves `model.fit` because the loss became NaN or infinite.

    Args:
        name: Name of the figure.
        value: Its value.
        epoch: Epoch, from 1.
        step: Batch in that epoch, from 1.
    """

    def __init__(self, name: str, value: float, epoch: int, step: int) -> None:
        self.name = name
        self.value = value
        self.epoch = epoch
        self.step = step
        super().__init__(f"The {name} became {value} in epoch {epoch}, batch {step}.")
