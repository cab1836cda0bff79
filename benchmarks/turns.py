"""Trainings that take turns, epoch by epoch, in one process: what slows the machine slows all alike."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """Seconds of one turn: whole epochs, the part of them before validation, and processor time of all threads."""

    whole_s: float
    batches_s: float
    processor_s: float


class Side:
    """A training that waits before each of its epochs until it is let through.

    Args:
        name: What to call it.
        train: Trains for ever in a thread; calls `epoch_starts` and `validation_starts` of the side it is given,
            and ends soon after `epoch_starts` returned `False`.
        settle: Called at the end of a turn, on its time, so that nothing of it runs on in the turn of another.
    """

    def __init__(self, name: str, train: Callable[[Side], None], settle: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self._train = train
        self._settle = settle
        self._may_go_on = threading.Semaphore(0)
        self._waits = threading.Semaphore(0)
        self._is_finished = False
        self._error: BaseException | None = None
        self._batches_since_s = 0.0
        self._batches_s = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Prepare everything up to the first batch."""
        self._thread.start()
        self._wait()

    def take_turn(self, num_epochs: int) -> Turn:
        """Train some epochs while all others wait."""
        self._batches_s = 0.0
        begun_s, used_s = time.perf_counter(), time.process_time()
        for _ in range(num_epochs):
            self._may_go_on.release()
            self._wait()
        self._settle()
        return Turn(time.perf_counter() - begun_s, self._batches_s, time.process_time() - used_s)

    def finish(self) -> None:
        """End the training."""
        self._is_finished = True
        self._may_go_on.release()
        self._thread.join()

    def epoch_starts(self) -> bool:
        """Called by the training: wait for the turn; `False` when it is to end."""
        self._waits.release()
        self._may_go_on.acquire()
        self._batches_since_s = time.perf_counter()
        return not self._is_finished

    def validation_starts(self) -> None:
        """Called by the training: all batches of the epoch are done."""
        self._batches_s += time.perf_counter() - self._batches_since_s

    def _wait(self) -> None:
        self._waits.acquire()
        if self._error is not None:
            raise RuntimeError(f"{self.name} failed: {self._error}") from self._error

    def _run(self) -> None:
        try:
            self._train(self)
            if not self._is_finished:
                raise RuntimeError("it ended by itself")
        except BaseException as error:
            self._error = error
        finally:
            self._waits.release()
