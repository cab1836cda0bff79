"""What events, log, control and an open window cost a fit whose steps take about 1 ms.

    python benchmarks/control_overhead.py [--rounds 15] [--steps 1500]

Four sides take turns with the same compiled model and the same data in memory:

plain    `model.fit(verbose=0)` without callbacks
hook     the same with a callback that does nothing after each batch, as most callbacks make Keras wait for each batch
run      the same fit with a run's callbacks: commands, progress events, history.csv, checkpoints `best` and `last`; and
         beside it a thread that reads commands ten times a second and measures resources once a second, as a worker's
         main thread does. Goal: at most 1.02 of plain.
window   the same as run, and the real window follows it in a process of its own. Goal: at most 1.02 of run.

The window is suspended while it is not its turn. Processor time, printed beside, hardly depends on what else the
machine does: of the fit's process for each side, and of the window while it follows. A ratio is the median of the
rounds' ratios of the time that whole epochs take, with the least and the most of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring import ROOT, parser_of, print_ratio, quietly_import_keras, ratios, window_environment, with_spread

_BATCH_SIZE = 32
_FEATURES = 64
_TICK_S = 0.1
_HEARTBEAT_S = 1.0
_RESUME_S = 0.5


def main() -> None:
    """Take turns and print the ratios."""
    arguments = _arguments()
    sys.path.insert(0, str(ROOT))
    if arguments.window is not None:
        _show_window(arguments.window)
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    quietly_import_keras()
    with tempfile.TemporaryDirectory(prefix="modelgardener-benchmark-") as folder:
        _run(Path(folder), arguments)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each side (default: 15)")
    parser.add_argument("--steps", type=int, default=1500, help="steps per epoch (default: 1500)")
    parser.add_argument("--epochs", type=int, default=3, help="epochs per turn (default: 3)")
    parser.add_argument("--width", type=int, default=256, help="units of hidden layers: how long a step takes")
    parser.add_argument("--window", type=Path, metavar="RUN", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(folder: Path, arguments: argparse.Namespace) -> None:
    model = _model(arguments.width)
    dataset = _dataset(arguments.steps)
    hook = _empty_callback()
    shape = (arguments.steps, arguments.epochs)
    beside, followed = _Run(folder, *shape), _Run(folder, *shape)
    with _window(followed) as window:
        sides: dict[str, Callable[[], Spent]] = {
            "plain": lambda: _timed(lambda: model.fit(dataset, epochs=arguments.epochs, verbose=0)),
            "hook": lambda: _timed(lambda: model.fit(dataset, epochs=arguments.epochs, callbacks=[hook], verbose=0)),
            "run": lambda: beside.train(model, dataset),
            "window": lambda: window.while_following(lambda: followed.train(model, dataset)),
        }
        for side in sides.values():
            side()
        spent: dict[str, list[Spent]] = {name: [] for name in sides}
        for number in range(arguments.rounds):
            names = list(sides)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                spent[name].append(sides[name]())
    steps = arguments.steps * arguments.epochs
    print(f"fits of {arguments.epochs} epochs of {arguments.steps:,} steps, {arguments.rounds} rounds")
    seconds = {name: [turn.wall_s for turn in turns] for name, turns in spent.items()}
    processor = {name: [turn.processor_s for turn in turns] for name, turns in spent.items()}
    for name, values in seconds.items():
        used = with_spread([1000 * value / steps for value in processor[name]], " ms", 3)
        print(
            f"  {name:7} {with_spread([1000 * value / steps for value in values], ' ms per step', 3)}; processor {used}"
        )
    print_ratio("run / plain", ratios(seconds["run"], seconds["plain"]), at_most=1.02)
    print_ratio("run / hook", ratios(seconds["run"], seconds["hook"]))
    print_ratio("run / plain, processor time", ratios(processor["run"], processor["plain"]))
    print_ratio("window / run", ratios(seconds["window"], seconds["run"]), at_most=1.02)
    print(f"  the window used {with_spread(window.used_percent, ' % of one core', 1)}")


@dataclass(frozen=True)
class Spent:
    """Time that a turn took, and processor time of this process in it."""

    wall_s: float
    processor_s: float


def _timed(work: Callable[[], object]) -> Spent:
    begun_s, used_s = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - begun_s, time.process_time() - used_s)


def _model(width: int) -> Any:
    import keras

    layers = [keras.layers.Dense(width, activation="relu") for _ in range(3)]
    model = keras.Sequential([keras.Input((_FEATURES,)), *layers, keras.layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _dataset(steps: int) -> Any:
    import numpy as np
    import tensorflow as tf

    random = np.random.default_rng(0)
    samples = random.normal(size=(_BATCH_SIZE, _FEATURES)).astype("float32")
    labels = random.integers(0, 10, _BATCH_SIZE).astype("int32")
    one_batch = tf.data.Dataset.from_tensors((tf.constant(samples), tf.constant(labels)))
    return one_batch.repeat(steps).apply(tf.data.experimental.assert_cardinality(steps)).prefetch(tf.data.AUTOTUNE)


def _empty_callback() -> Any:
    import keras

    class Empty(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            """Do nothing."""

    return Empty()


class _Run:
    """A run folder and what a session puts between a fit and it."""

    def __init__(self, runs_dir: Path, steps: int, epochs_per_turn: int) -> None:
        from trainer.config.config import Config
        from trainer.config.document import resolved_yaml
        from trainer.engine.training.callbacks import BatchControl
        from trainer.engine.training.checkpointing import Checkpointer
        from trainer.engine.training.control import TrainingControl
        from trainer.engine.training.monitoring import BestFigure
        from trainer.engine.training.recorder import EpochRecorder
        from trainer.resource_probe import ResourceProbe
        from trainer.runs.events import CheckpointSaved, SessionStarted, TrainingStarted
        from trainer.runs.folder import RunFolder
        from trainer.runs.line_file import LineReader
        from trainer.runs.process import ProcessIdentity

        config = Config.model_validate({"training": {"epochs": 1_000_000}})
        self.folder = RunFolder.create(runs_dir, resolved_yaml(config), project="benchmark", seed=0)
        identity = ProcessIdentity.current()
        self.folder.write_record(self.folder.read_record().model_copy(update={"process": identity}))
        output = _quiet_output(self.folder)
        control = TrainingControl()
        checkpointer = Checkpointer(
            self.folder.checkpoints_path,
            lambda name, epoch, step: output.emit(CheckpointSaved(name=name, epoch=epoch, step=step)),
            lambda message: output.notice("error", message),
        )
        recorder = EpochRecorder(
            config, BestFigure("loss", "min"), output, control, checkpointer, self.folder.history_csv_path
        )
        batches = BatchControl(
            control,
            output.emit,
            steps_per_epoch=steps,
            batch_size=_BATCH_SIZE,
            first_step=0,
            stop_on_nan=True,
            save_state=recorder.save_now,
            hold=lambda *_: None,
        )
        output.emit(SessionStarted(session=1, process_id=identity.process_id))
        output.emit(TrainingStarted(epochs=1_000_000, steps_per_epoch=steps, batch_size=_BATCH_SIZE))
        self._callbacks = [batches, recorder]
        self._checkpointer = checkpointer
        self._output = output
        self._probe = ResourceProbe()
        self._commands = LineReader(self.folder.commands_path)
        self._epochs_per_turn = epochs_per_turn
        self._epoch = 0

    def train(self, model: Any, dataset: Any) -> Spent:
        """Train some more epochs; returns what it took."""
        epoch = self._epoch
        self._epoch += self._epochs_per_turn
        with self._supervision():
            return _timed(lambda: self._fit(model, dataset, epoch))

    def _fit(self, model: Any, dataset: Any, epoch: int) -> None:
        model.fit(dataset, initial_epoch=epoch, epochs=self._epoch, callbacks=self._callbacks, verbose=0)
        self._checkpointer.wait()

    @contextmanager
    def _supervision(self) -> Iterator[None]:
        """What the worker's main thread does meanwhile."""
        ended = threading.Event()

        def supervise() -> None:
            heartbeat_at_s = 0.0
            while not ended.wait(_TICK_S):
                self._commands.read()
                if time.monotonic() >= heartbeat_at_s:
                    heartbeat_at_s = time.monotonic() + _HEARTBEAT_S
                    self._output.emit(self._probe.measure())

        thread = threading.Thread(target=supervise)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _quiet_output(folder: Any) -> Any:
    from trainer.runs.output import RunOutput

    class QuietOutput(RunOutput):
        """Writes log lines where a worker's standard output goes."""

        def log(self, tag: str, message: str) -> None:
            with folder.log_path.open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%H:%M:%S')} [{tag}] {message}\n")

    return QuietOutput(folder.events_path)


