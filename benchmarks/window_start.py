"""How long the window takes to be usable, against the least window of PySide6 and pyqtgraph.

    python benchmarks/window_start.py [--rounds 9]

Each start is a fresh process; the sides alternate. A window counts as usable when it has been painted and the event
loop has taken its first turn after that. `bare` is a `QMainWindow` with one `pyqtgraph.PlotWidget`; `ours` is the whole
application with its welcome page. Goal: at most 1.5 times the time of `bare`.

What the welcome page does not need is imported on a thread and built in steps while the window is usable already. How
long that takes, and the longest time that the event loop did not answer meanwhile, is printed too. The worker on
standby, which the application starts a moment later, is left out: it would still import Keras while the next window
starts. Python's caches are warm. Times are from before the process is made; a ratio is the median of the rounds'
ratios, with the least and the most of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import Any

from measuring import ROOT, parser_of, print_ratio, ratios, window_environment, with_spread

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class _Start:
    usable_s: float
    ready_s: float
    longest_gap_ms: float


def main() -> None:
    """Start both windows in turn and print the ratio."""
    arguments = _arguments()
    if arguments.child is not None:
        _CHILDREN[arguments.child]()
        return
    starts: dict[str, list[_Start]] = {name: [] for name in _CHILDREN}
    with tempfile.TemporaryDirectory() as settings:
        for number in range(-1, arguments.rounds):
            for name, done in starts.items():
                start = _start(name, settings)
                if number >= 0:  # the first start of each fills caches
                    done.append(start)
    ours, bare = [[start.usable_s for start in starts[name]] for name in ("ours", "bare")]
    print(f"time until the window is usable, {arguments.rounds} rounds")
    print(f"  bare   {with_spread([1000 * value for value in bare], ' ms', 0)}")
    print(f"  ours   {with_spread([1000 * value for value in ours], ' ms', 0)}")
    ready_s = [start.ready_s for start in starts["ours"]]
    print(f"  ours, all parts built {with_spread([1000 * value for value in ready_s], ' ms', 0)}; longest time without")
    print(f"  an answer meanwhile {with_spread([start.longest_gap_ms for start in starts['ours']], ' ms', 0)}")
    print_ratio("ours / bare", ratios(ours, bare), at_most=1.5)
    print_ratio("ours, all parts built / bare", ratios(ready_s, bare))


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9, help="starts of each window (default: 9)")
    parser.add_argument("--child", choices=list(_CHILDREN), help=argparse.SUPPRESS)
    return parser.parse_args()


def _start(name: str, settings: str) -> _Start:
    begun_s = time.perf_counter()
    command = [sys.executable, __file__, "--child", name]
    with subprocess.Popen(
        command, env=window_environment(settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        watchdog = threading.Timer(_TIMEOUT_S, process.kill)
        watchdog.start()
        first = process.stdout.readline()
        usable_s = time.perf_counter() - begun_s
        word, _, gap_ms = process.stdout.readline().decode().partition(" ")
        ready_s = time.perf_counter() - begun_s
        errors = process.stderr.read().decode()
        watchdog.cancel()
    if first.strip() != b"usable" or word != "ready":
        sys.exit(f"The window '{name}' did not open:\n{errors}")
    return _Start(usable_s, ready_s, float(gap_ms))


def _say_when_usable(widget: Any) -> None:
    """Say so once the widget, and with it its window, is painted and the loop has turned."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                widget.removeEventFilter(self)
                QTimer.singleShot(0, widget, lambda: os.write(1, b"usable\n"))
            return super().eventFilter(watched, event)

    widget.installEventFilter(FirstPaint(widget))


class _Gaps:
    """The longest time between two turns of the event loop, looked at every 5 ms."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.longest_ms = 0.0
        self._last_s = time.perf_counter()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(5)

    def _tick(self) -> None:
        now_s = time.perf_counter()
        self.longest_ms = max(self.longest_ms, 1000 * (now_s - self._last_s))
        self._last_s = now_s


def _end(gap_ms: float) -> None:
    os.write(1, f"ready {gap_ms}\n".encode())
    os._exit(0)


def _bare() -> None:
    import pyqtgraph as pg
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication([])
    window = QMainWindow()
    plot = pg.PlotWidget()
    window.setCentralWidget(plot)
    window.resize(1280, 800)
    _say_when_usable(plot.viewport())
    window.show()
    QTimer.singleShot(100, window, lambda: _end(0.0))
    app.exec()


def _ours() -> None:
    sys.path.insert(0, str(ROOT))
    from app.application import make_application, open_window
    from app.training.standby import Standby
    from app.warm_up import WarmUp

    Standby.prepare = lambda self: None  # type: ignore[method-assign]  # noqa: ARG005
    app = make_application([])
    window = open_window([])
    _say_when_usable(window.welcome)
    gaps = _Gaps()
    warm_up: WarmUp = window.findChild(WarmUp)
    warm_up.finished.connect(lambda: _end(gaps.longest_ms))
    app.exec()


_CHILDREN = {"bare": _bare, "ours": _ours}


if __name__ == "__main__":
    main()
