"""How long it takes from Start to the first trained batch, against a cold Keras script.

    python benchmarks/start_to_first_batch.py [--rounds 5]

ours  from Start to the first batch of a run, with a worker on standby that has imported Keras already: making the run
      folder, reading and decoding the pictures, building, compiling and tracing are all in it
cold  from starting `python script.py` to the first batch of a plain `image_dataset_from_directory` and `fit` with the
      same network (the default SmallCNN), pictures, batch size and optimizer

The two alternate; each round has a fresh standby worker, which is waited for before the clock starts. Goal: at most
half. A ratio is the median of the rounds' ratios, with the least and the most of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measuring import ROOT, add_data_option, parser_of, print_ratio, ratios, require_data, with_spread

_TIMEOUT_S = 180.0
_POLL_S = 0.02
BATCH_SIZE = 32
IMAGE_SIZE = (32, 32)


def main() -> None:
    """Measure both in turn and print the ratio."""
    arguments = _arguments()
    data = require_data(arguments.data)
    if arguments.cold:
        _train_cold(data / "train")
        return
    sys.path.insert(0, str(ROOT))
    seconds: dict[str, list[float]] = {"ours": [], "cold": []}
    with tempfile.TemporaryDirectory(prefix="modelgardener-benchmark-") as folder:
        for number in range(-1, arguments.rounds):
            elapsed_s = {"ours": _start_ours(data / "train", Path(folder)), "cold": _start_cold(data)}
            for name, values in seconds.items():
                if number >= 0:  # the first of each fills caches
                    values.append(elapsed_s[name])
    print(f"time from Start to the first batch, {arguments.rounds} rounds")
    for name, values in seconds.items():
        print(f"  {name}  {with_spread(values, ' s')}")
    print_ratio("ours / cold", ratios(seconds["ours"], seconds["cold"]), at_most=0.5)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    add_data_option(parser)
    parser.add_argument("--rounds", type=int, default=5, help="starts of each (default: 5)")
    parser.add_argument("--cold", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _start_ours(pictures: Path, runs_dir: Path) -> float:
    from trainer.config.config import Config
    from trainer.launch import StandbyWorker, create_run, start_worker
    from trainer.runs.commands import Discard
    from trainer.runs.events import BatchesEnded
    from trainer.runs.follow import RunFollower

    config = Config.model_validate(
        {"data": {"train_dir": str(pictures), "batch_size": BATCH_SIZE}, "output": {"runs_dir": str(runs_dir)}}
    )
    standby = StandbyWorker()
    _wait_until(lambda: standby.status()["state"] == "ready", "the standby worker")
    begun = time.time()
    folder = create_run(config, runs_dir)
    process = start_worker(folder, standby=standby)
    follower = RunFollower(folder)
    batches: list[float] = []

    def has_begun() -> bool:
        batches.extend(event.time for event in follower.poll() if isinstance(event, BatchesEnded))
        return bool(batches) or process.poll() is not None

    _wait_until(has_begun, "the first batch")
    folder.send(Discard())
    process.wait(_TIMEOUT_S)
    standby.close()
    if not batches:
        sys.exit(f"The run ended without a batch: {follower.state.end}")
    return batches[0] - begun


def _wait_until(condition: Any, what: str) -> None:
    give_up_s = time.monotonic() + _TIMEOUT_S
    while not condition():
        if time.monotonic() > give_up_s:
            sys.exit(f"Waited {_TIMEOUT_S:.0f} s for {what} in vain.")
        time.sleep(_POLL_S)


def _start_cold(data: Path) -> float:
    command = [sys.executable, __file__, "--cold", "--data", str(data)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    begun = time.time()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        sys.exit(f"The cold script failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.split()[-1]) - begun


def _train_cold(pictures: Path) -> None:
    """The child: what an expert would write, and a callback that tells the time of the first batch."""
    import keras
    import tensorflow as tf

    class FirstBatch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            print(time.time(), flush=True)
            os._exit(0)

    def dataset(subset: str) -> Any:
        return keras.utils.image_dataset_from_directory(
            pictures,
            image_size=IMAGE_SIZE,
            batch_size=BATCH_SIZE,
            validation_split=0.2,
            subset=subset,
            seed=1,
            verbose=False,
        )

    training, validation = dataset("training"), dataset("validation")
    model = _plain_model(len(training.class_names))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    ready = training.cache().prefetch(tf.data.AUTOTUNE)
    model.fit(ready, validation_data=validation, epochs=15, callbacks=[FirstBatch()], verbose=0)


def _plain_model(num_classes: int) -> Any:
    from keras import layers, models

    model = models.Sequential([layers.Input((*IMAGE_SIZE, 3)), layers.Rescaling(1 / 255)])
    for filters in (32, 64, 128):
        for _ in range(2):
            model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
            model.add(layers.BatchNormalization(momentum=0.9))
            model.add(layers.Activation("relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes, activation="softmax"))
    return model


if __name__ == "__main__":
    main()
