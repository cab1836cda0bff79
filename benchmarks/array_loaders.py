"""How fast pictures come from TFRecord, HDF5 and .npz files, against plain tf.data code for the same file.

    python benchmarks/array_loaders.py [--data FOLDER] [--copies 4] [--batch-size 32] [--rounds 5]

The pictures of FOLDER/train, each of them four times, are written in each format first: as JPEG bytes in four TFRecord
shards, and decoded to 32×32 in HDF5 (plain; and in chunks of 64 pictures, compressed with gzip) and in .npz. All sides
shuffle all pictures in every epoch and give float32 batches of one size. The plain sides:

TFRecord  `TFRecordDataset`, `shuffle(all)`, `map` with `parse_single_example` and `decode_jpeg`, `batch`, `prefetch`.
HDF5      `from_generator` of slices of 64 pictures from h5py, `unbatch`, `shuffle(all)`, `batch`, `prefetch`.
npz       `np.load`, `from_tensor_slices`, `shuffle(all)`, `batch`, `prefetch`.

Rounds take turns in one process; each side runs whole epochs for at least a second, after one that does not count.
Goals: at least 2 where ours keeps decoded pictures in memory, at least 1 where it keeps nothing (`data.cache: off`) and
at least 1 from a cold start: opening the file, and the first epoch.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measuring import (
    ROOT,
    add_data_option,
    parser_of,
    print_ratio,
    quietly_import_keras,
    ratios,
    require_data,
    with_spread,
)

SIDE = 32
SLICE = 64
NUM_SHARDS = 4
LEAST_S = 1.0
LOADERS = {
    "TFRecord": ("records", "TFRecordDataLoader"),
    "HDF5": ("plain.h5", "HDF5DataLoader"),
    "HDF5 gzip": ("gzip.h5", "HDF5DataLoader"),
    "npz": ("pictures.npz", "NumpyDataLoader"),
}
Side = Callable[[], int]


def main() -> None:
    """Write the files, run all sides in turn and print pictures/s and ratios."""
    parser = parser_of(__file__, __doc__)
    add_data_option(parser)
    parser.add_argument(
        "--copies", type=int, default=4, help="how often each picture is written (default: %(default)s)"
    )
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data = require_data(options.data)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))
    quietly_import_keras()
    with tempfile.TemporaryDirectory() as folder:
        num_pictures = write_files(data / "train", Path(folder), options.copies)
        print(f"{num_pictures:,} pictures of {SIDE}×{SIDE}, batches of {options.batch_size}, {options.rounds} rounds")
        for name in LOADERS:
            measure(name, Path(folder), options.batch_size, options.rounds)


def write_files(class_folder: Path, folder: Path, copies: int) -> int:
    """The pictures in all formats, in random order; their number."""
    import h5py
    import numpy as np
    import tensorflow as tf

    classes = sorted(path for path in class_folder.iterdir() if path.is_dir())
    files = [(file, number) for number, path in enumerate(classes) for file in sorted(path.glob("*.jpg"))] * copies
    order = np.random.default_rng(0).permutation(len(files))
    contents, labels = [files[row][0].read_bytes() for row in order], np.array([files[row][1] for row in order])
    images = np.stack([tf.image.resize(tf.io.decode_jpeg(item, 3), (SIDE, SIDE)).numpy() for item in contents])
    images = images.round().astype(np.uint8)
    (folder / "records").mkdir()
    for shard in range(NUM_SHARDS):
        with tf.io.TFRecordWriter(str(folder / "records" / f"train-{shard:05}.tfrecord")) as writer:
            for content, label in list(zip(contents, labels.tolist(), strict=True))[shard::NUM_SHARDS]:
                features = {
                    "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[content])),
                    "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
                }
                example = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(example.SerializeToString())
    for name, settings in (("plain", {}), ("gzip", {"chunks": (SLICE, SIDE, SIDE, 3), "compression": "gzip"})):
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file.create_dataset("images", data=images, **settings)
            file["labels"] = labels
    np.savez(folder / "pictures.npz", images=images, labels=labels)
    return len(labels)


def measure(name: str, folder: Path, batch_size: int, rounds: int) -> None:
    """Time all sides of a format and print what came of it."""
    file, loader = LOADERS[name]
    path = folder / file
    plain = {"TFRecord": plain_records, "npz": plain_npz}.get(name, plain_hdf5)
    makers: dict[str, Callable[[], Side]] = {
        "kept": lambda: ours(path, loader, "memory", batch_size),
        "not kept": lambda: ours(path, loader, "off", batch_size),
        "plain": lambda: plain(path, batch_size),
    }
    sides = {side: make() for side, make in makers.items()}
    cold: dict[str, list[float]] = {side: [] for side in makers}
    warm: dict[str, list[float]] = {side: [] for side in makers}
    for round_number in range(rounds + 1):
        for side, make in makers.items():
            started = speed_of(lambda make=make: make()(), 0.0)  # type: ignore[misc]
            sides[side]()
            running = speed_of(sides[side], LEAST_S)
            if round_number:  # the first round warms everything up
                cold[side].append(started)
                warm[side].append(running)
    for side in makers:
        print(f"{name:9} {side:9} warm {with_spread(warm[side], '/s', 0)}   cold {with_spread(cold[side], '/s', 0)}")
    print_ratio(f"{name}, kept, to plain", ratios(warm["kept"], warm["plain"]), at_least=2)
    print_ratio(f"{name}, not kept, to plain", ratios(warm["not kept"], warm["plain"]), at_least=1)
    print_ratio(f"{name}, cold, to plain cold", ratios(cold["kept"], cold["plain"]), at_least=1)


def speed_of(epoch: Side, least_s: float) -> float:
    """Pictures per second of whole epochs."""
    num_pictures, begun_s = 0, time.perf_counter()
    while not num_pictures or time.perf_counter() - begun_s < least_s:
        num_pictures += epoch()
    return num_pictures / (time.perf_counter() - begun_s)


def ours(path: Path, loader: str, cache: str, batch_size: int) -> Side:
    """The loader, without a part held out; its dataset runs on over epochs as in training."""
    import tensorflow as tf

    from trainer.config.config import Config
    from trainer.engine.data.load import load_data

    class Silent:
        def log(self, tag: str, message: str) -> None: ...
        def notice(self, level: str, message: str) -> None: ...
        def progress(self, done: int, total: int, unit: str = "") -> None: ...

    data = {"train_dir": str(path), "validation_fraction": 0, "loader": {"name": loader}, "cache": cache}
    config = Config.model_validate({"data": {**data, "image_size": (SIDE, SIDE)}})
    train = load_data(config, path.parent, None, Silent(), one_hot=False).train
    dataset = train.dataset(batch_size=batch_size, shuffle=True, seed=1, augmentation=None, one_hot=False, repeat=True)
    batches = iter(dataset.map(lambda images, labels: (tf.cast(images, tf.float32), labels)).prefetch(2))
    return lambda: sum(len(next(batches)[1]) for _ in range(train.num_batches(batch_size)))


def plain_records(path: Path, batch_size: int) -> Side:
    """`TFRecordDataset`, as its documentation shows it."""
    import tensorflow as tf

    description = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}

    def parse(record: Any) -> Any:
        example = tf.io.parse_single_example(record, description)
        image = tf.io.decode_jpeg(example["image"], channels=3)
        return tf.cast(tf.ensure_shape(image, (SIDE, SIDE, 3)), tf.float32), example["label"]

    files = [str(file) for file in sorted(path.iterdir())]
    records = tf.data.TFRecordDataset(files, num_parallel_reads=tf.data.AUTOTUNE)
    return _epochs(records.shuffle(100_000).map(parse, num_parallel_calls=tf.data.AUTOTUNE), batch_size)


def plain_hdf5(path: Path, batch_size: int) -> Side:
    """`from_generator`, reading slices in the order of the file."""
    import h5py
    import tensorflow as tf

    def slices() -> Any:
        with h5py.File(path, "r") as file:
            images, labels = file["images"], file["labels"]
            for start in range(0, len(labels), SLICE):
                yield images[start : start + SLICE], labels[start : start + SLICE]

    signature = (tf.TensorSpec((None, SIDE, SIDE, 3), tf.uint8), tf.TensorSpec((None,), tf.int64))
    single = tf.data.Dataset.from_generator(slices, output_signature=signature).unbatch()
    return _epochs(single.shuffle(100_000), batch_size)


def plain_npz(path: Path, batch_size: int) -> Side:
    """`from_tensor_slices` of the loaded arrays."""
    import numpy as np
    import tensorflow as tf

    with np.load(path) as arrays:
        dataset = tf.data.Dataset.from_tensor_slices((arrays["images"], arrays["labels"]))
        return _epochs(dataset.shuffle(len(arrays["labels"])), batch_size)


def _epochs(samples: Any, batch_size: int) -> Side:
    import tensorflow as tf

    dataset = samples.batch(batch_size)
    dataset = dataset.map(lambda images, labels: (tf.cast(images, tf.float32), labels), tf.data.AUTOTUNE)
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    return lambda: sum(len(labels) for _, labels in dataset)


if __name__ == "__main__":
    main()