# -------------------------------------------------------------------- the window, in a process of its own


class _Window:
    def __init__(self, process: Any) -> None:
        self._process = process
        self.used_percent: list[float] = []

    def while_following(self, measure: Callable[[], Spent]) -> Spent:
        """Measure while the window is awake."""
        self._process.resume()
        time.sleep(_RESUME_S)
        before_s = self._used_s()
        try:
            spent = measure()
        finally:
            self._process.suspend()
        self.used_percent.append(100 * (self._used_s() - before_s) / spent.wall_s)
        return spent

    def _used_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def _window(run: _Run) -> Iterator[_Window]:
    import psutil

    command = [sys.executable, __file__, "--window", str(run.folder.path)]
    with (
        tempfile.TemporaryDirectory() as settings,
        subprocess.Popen(command, env=window_environment(settings), stdout=subprocess.PIPE) as child,
    ):
        try:
            assert child.stdout is not None
            if child.stdout.readline().strip() != b"following":
                sys.exit("The window did not open; see the error above.")
            process = psutil.Process(child.pid)
            process.suspend()
            yield _Window(process)
        finally:
            child.kill()


def _show_window(run: Path) -> None:
    """The child: the application's window, following one run."""
    from PySide6.QtCore import QTimer

    from app.application import make_application

    app = make_application([])
    from app.main_window import MainWindow

    window = MainWindow(start_standby=False)
    window.show()
    window.show_run(run)
    QTimer.singleShot(1000, window, lambda: print("following", flush=True))
    app.exec()


if __name__ == "__main__":
    main()
