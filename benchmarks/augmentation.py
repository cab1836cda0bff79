"""What augmentation costs: ours at strength medium, against the same Keras layers used plainly in `tf.data`.

    python benchmarks/augmentation.py [--side 224] [--batch-size 32] [--rounds 7]

Both sides get the same float32 pictures, which are in memory, and flip, turn, zoom, shift, and change contrast and
brightness by the same amounts. Rounds are interleaved in one process. Each figure is the median of the rounds.
Goal: at most 1 times the time of the Keras layers. Masks, boxes and the single steps of ours are shown beside it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measuring import print_ratio, quietly_import_keras, ratios, with_spread  # noqa: E402

quietly_import_keras()

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from trainer.config.component import Component  # noqa: E402
from trainer.config.sections import AugmentationSection  # noqa: E402
from trainer.data.augmentation_strength import STRENGTHS  # noqa: E402
from trainer.engine.data.augment import augment_sample_batch, draw_randomness  # noqa: E402
from trainer.engine.data.batch_step import build_step  # noqa: E402
from trainer.engine.data.steps import DataSteps  # noqa: E402

MEDIUM = AugmentationSection(strength="medium")
BATCHES = 6
Batch = tuple[Any, Any, Any]
_STEPS = ("RandomAffine", "ElasticDeformation", "RandomNoise")


def main() -> None:
    """Run all sides in turn and print times per picture and ratios."""
    arguments = _arguments()
    side, batch_size = arguments.side, arguments.batch_size
    layers = keras_layers()
    sides: dict[str, Callable[[Batch], Any]] = {
        "ours, medium": lambda batch: augment_sample_batch(batch[0], (), "classes", batch[2], MEDIUM)[0],
        "Keras layers": lambda batch: layers(batch[0], training=True),
        "ours, medium, with masks": lambda batch: augment_sample_batch(batch[0], batch[1], "masks", batch[2], MEDIUM),
        **{f"{name}": _step(name) for name in _STEPS},
    }
    times = {name: _endless(change, side, batch_size) for name, change in sides.items()}
    for turn in times.values():
        turn()
    measured: dict[str, list[float]] = {name: [] for name in times}
    for _ in range(arguments.rounds):
        for name, turn in times.items():
            measured[name].append(turn())
    print(f"pictures of {side}×{side}, batches of {batch_size}, {arguments.rounds} rounds")
    for name, values in measured.items():
        print(f"  {name:26} {with_spread([value * 1000 for value in values], ' ms per picture', 3)}")
    print_ratio("ours to Keras", ratios(measured["ours, medium"], measured["Keras layers"]), at_most=1.0)


def keras_layers() -> Any:
    """The Keras layers that do what `medium` does."""
    medium = STRENGTHS["medium"]
    return keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(medium.rotation_degrees / 360),
            keras.layers.RandomZoom(medium.zoom_fraction),
            keras.layers.RandomTranslation(medium.translation_fraction, medium.translation_fraction),
            keras.layers.RandomContrast(medium.contrast_fraction, value_range=(0, 255)),
            keras.layers.RandomBrightness(medium.brightness_fraction, value_range=(0, 255)),
        ]
    )


def _step(name: str) -> Callable[[Batch], Any]:
    steps = DataSteps((build_step("augmentation", Component(name=name), None),))
    return lambda batch: steps.augment(batch[0], (), batch[2])[0]


def _endless(change: Callable[[Batch], Any], side: int, batch_size: int) -> Callable[[], float]:
    """Seconds per picture of some batches, measured with one call running at a time, as often as there are cores."""
    pictures = tf.random.stateless_uniform((batch_size, side, side, 3), (1, 2), 0, 255)
    masks = tf.cast(pictures[..., :1] > 127, tf.uint8)

    def one(number: Any) -> Any:
        return change((pictures, masks, draw_randomness(batch_size, 1, number)))

    function = tf.autograph.experimental.do_not_convert(one)
    dataset = tf.data.Dataset.counter().map(function, num_parallel_calls=os.cpu_count(), deterministic=True)

    def turn() -> float:
        start_s = time.perf_counter()
        for _ in dataset.take(BATCHES):
            pass
        return (time.perf_counter() - start_s) / (BATCHES * batch_size)

    return turn


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or ""), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=224, help="height and width of the pictures in pixels")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
