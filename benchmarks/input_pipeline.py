"""How fast batches come, against `keras.utils.image_dataset_from_directory` on the same class folder.

    python benchmarks/input_pipeline.py [CLASS_FOLDER] [--batch-size 32] [--rounds 7]

Both sides shuffle all pictures in every epoch and give float32 batches of the same size. Rounds are interleaved in one
process, so that a busy machine slows all alike; a warm side runs whole epochs for at least a second per round, after an
epoch that does not count (its batches were prepared while others had their turn). Each figure is the median of the
rounds, each ratio the median of the rounds' ratios.
Goals: at least 2 once decoded pictures are kept, at least 1 in the first epoch from a cold start.

`of many` and `as they are asked for` read the same folder in the way of more than 20,000 pictures: nothing is decoded
before the first batch, and pictures are decoded, and kept, when a batch first asks for them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from trainer.config.config import Config  # noqa: E402
from trainer.config.sections import AugmentationSection  # noqa: E402
from trainer.data.inspect import propose_config  # noqa: E402
from trainer.engine.data import verify  # noqa: E402
from trainer.engine.data.prepare import prepare_data  # noqa: E402
from trainer.engine.data.split import Split  # noqa: E402

OURS = "ours, kept in memory"
OURS_OFF = "ours, decoding each epoch"
OURS_AUGMENTED = "ours, kept and augmented"
KERAS = "Keras directory dataset"
KERAS_CACHED = "Keras directory dataset .cache()"
OURS_LATE = "ours, kept as they are asked for"
OURS_LATE_OFF = "ours, decoding each epoch, of many"
OURS_LATE_COLD = "ours of many, cold: scan, first epoch"
OURS_COLD = "ours, cold: scan, decode, first epoch"
KERAS_COLD = "Keras, cold: scan, first epoch"
Sides = dict[str, Callable[[], int]]
_LEAST_S = 1.0
AUGMENTATION = AugmentationSection(horizontal_flip=True, rotation_degrees=10, zoom_fraction=0.1, contrast_fraction=0.1)


class Silent:
    """A reporter that says nothing."""

    def log(self, tag: str, message: str) -> None:
        """Say nothing."""

    def notice(self, level: str, message: str) -> None:
        """Say nothing."""

    def progress(self, done: int, total: int, unit: str = "") -> None:
        """Say nothing."""


def main() -> None:
    """Run all sides in turn and print images/s and ratios."""
    arguments = _arguments()
    folder: Path = arguments.folder.resolve()
    size = tuple(propose_config(folder).values["data"]["image_size"])
    batch_size: int = arguments.batch_size

    def keras_dataset() -> Any:
        return keras.utils.image_dataset_from_directory(
            folder, image_size=size, batch_size=batch_size, label_mode="int", seed=1, verbose=False
        )

    def ours(cache: str, most_before_training: int = verify.MOST_DECODED) -> Split:
        data = {"train_dir": str(folder), "image_size": size, "validation_fraction": 0, "cache": cache}
        with mock.patch.object(verify, "MOST_DECODED", most_before_training):
            return prepare_data(Config.model_validate({"data": data}), folder, Silent()).train

    kept = ours("memory")
    warm = {
        OURS: _endless_epochs(kept, batch_size),
        OURS_AUGMENTED: _endless_epochs(kept, batch_size, AUGMENTATION),
        OURS_OFF: _endless_epochs(ours("off"), batch_size),
        OURS_LATE: _endless_epochs(ours("memory", 0), batch_size),
        OURS_LATE_OFF: _endless_epochs(ours("off", 0), batch_size),
        KERAS: _repeated(keras_dataset()),
        KERAS_CACHED: _repeated(keras_dataset().cache()),
    }
    cold: Sides = {
        OURS_COLD: lambda: _endless_epochs(ours("memory"), batch_size)(),
        OURS_LATE_COLD: lambda: _endless_epochs(ours("memory", 0), batch_size)(),
        KERAS_COLD: lambda: _repeated(keras_dataset())(),
    }
    for side in (warm | cold).values():
        side()
    speeds = _measure(warm, cold, arguments.rounds)
    print(f"{kept.num_samples:,} pictures of {size[0]}×{size[1]}, batches of {batch_size}, {arguments.rounds} rounds")
    _print(speeds, [(OURS, KERAS, 2.0), (OURS, KERAS_CACHED, None), (OURS_AUGMENTED, KERAS, None)])
    _print(speeds, [(OURS_OFF, KERAS, None), (OURS_COLD, KERAS_COLD, 1.0)])
    _print(speeds, [(OURS_LATE, KERAS, 2.0), (OURS_LATE_OFF, KERAS, 1.0), (OURS_LATE_COLD, KERAS_COLD, 1.0)])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    default = ROOT.parent / "shared" / "data" / "cifar10-mini" / "train"
    parser.add_argument("folder", type=Path, nargs="?", default=default, help="a folder with one sub-folder per class")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


def _endless_epochs(
    split: Split, batch_size: int, augmentation: AugmentationSection | None = None
) -> Callable[[], int]:
    """One epoch per call, of a dataset that runs on over epochs as it does in training."""
    dataset = split.dataset(
        batch_size=batch_size, shuffle=True, seed=1, augmentation=augmentation, one_hot=False, repeat=True
    )
    batches = iter(dataset.map(lambda images, labels: (tf.cast(images, tf.float32), labels)).prefetch(2))
    return lambda: sum(len(next(batches)[1]) for _ in range(split.num_batches(batch_size)))


def _repeated(dataset: Any) -> Callable[[], int]:
    return lambda: sum(len(labels) for _, labels in dataset)


def _measure(warm: Sides, cold: Sides, rounds: int) -> dict[str, list[float]]:
    speeds: dict[str, list[float]] = {name: [] for name in warm | cold}
    for _ in range(rounds):
        for name, side in warm.items():
            side()
            speeds[name].append(_images_per_second(side, _LEAST_S))
        for name, side in cold.items():
            speeds[name].append(_images_per_second(side, 0.0))
    return speeds


def _images_per_second(side: Callable[[], int], least_s: float) -> float:
    num_images, start_s = 0, time.perf_counter()
    while not num_images or time.perf_counter() - start_s < least_s:
        num_images += side()
    return num_images / (time.perf_counter() - start_s)


def _print(speeds: dict[str, list[float]], pairs: list[tuple[str, str, float | None]]) -> None:
    for ours, theirs, goal in pairs:
        ratio = statistics.median(a / b for a, b in zip(speeds[ours], speeds[theirs], strict=True))
        wanted = "" if goal is None else f"  goal {goal:g}: {'met' if ratio >= goal else 'MISSED'}"
        own, other = statistics.median(speeds[ours]), statistics.median(speeds[theirs])
        print(f"{ours:38} {own:>9,.0f} images/s  {theirs:33} {other:>8,.0f} images/s  ratio {ratio:5.2f}{wanted}")


if __name__ == "__main__":
    main()
