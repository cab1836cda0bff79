"""Notes when a timer of an event loop fires, in the window under test and in a process with nothing else in it."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

INTERVAL_MS = 10
TIMEOUT_S = 180.0
P99_GOAL_MS, MOST_GOAL_MS = 20.0, 100.0


@dataclass(frozen=True)
class Phase:
    """A named stretch of `time.monotonic`."""

    name: str
    begin_s: float
    end_s: float


class Ticks:
    """Times at which a timer of the event loop fired, and the processor time this thread had used by then."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.times_s: list[float] = []
        self.used_s: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(INTERVAL_MS)

    def stop(self) -> None:
        """Note no more."""
        self._timer.stop()

    def _tick(self) -> None:
        self.times_s.append(time.monotonic())
        self.used_s.append(time.thread_time())


def during(name: str, act: Callable[[], None]) -> Phase:
    """The stretch of time that an act takes."""
    begin_s = time.monotonic()
    act()
    return Phase(name, begin_s, time.monotonic())


def print_gaps(phases: list[Phase], ticks: Ticks, bare_ticks_s: list[float]) -> None:
    """Print for each phase the gaps of the window, the processor time between them, and the gaps of a bare timer."""
    for phase in phases:
        _print("window", phase, ticks.times_s, ticks.times_s, has_goals=True)
        _print("own work", phase, ticks.times_s, ticks.used_s, has_goals=False)
        _print("bare timer", phase, bare_ticks_s, bare_ticks_s, has_goals=False)


def _print(who: str, phase: Phase, ticks_s: list[float], clock_s: list[float], *, has_goals: bool) -> None:
    inside = [clock for tick, clock in zip(ticks_s, clock_s, strict=True) if phase.begin_s <= tick <= phase.end_s]
    gaps_ms = sorted(1000 * (later - earlier) for earlier, later in itertools.pairwise(inside))
    if not gaps_ms:
        print(f"  {phase.name:17} {phase.end_s - phase.begin_s:5.1f} s  {who:11} too short")
        return
    p99_ms, most_ms = gaps_ms[int(0.99 * (len(gaps_ms) - 1))], gaps_ms[-1]
    verdict = ""
    if has_goals:
        met = p99_ms <= P99_GOAL_MS and most_ms <= MOST_GOAL_MS
        goals = f"goals: p99 at most {P99_GOAL_MS:.0f}, none above {MOST_GOAL_MS:.0f}"
        verdict = f"  {goals}: {'met' if met else 'MISSED'}"
    print(
        f"  {phase.name:17} {phase.end_s - phase.begin_s:5.1f} s  {who:11} p50 {statistics.median(gaps_ms):5.1f}  "
        f"p99 {p99_ms:5.1f}  most {most_ms:6.1f} ms{verdict}"
    )


def spin_for(seconds: float) -> None:
    """Let the event loop run."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()  # QTimer.singleShot crashes now and then when used thousands of times
    timer.setSingleShot(True)
    timer.timeout.connect(loop.quit)
    timer.start(round(1000 * seconds))
    loop.exec()


def spin_until(condition: Callable[[], bool], turn_s: float = 0.05) -> None:
    """Let the event loop run until something is so, asked every `turn_s`; ends the script if it never is."""
    give_up_s = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > give_up_s:
            sys.exit(f"Waited {TIMEOUT_S:.0f} s in vain.")
        spin_for(turn_s)


@contextmanager
def bare_timer(path: Path) -> Iterator[Callable[[], list[float]]]:
    """A process with a timer only; gives a function that reads the times at which it fired, once the process ended.

    Args:
        path: File to write the times to.
    """
    program = "import pathlib, sys, event_loop; event_loop.run_bare_timer(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", program, str(path.absolute())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=Path(__file__).parent) as process:
        try:
            yield lambda: [float(line) for line in path.read_text().splitlines()]
        finally:
            assert process.stdin is not None
            process.stdin.close()


def run_bare_timer(path: Path) -> None:
    """Note the ticks of a timer until standard input ends, then write them to a file, one per line."""
    import threading

    from PySide6.QtCore import QCoreApplication

    app = QCoreApplication([])
    ticks = Ticks()
    threading.Thread(target=lambda: (sys.stdin.read(), app.quit()), daemon=True).start()
    app.exec()
    path.write_text("\n".join(str(tick) for tick in ticks.times_s))
