"""How fast rows of a CSV table come, against plain tf.data code for the same file.

    python benchmarks/table_loader.py [--rows 100000] [--batch-size 128] [--rounds 5]

A table is generated: nine columns of numbers with some missing, two of texts, and a class. All sides shuffle all rows
in every epoch, fill missing numbers, write texts as one-hot and give float32 batches of one shape. The plain sides:

csv     `tf.data.experimental.make_csv_dataset`, with the columns packed by `map`, and prefetched; it reads the file in
        every epoch. Also with `.cache()` behind the packing, which then shuffles batches, not rows.
pandas  `pandas.read_csv`, `fillna`, `get_dummies`, then `from_tensor_slices`, `shuffle(all)`, `batch` and `prefetch`.

Rounds take turns in one process. Warm: whole epochs after one that does not count; goal: at least 2 against each plain
side that keeps nothing or everything in memory. Cold: reading the file and the first epoch; goal: at least 1.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import ROOT, parser_of, print_ratio, quietly_import_keras, ratios, with_spread

NUM_NUMBERS = 9
COLORS = ("red", "green", "blue", "white")
TOWNS = tuple(f"town {number}" for number in range(12))
NAMES = [f"x{number}" for number in range(NUM_NUMBERS)]
Side = Callable[[], int]


def main() -> None:
    """Run all sides in turn and print rows/s and ratios."""
    parser = parser_of(__file__, __doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))
    quietly_import_keras()
    with tempfile.TemporaryDirectory() as folder:
        path = write_table(Path(folder) / "table.csv", options.rows)
        measure(path, options.batch_size, options.rounds)


def write_table(path: Path, num_rows: int) -> Path:
    """A table with missing numbers, two columns of texts and a class."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(10, 3, (num_rows, NUM_NUMBERS)).round(4), columns=NAMES)
    frame["x0"] = frame["x0"].mask(random.random(num_rows) < 0.1)
    frame["color"] = random.choice(COLORS, num_rows)
    frame["town"] = random.choice(TOWNS, num_rows)
    frame["label"] = (frame["x1"] > frame["x2"]).astype(int)
    frame.to_csv(path, index=False)
    return path


def measure(path: Path, batch_size: int, rounds: int) -> None:
    """Time all sides and print what came of it."""
    makers: dict[str, Callable[[], Side]] = {
        "ours": lambda: ours(path, batch_size),
        "csv": lambda: plain_csv(path, batch_size, cached=False),
        "csv cached": lambda: plain_csv(path, batch_size, cached=True),
        "pandas": lambda: plain_pandas(path, batch_size),
    }
    cold: dict[str, list[float]] = {name: [] for name in makers}
    warm: dict[str, list[float]] = {name: [] for name in makers}
    for round_number in range(rounds + 1):
        for name, make in makers.items():
            begun_s = time.perf_counter()
            epoch = make()
            num_rows = epoch()
            cold_s = time.perf_counter() - begun_s
            begun_s = time.perf_counter()
            num_rows = epoch()
            warm_s = time.perf_counter() - begun_s
            if round_number:  # the first round warms everything up
                cold[name].append(num_rows / cold_s)
                warm[name].append(num_rows / warm_s)
    print(f"{num_rows:,} rows, batches of {batch_size}, {rounds} rounds")
    for name in makers:
        print(f"{name:10}  cold {with_spread(cold[name], ' rows/s', 0)}   warm {with_spread(warm[name], ' rows/s', 0)}")
    print_ratio("warm, to make_csv_dataset", ratios(warm["ours"], warm["csv"]), at_least=2)
    print_ratio("warm, to make_csv_dataset with cache", ratios(warm["ours"], warm["csv cached"]))
    print_ratio("warm, to pandas and from_tensor_slices", ratios(warm["ours"], warm["pandas"]), at_least=2)
    print_ratio("cold, to make_csv_dataset", ratios(cold["ours"], cold["csv"]), at_least=1)
    print_ratio("cold, to pandas and from_tensor_slices", ratios(cold["ours"], cold["pandas"]), at_least=1)


def ours(path: Path, batch_size: int) -> Side:
    """The loader, without a part held out; its dataset runs on over epochs as in training."""
    from trainer.config.config import Config
    from trainer.engine.data.load import load_data

    class Silent:
        def log(self, tag: str, message: str) -> None: ...
        def notice(self, level: str, message: str) -> None: ...
        def progress(self, done: int, total: int, unit: str = "") -> None: ...

    config = Config.model_validate({
        "project": {"task": "tabular_classification"},
        "data": {
            "train_dir": str(path),
            "validation_fraction": 0,
            "loader": {"name": "CSVDataLoader", "arguments": {"target_column": "label"}},
        },
    })  # fmt: skip
    train = load_data(config, path.parent, None, Silent(), one_hot=False).train
    batches = iter(
        train.dataset(batch_size=batch_size, shuffle=True, seed=1, augmentation=None, one_hot=False, repeat=True)
    )
    return lambda: sum(len(next(batches)[1]) for _ in range(train.num_batches(batch_size)))


def plain_csv(path: Path, batch_size: int, *, cached: bool) -> Side:
    """`make_csv_dataset`, as its documentation shows it."""
    import keras
    import tensorflow as tf

    num_rows = sum(1 for _ in path.open()) - 1
    lookups = {
        "color": keras.layers.StringLookup(vocabulary=COLORS, num_oov_indices=0, output_mode="one_hot"),
        "town": keras.layers.StringLookup(vocabulary=TOWNS, num_oov_indices=0, output_mode="one_hot"),
    }

    def pack(columns: Any, labels: Any) -> Any:
        numbers = tf.stack([columns[name] for name in NAMES], axis=1)
        texts = [tf.cast(lookup(columns[name]), tf.float32) for name, lookup in lookups.items()]
        return tf.concat([numbers, *texts], axis=1), labels

    dataset = tf.data.experimental.make_csv_dataset(
        str(path),
        batch_size,
        column_defaults=[10.0] * NUM_NUMBERS + ["", "", 0],
        label_name="label",
        num_epochs=1,
        shuffle_buffer_size=num_rows,
        num_parallel_reads=tf.data.AUTOTUNE,
    ).map(pack, num_parallel_calls=tf.data.AUTOTUNE)
    if cached:
        dataset = dataset.cache().shuffle(-(-num_rows // batch_size))
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    return lambda: sum(len(labels) for _, labels in dataset)


def plain_pandas(path: Path, batch_size: int) -> Side:
    """A data frame in memory, as most tutorials do it."""
    import pandas as pd
    import tensorflow as tf

    frame = pd.read_csv(path)
    labels = frame.pop("label").to_numpy("int32")
    frame[NAMES] = frame[NAMES].fillna(frame[NAMES].median())
    features = pd.get_dummies(frame, dtype="float32").to_numpy("float32")
    dataset = (
        tf.data.Dataset.from_tensor_slices((features, labels))
        .shuffle(len(labels))
        .batch(batch_size)
        .prefetch(tf.data.AUTOTUNE)
    )
    return lambda: sum(len(labels) for _, labels in dataset)


if __name__ == "__main__":
    main()
