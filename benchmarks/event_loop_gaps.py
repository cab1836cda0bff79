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
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from event_loop import INTERVAL_MS, TIMEOUT_S, Ticks, bare_timer, during, print_gaps, spin_for, spin_until
from measuring import ROOT, add_data_option, parser_of, require_data, window_environment

_LOG_WRITING_S = 2.0
_LINES_PER_WRITE = 500


def main() -> None:
    """Measure and print the gaps of each phase."""
    arguments = _arguments()
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
    parser.add_argument("--write-log", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(pictures: Path, folder: Path, arguments: argparse.Namespace) -> None:
    from app.application import make_application, open_window
    from app.warm_up import WarmUp

    make_application([])
    window = open_window([])
    warm_up = window.findChild(WarmUp)
    spin_until(lambda: warm_up.is_finished)
    with _worker(window, pictures, folder) as run, bare_timer(folder / "ticks.txt") as bare_ticks:
        window.show_run(run.path)
        spin_until(lambda: bool(window.train_page.followed.state.batch_metrics))
        ticks = Ticks()
        phases = [during("training", lambda: spin_for(arguments.seconds))]
        phases.append(during("training and log", lambda: _log_phase(window, run, arguments.lines)))
        ticks.stop()
    shown = window.train_page.view.log.text.blockCount()
    print(f"times between firings of a {INTERVAL_MS} ms timer; {arguments.lines:,} log lines, {shown:,} kept on screen")
    print_gaps(phases, ticks, bare_ticks())
    os._exit(0)  # the window would ask and save; nothing of it is kept


def _log_phase(window: Any, run: Any, num_lines: int) -> None:
    command = [sys.executable, __file__, "--write-log", str(run.log_path), "--lines", str(num_lines)]
    log = window.train_page.view.log
    arrived: list[int] = []
    window.train_page.followed.log_lines.connect(lambda lines: arrived.append(len(lines)))
    with subprocess.Popen(command) as process:
        spin_until(lambda: process.poll() is not None)
    spin_until(lambda: sum(arrived) >= num_lines and log.is_idle)


# -------------------------------------------------------------------- other processes


@contextmanager
def _worker(window: Any, pictures: Path, folder: Path) -> Iterator[Any]:
    from trainer.config.config import Config
    from trainer.launch import create_run, start_worker
    from trainer.runs.commands import Discard

    values = {"data": {"train_dir": str(pictures)}, "training": {"epochs": 10_000}, "output": {"runs_dir": str(folder)}}
    run = create_run(Config.model_validate(values), folder)
    spin_until(lambda: window.standby.is_ready)
    process = start_worker(run, standby=window.standby.take())
    try:
        yield run
    finally:
        run.send(Discard())
        process.wait(TIMEOUT_S)


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
