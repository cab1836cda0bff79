"""How long a project's own functions take to be found, and how much longer a window with them takes to open.

    python benchmarks/discovery.py [--rounds 9] [--files 30] [--functions 20]

Files of documented losses are written into a `custom_functions` folder and discovered as the window does it: read with
`ast`, never executed. `first` is the time with nothing known, `again` with unchanged files, `one changed` after one
file was written anew; `none` is a project without the folder, and `parse` a bare `ast.parse` of the same files, the
least that reading them takes. Goals: the first time at most 100 ms more than none, and at most 1.5 times `parse`.
Times are medians, with the least and the most of the rounds; Python's modules are loaded before.

Then the application opens a configuration with such a folder beside it and one without, in turn, each in a fresh
process. `usable` is the time from the start of the process until the project is painted and the event loop has turned;
goal: at most 100 ms more with the functions. `all known` is the time until the functions can be chosen and the rest of
the window is built, and `own thread` the processor time that the window's own thread has taken until then. `one turn`
is the processor time of that turn of the event loop in which the functions become known; goal: at most 60 ms. The
worker on standby is left out.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measuring import ROOT, parser_of, print_ratio, ratios, window_environment, with_spread

_GOAL_MS, _GOAL_TURN_MS = 100.0, 60.0
_TIMEOUT_S = 60.0
_LOOK_EVERY_MS = 5
_FUNCTION = '''
def loss_{number}(
    y_true, y_pred, gamma: Annotated[float, "0..5"] = 2.0, alpha=0.25, mode: Literal["mean", "sum"] = "mean"
):
    """A loss that looks at hard pictures.

    Args:
        y_true: One-hot labels, shape (batch, classes).
        y_pred: Probabilities, shape (batch, classes).
        gamma: How much to look at hard pictures,
            from 0 on.
        alpha (0..1): Weight of the rest.
        mode: What becomes of the classes.
    """
    error = keras.ops.square(y_true - y_pred) ** gamma
    weighted = alpha * error + (1.0 - alpha) * keras.ops.absolute(y_true - y_pred)
    if mode == "mean":
        return keras.ops.mean(weighted, axis=-1)
    return keras.ops.sum(weighted, axis=-1)
'''


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.child is not None:
        _open_window(arguments.child)
        return
    sys.path.insert(0, str(ROOT))
    times: dict[str, list[float]] = {name: [] for name in ("none", "parse", "first", "again", "one changed")}
    for number in range(-1, arguments.rounds):
        for name, time_ms in _round(arguments.files, arguments.functions).items():
            if number >= 0:  # the first round loads modules
                times[name].append(time_ms)
    print(f"discovery of {arguments.files} files of {arguments.functions} functions, {arguments.rounds} rounds")
    for name, values in times.items():
        print(f"  {name:12} {with_spread(values, ' ms', 1)}")
    more = [first - none for first, none in zip(times["first"], times["none"], strict=True)]
    print(f"  first - none {with_spread(more, ' ms', 1)}{_verdict(more, _GOAL_MS)}")
    print_ratio("first / parse", ratios(times["first"], times["parse"]), at_most=1.5)
    _compare_windows(arguments)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds, each with new files (default: 9)")
    parser.add_argument("--files", type=int, default=30, help="files in the folder (default: 30)")
    parser.add_argument("--functions", type=int, default=20, help="functions in each file (default: 20)")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _round(num_files: int, num_functions: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        base_dir = Path(folder)
        times = {"none": _time_ms(base_dir)}
        own = _write_all(base_dir, num_files, num_functions)
        begun_s = time.perf_counter()
        for path in own.iterdir():
            ast.parse(path.read_bytes())
        times["parse"] = 1000 * (time.perf_counter() - begun_s)
        times["first"] = _time_ms(base_dir)
        times["again"] = _time_ms(base_dir)
        _write(own / "losses_0.py", num_functions + 1)
        times["one changed"] = _time_ms(base_dir)
    return times


def _write_all(base_dir: Path, num_files: int, num_functions: int) -> Path:
    own = base_dir / "custom_functions"
    own.mkdir()
    for number in range(num_files):
        _write(own / f"losses_{number}.py", num_functions)
    return own


def _write(path: Path, num_functions: int) -> None:
    functions = "\n".join(_FUNCTION.format(number=number) for number in range(num_functions))
    path.write_text(f"from typing import Annotated, Literal\n\nimport keras\n\n{functions}", encoding="utf-8")


def _time_ms(base_dir: Path) -> float:
    from trainer.catalog.discovery import discover

    begun_s = time.perf_counter()
    discover(base_dir)
    return 1000 * (time.perf_counter() - begun_s)


def _verdict(values_ms: list[float], at_most_ms: float) -> str:
    is_met = statistics.median(values_ms) <= at_most_ms
    return f"  goal: at most {at_most_ms:g} ms: {'met' if is_met else 'MISSED'}"


def _compare_windows(arguments: argparse.Namespace) -> None:
    none: list[dict[str, float]] = []
    own: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("none", "own", "settings"):
            Path(folder, name).mkdir()
        _write_all(Path(folder, "own"), arguments.files, arguments.functions)
        for number in range(-1, arguments.rounds):
            for name, done in (("none", none), ("own", own)):
                times = _start_window(Path(folder, name, "project.yaml"), str(Path(folder, "settings")))
                if number >= 0:  # the first start of each fills caches
                    done.append(times)
    print(f"a window opens a project with and without them, {arguments.rounds} rounds")
    for what, at_most_ms in (("usable", _GOAL_MS), ("all known", None), ("own thread", None)):
        for name, done in (("without", none), ("with", own)):
            print(f"  {what:10} {name:10} {with_spread([times[what] for times in done], ' ms', 0)}")
        more = [one[what] - other[what] for one, other in zip(own, none, strict=True)]
        verdict = _verdict(more, at_most_ms) if at_most_ms is not None else ""
        print(f"  {what:10} difference {with_spread(more, ' ms', 0)}{verdict}")
    turns = [times["one turn"] for times in own]
    print(f"  one turn   with       {with_spread(turns, ' ms', 1)}{_verdict(turns, _GOAL_TURN_MS)}")


def _start_window(config: Path, settings: str) -> dict[str, float]:
    config.write_text("training: {epochs: 3}\n", encoding="utf-8")
    begun_s = time.perf_counter()
    command = [sys.executable, __file__, "--child", str(config)]
    done = subprocess.run(command, env=window_environment(settings), capture_output=True, timeout=_TIMEOUT_S)
    try:
        times: dict[str, float] = json.loads(done.stdout)
    except ValueError:
        sys.exit(f"The window did not open:\n{done.stderr.decode()}")
    for name in ("usable", "all known"):  # the clock is the same in every process
        times[name] = 1000 * (times[name] - begun_s)
    return times


def _open_window(config: Path) -> None:
    """Open the application in this process and print times as JSON once its functions are known."""
    sys.path.insert(0, str(ROOT))
    from PySide6.QtCore import QTimer

    from app.application import make_application, open_window
    from app.training.standby import Standby
    from app.warm_up import WarmUp

    Standby.prepare = lambda self: None  # type: ignore[method-assign]  # noqa: ARG005
    app = make_application([])
    window = open_window([str(config)])
    functions, warm_up = window.project.functions, window.findChild(WarmUp)
    times: dict[str, float] = {}
    _note_when_usable(window, times)
    _note_turn(functions.changed, times)

    def look() -> None:
        if "usable" in times and warm_up.is_finished and functions.is_watching and not functions.is_reading:
            times["all known"] = time.perf_counter()
            times["own thread"] = 1000 * time.thread_time()
            os.write(1, json.dumps(times).encode())
            os._exit(0)

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(_LOOK_EVERY_MS)
    app.exec()


def _note_when_usable(window: Any, times: dict[str, float]) -> None:
    """Note when the project has been painted and the loop has turned."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                window.splitter.removeEventFilter(self)
                QTimer.singleShot(0, window, lambda: times.setdefault("usable", time.perf_counter()))
            return super().eventFilter(watched, event)

    window.splitter.installEventFilter(FirstPaint(window))


def _note_turn(signal: Any, times: dict[str, float]) -> None:
    """Note the processor time of the turn of the event loop in which a signal comes first."""
    from PySide6.QtCore import QAbstractEventDispatcher

    loop = QAbstractEventDispatcher.instance()
    assert loop is not None
    begun_ms, has_come = [0.0], [False]

    def turn() -> None:  # waiting for events takes no processor time
        now_ms = 1000 * time.thread_time()
        if has_come[0]:
            times.setdefault("one turn", now_ms - begun_ms[0])
        begun_ms[0] = now_ms

    loop.aboutToBlock.connect(turn)
    signal.connect(lambda: has_come.__setitem__(0, True))


if __name__ == "__main__":
    main()
