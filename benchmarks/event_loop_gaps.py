"""How smoothly the window answers while a run trains and while 100,000 log lines arrive.

    python benchmarks/event_loop_gaps.py [--seconds 20] [--lines 100000]

The real window follows a real worker that trains the default SmallCNN. A timer of 10 ms in the window's event loop
notes when it fires; the figures are the times between two firings, so 10 ms is as good as it gets. Phases:

training          the worker trains, the window shows its curves and log
training and log  the same, and another process appends the lines to the run's log.txt in two seconds; the phase goes
                  on until the window has shown them

A process with nothing but such a timer runs at the same time: what it sees is the machine, not the window. "own work"
is the processor time that the window's thread spent between two firings. Goals for the window: a 99th percentile of at
most 20 ms, and none above 100 ms.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import ROOT, add_data_option, parser_of, require_data, window_environment

_INTERVAL_MS = 10
_TIMEOUT_S = 180.0
_LOG_WRITING_S = 2.0
_LINES_PER_WRITE = 500
_P99_GOAL_MS, _MOST_GOAL_MS = 20.0, 100.0


@dataclass(frozen=True)
class Phase:
    """A named stretch of `time.monotonic`."""

    name: str
    begin_s: float
    end_s: float


def main() -> None:
    """Measure and print the gaps of each phase."""
    arguments = _arguments()
    if arguments.bare_timer is not None:
        _run_bare_timer(arguments.bare_timer)
        return
    if arguments.write_log is not None:
        _write_log(arguments.write_log, arguments.lines)
        return
    data = require_data(arguments.data)
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="modelgardener-benchmark-", ignore_cleanup_errors=True) as folder:
        os.environ.update(window_environment(folder))
        _run(data / "train", Path(folder), arguments)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    add_data_option(parser)
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the training phase (default: 20)")
    parser.add_argument("--lines", type=int, default=100_000, help="log lines (default: 100000)")
    parser.add_argument("--bare-timer", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write-log", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(pictures: Path, folder: Path, arguments: argparse.Namespace) -> None:
    from app.application import make_application, open_window
    from app.warm_up import WarmUp

    make_application([])
    window = open_window([])
    warm_up = window.findChild(WarmUp)
    _spin_until(lambda: warm_up.is_finished)
    with _worker(window, pictures, folder) as run, _bare_timer(folder / "ticks.txt") as bare_ticks:
        window.show_run(run.path)
        _spin_until(lambda: bool(window.train_page.followed.state.batch_metrics))
        ticks = Ticks()
        phases = [_phase("training", lambda: _spin_for(arguments.seconds))]
        phases.append(_phase("training and log", lambda: _log_phase(window, run, arguments.lines)))
        ticks.stop()
    shown = window.train_page.view.log.text.blockCount()
    print(
        f"times between firings of a {_INTERVAL_MS} ms timer; {arguments.lines:,} log lines, {shown:,} kept on screen"
    )
    for phase in phases:
        _print("window", phase, ticks.times_s, ticks.times_s, has_goals=True)
        _print("own work", phase, ticks.times_s, ticks.used_s, has_goals=False)
        _print("bare timer", phase, bare_ticks(), bare_ticks(), has_goals=False)
    os._exit(0)  # the window would ask and save; nothing of it is kept


def _phase(name: str, act: Callable[[], None]) -> Phase:
    begin_s = time.monotonic()
    act()
    return Phase(name, begin_s, time.monotonic())


def _log_phase(window: Any, run: Any, num_lines: int) -> None:
    command = [sys.executable, __file__, "--write-log", str(run.log_path), "--lines", str(num_lines)]
    log = window.train_page.view.log
    arrived: list[int] = []
    window.train_page.followed.log_lines.connect(lambda lines: arrived.append(len(lines)))
    with subprocess.Popen(command) as process:
        _spin_until(lambda: process.poll() is not None)
    _spin_until(lambda: sum(arrived) >= num_lines and log.is_idle)


class Ticks:
    """Times at which a timer of the event loop fired, and the processor time this thread had used by then."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.times_s: list[float] = []
        self.used_s: list[float] = []
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_INTERVAL_MS)

    def stop(self) -> None:
        """Note no more."""
        self._timer.stop()

    def _tick(self) -> None:
        self.times_s.append(time.monotonic())
        self.used_s.append(time.thread_time())


