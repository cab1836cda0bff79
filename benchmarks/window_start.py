"""How long the window takes to be usable, against the least window of PySide6 and pyqtgraph.

    python benchmarks/window_start.py [--rounds 9]

Each start is a fresh process; the two sides alternate. A window counts as usable when it has been painted and the
event loop has nothing left to do. `bare` is a `QMainWindow` with one `pyqtgraph.PlotWidget`; `ours` is the whole
application. Python's caches are warm. Goal: at most 1.5 times the time of `bare`. Times are from before the process
is made; a ratio is the median of the rounds' ratios, with the least and the most of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from typing import Any

from measuring import ROOT, parser_of, print_ratio, ratios, with_spread

_TIMEOUT_S = 60.0


def main() -> None:
    """Start both windows in turn and print the ratio."""
    arguments = _arguments()
    if arguments.child is not None:
        _CHILDREN[arguments.child]()
        return
    seconds: dict[str, list[float]] = {name: [] for name in _CHILDREN}
    with tempfile.TemporaryDirectory() as settings:
        for number in range(-1, arguments.rounds):
            for name, values in seconds.items():
                elapsed_s = _start(name, settings)
                if number >= 0:  # the first start of each fills caches
                    values.append(elapsed_s)
    print(f"time until the window is usable, {arguments.rounds} rounds")
    for name, values in seconds.items():
        print(f"  {name:6} {with_spread([1000 * value for value in values], ' ms', 0)}")
    print_ratio("ours / bare", ratios(seconds["ours"], seconds["bare"]), at_most=1.5)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9, help="starts of each window (default: 9)")
    parser.add_argument("--child", choices=list(_CHILDREN), help=argparse.SUPPRESS)
    return parser.parse_args()


def _start(name: str, settings: str) -> float:
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    environment |= {"XDG_CONFIG_HOME": settings, "XDG_STATE_HOME": settings, "XDG_CACHE_HOME": settings}
    begun_s = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, __file__, "--child", name], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        elapsed_s = time.perf_counter() - begun_s
        if line.strip() != b"usable" or process.wait(_TIMEOUT_S):
            sys.exit(f"The window '{name}' did not open; see the error above.")
    return elapsed_s


def _say_when_usable(window: Any) -> None:
    """Print a line once the window is painted and the loop is idle, and end the process."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                window.removeEventFilter(self)
                QTimer.singleShot(0, window, _end)
            return super().eventFilter(watched, event)

    window.installEventFilter(FirstPaint(window))


def _end() -> None:
    os.write(1, b"usable\n")
    os._exit(0)


def _bare() -> None:
    import pyqtgraph as pg
    from PySide6.QtWidgets import QApplication, QMainWindow

    app = QApplication([])
    window = QMainWindow()
    window.setCentralWidget(pg.PlotWidget())
    window.resize(1280, 800)
    _say_when_usable(window)
    window.show()
    app.exec()


def _ours() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
    from PySide6.QtCore import QTimer

    from app.application import make_application

    app = make_application([])
    from app.main_window import MainWindow

    window = MainWindow()
    _say_when_usable(window)
    window.show()
    QTimer.singleShot(0, window, window.offer_recovery)
    QTimer.singleShot(0, window, window.reattach)
    app.exec()


_CHILDREN = {"bare": _bare, "ours": _ours}


if __name__ == "__main__":
    main()
