"""Undo and redo of whole texts, without Qt."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

MERGE_WITHIN_S = 2.0
_MOST_STEPS = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One edit: the text before and after, and what it is called in the menu."""

    before: str
    after: str
    label: str
    key: str
    made_at_s: float


class History:
    """Edits in order; quick successive edits of one setting become one step.

    Args:
        clock: Gives seconds; only differences count.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def clear(self) -> None:
        """Forget everything, as after opening another file."""
        self._done.clear()
        self._undone.clear()

    def push(self, before: str, after: str, label: str, key: str = "") -> None:
        """Record an edit. An empty `key` never merges with the step before."""
        now = self._clock()
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if last is not None and key and last.key == key and now - last.made_at_s < MERGE_WITHIN_S:
            self._done.pop()
            before = last.before
        if before != after:
            self._done.append(Step(before, after, label, key, now))
        del self._done[:-_MOST_STEPS]

    def undo(self) -> str | None:
        """The text before the last edit; `None` when there is none."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        return self._undone[-1].before

    def redo(self) -> str | None:
        """The text after the edit that was undone last; `None` when there is none."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        return self._done[-1].after

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty when nothing."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        """What redo would bring back; empty when nothing."""
        return self._undone[-1].label if self._undone else ""