def _print(who: str, phase: Phase, ticks_s: list[float], clock_s: list[float], *, has_goals: bool) -> None:
    inside = [clock for tick, clock in zip(ticks_s, clock_s, strict=True) if phase.begin_s <= tick <= phase.end_s]
    gaps_ms = sorted(1000 * (later - earlier) for earlier, later in itertools.pairwise(inside))
    p99_ms, most_ms = gaps_ms[int(0.99 * (len(gaps_ms) - 1))], gaps_ms[-1]
    verdict = ""
    if has_goals:
        met = p99_ms <= _P99_GOAL_MS and most_ms <= _MOST_GOAL_MS
        goals = f"goals: p99 at most {_P99_GOAL_MS:.0f}, none above {_MOST_GOAL_MS:.0f}"
        verdict = f"  {goals}: {'met' if met else 'MISSED'}"
    print(
        f"  {phase.name:17} {phase.end_s - phase.begin_s:5.1f} s  {who:11} p50 {statistics.median(gaps_ms):5.1f}  "
        f"p99 {p99_ms:5.1f}  most {most_ms:6.1f} ms{verdict}"
    )


# -------------------------------------------------------------------- the event loop


def _spin_for(seconds: float) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop, loop.quit)
    loop.exec()


def _spin_until(condition: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + _TIMEOUT_S
    while not condition():
        if time.monotonic() > give_up_s:
            sys.exit(f"Waited {_TIMEOUT_S:.0f} s in vain.")
        _spin_for(0.05)


# -------------------------------------------------------------------- other processes


@contextmanager
def _worker(window: Any, pictures: Path, folder: Path) -> Iterator[Any]:
    from trainer.config.config import Config
    from trainer.launch import create_run, start_worker
    from trainer.runs.commands import Discard

    values = {"data": {"train_dir": str(pictures)}, "training": {"epochs": 10_000}, "output": {"runs_dir": str(folder)}}
    run = create_run(Config.model_validate(values), folder)
    _spin_until(lambda: window.standby.is_ready)
    process = start_worker(run, standby=window.standby.take())
    try:
        yield run
    finally:
        run.send(Discard())
        process.wait(_TIMEOUT_S)


@contextmanager
def _bare_timer(path: Path) -> Iterator[Callable[[], list[float]]]:
    """A process with a timer only; gives a function that reads the times at which it fired."""
    command = [sys.executable, __file__, "--bare-timer", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            yield lambda: [float(line) for line in path.read_text().splitlines()]
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _run_bare_timer(path: Path) -> None:
    import threading

    from PySide6.QtCore import QCoreApplication

    app = QCoreApplication([])
    ticks = Ticks()
    threading.Thread(target=lambda: (sys.stdin.read(), app.quit()), daemon=True).start()
    app.exec()
    path.write_text("\n".join(str(tick) for tick in ticks.times_s))


def _write_log(path: Path, num_lines: int) -> None:
    pause_s = _LOG_WRITING_S * _LINES_PER_WRITE / num_lines
    with path.open("a", encoding="utf-8") as file:
        for first in range(0, num_lines, _LINES_PER_WRITE):
            numbers = range(first, min(num_lines, first + _LINES_PER_WRITE))
            file.writelines(f"12:34:56 [USER] line {number:,}: loss 0.1234, worth printing\n" for number in numbers)
            file.flush()
            time.sleep(pause_s)


if __name__ == "__main__":
    main()
