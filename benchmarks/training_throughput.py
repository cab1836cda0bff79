"""Training speed of a run against a plain Keras `fit` on the same pictures, network and optimizer.

    python benchmarks/training_throughput.py [--case all|resnet|small] [--rounds 7]

Ours is the whole training job: run folder, events, log, history.csv, checkpoints `best` and `last`. The plain side is
`image_dataset_from_directory`, `model.compile`, `model.fit` with a `ModelCheckpoint(save_best_only=True)`.

resnet  ResNet50 at 64×64, where the network dominates; plain with `.cache().prefetch()`. Goal: at least 0.99.
small   a very small CNN at 32×32, where decoding dominates; plain with `.map(rescale).prefetch()`. Goal: at least
        1.2 from the second epoch on. Also against the same with `.cache()`.

All sides live in one process and take turns, so that a busy machine slows all alike; what a side still has to write at
the end of its turn is on its time. In `small` the first epoch of each turn is not counted: some of its batches were
prepared while the others had their turn. A speed is pictures trained on per second of whole epochs, with validation
and checkpoints; a ratio is the median of the rounds' ratios, with the least and the most of them. Pictures per second
of processor time, printed beside, hardly depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
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
from turns import Side, Turn

BATCH_SIZE = 32
NUM_CLASSES_OF_SCORES = 10


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        title: First line of its report.
        architecture: Name and arguments of the network.
        image_size_px: Height and width.
        per_class: Pictures of each class to train and to validate on; 0 takes all.
        epochs_per_turn: Epochs that are counted in each turn.
        warm_epochs: Epochs before them that are not.
        goal: Least ratio to the first plain side.
    """

    title: str
    architecture: dict[str, Any]
    image_size_px: int
    per_class: tuple[int, int]
    epochs_per_turn: int
    warm_epochs: int
    goal: float


CASES = {
    "resnet": Case("ResNet50 at 64×64", {"name": "ResNet50"}, 64, (100, 10), 1, 0, 0.99),
    "small": Case(
        "small CNN at 32×32", {"name": "SmallCNN", "arguments": {"filters": 4, "num_blocks": 2}}, 32, (0, 0), 4, 1, 1.2
    ),
}


def main() -> None:
    """Run the chosen cases and print their ratios."""
    arguments = _arguments()
    data = require_data(arguments.data)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))
    quietly_import_keras()
    chosen = CASES.values() if arguments.case == "all" else [CASES[arguments.case]]
    for case in chosen:
        with tempfile.TemporaryDirectory(prefix="modelgardener-benchmark-") as folder:
            _run(case, data, Path(folder), arguments.rounds)


def _arguments() -> argparse.Namespace:
    parser = parser_of(__file__, __doc__)
    add_data_option(parser)
    parser.add_argument("--case", choices=["all", *CASES], default="all")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each side (default: 7)")
    return parser.parse_args()


def _run(case: Case, data: Path, folder: Path, rounds: int) -> None:
    if case.per_class[0]:
        data = _subset(data, folder / "pictures", case.per_class)
    num_pictures = sum(1 for path in (data / "train").rglob("*") if path.is_file())
    sides = [Side("ours", _ours(case, data, folder), settle=_join_checkpoint_writer), *_plain_sides(case, data, folder)]
    print(f"{case.title}, {num_pictures:,} pictures, batches of {BATCH_SIZE}")
    print(f"  {rounds} rounds of {case.epochs_per_turn} epochs", flush=True)
    for side in sides:
        side.start()
        side.take_turn(1)
    turns: dict[str, list[Turn]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            if case.warm_epochs:
                side.take_turn(case.warm_epochs)
            turns[side.name].append(side.take_turn(case.epochs_per_turn))
    for side in sides:
        side.finish()
    _report(case, turns, num_pictures)


def _report(case: Case, turns: dict[str, list[Turn]], num_pictures: int) -> None:
    pictures = num_pictures * case.epochs_per_turn
    whole = {name: [pictures / turn.whole_s for turn in done] for name, done in turns.items()}
    batches = {name: [pictures / turn.batches_s for turn in done] for name, done in turns.items()}
    processor = {name: [pictures / turn.processor_s for turn in done] for name, done in turns.items()}
    for name in turns:
        speed, speed_of_batches = with_spread(whole[name], " pictures/s", 0), with_spread(batches[name], "", 0)
        print(f"  {name:14} {speed}; batches alone {speed_of_batches}")
    first, *others = [name for name in turns if name != "ours"]
    print_ratio(f"ours / {first}", ratios(whole["ours"], whole[first]), at_least=case.goal)
    for name in others:
        print_ratio(f"ours / {name}", ratios(whole["ours"], whole[name]))
    for name in (first, *others):
        print_ratio(f"ours / {name}, batches alone", ratios(batches["ours"], batches[name]))
        print_ratio(f"ours / {name}, per second of processor time", ratios(processor["ours"], processor[name]))


def _subset(data: Path, folder: Path, per_class: tuple[int, int]) -> Path:
    for part, count in zip(("train", "test"), per_class, strict=True):
        for class_folder in sorted(path for path in (data / part).iterdir() if path.is_dir()):
            target = folder / part / class_folder.name
            target.mkdir(parents=True)
            for picture in sorted(class_folder.iterdir())[:count]:
                shutil.copy(picture, target)
    return folder


# -------------------------------------------------------------------- ours


def _ours(case: Case, data: Path, folder: Path) -> Callable[[Side], None]:
    def train(side: Side) -> None:
        from trainer.config.config import Config
        from trainer.engine.training.control import TrainingControl
        from trainer.engine.training.job import run_training
        from trainer.launch import create_run

        config = Config.model_validate(
            {
                "data": {
                    "train_dir": str(data / "train"),
                    "val_dir": str(data / "test"),
                    "image_size": (case.image_size_px, case.image_size_px),
                    "normalization": "zero_to_one",
                    "batch_size": BATCH_SIZE,
                },
                "model": {"architecture": case.architecture},
                "training": {"epochs": 1_000_000},
            }
        )
        run = create_run(config, folder)
        control = TrainingControl()
        output = _turn_taking_output(run, side, control)
        run_training(run, control, output, resume=False)

    return train


def _turn_taking_output(run: Any, side: Side, control: Any) -> Any:
    from trainer.runs.events import EpochStarted, Phase, PhaseStarted
    from trainer.runs.output import RunOutput

    class TurnTakingOutput(RunOutput):
        """Writes everything as a worker does, and waits where an epoch starts."""

        def emit(self, event: Any) -> None:
            if isinstance(event, PhaseStarted) and event.phase is Phase.VALIDATING:
                side.validation_starts()
            super().emit(event)
            if isinstance(event, EpochStarted) and not side.epoch_starts():
                control.request_stop("discard")

        def log(self, tag: str, message: str) -> None:
            with run.log_path.open("a", encoding="utf-8") as file:
                file.write(f"[{tag}] {message}\n")

    return TurnTakingOutput(run.events_path)


def _join_checkpoint_writer() -> None:
    for thread in threading.enumerate():
        if thread.name == "checkpoint-writer":
            thread.join()


# -------------------------------------------------------------------- plain


def _plain_sides(case: Case, data: Path, folder: Path) -> list[Side]:
    if case.architecture["name"] == "ResNet50":
        return [Side("plain, cached", lambda side: _train_plain(case, data, folder / "plain.keras", side, cache=True))]
    return [
        Side("plain", lambda side: _train_plain(case, data, folder / "plain.keras", side, cache=False)),
        Side("plain, cached", lambda side: _train_plain(case, data, folder / "cached.keras", side, cache=True)),
    ]


def _train_plain(case: Case, data: Path, checkpoint: Path, side: Side, *, cache: bool) -> None:
    import keras

    model = _plain_model(case)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    keep_best = keras.callbacks.ModelCheckpoint(checkpoint, save_best_only=True)
    try:
        model.fit(
            _plain_dataset(data / "train", case, cache=cache),
            validation_data=_plain_dataset(data / "test", case, cache=cache),
            epochs=1_000_000,
            callbacks=[keep_best, _turn_taking_callback(side)],
            verbose=0,
        )
    except _FinishedError:
        return


def _plain_dataset(folder: Path, case: Case, *, cache: bool) -> Any:
    import keras
    import tensorflow as tf

    dataset = keras.utils.image_dataset_from_directory(
        folder, image_size=(case.image_size_px, case.image_size_px), batch_size=BATCH_SIZE, verbose=False
    )
    if cache:
        dataset = dataset.cache()
    return dataset.map(lambda pictures, labels: (pictures / 255.0, labels)).prefetch(tf.data.AUTOTUNE)


def _plain_model(case: Case) -> Any:
    import keras

    from trainer.engine.models.zoo.small_cnn import SmallCNN

    shape = (case.image_size_px, case.image_size_px, 3)
    inputs = keras.Input(shape)
    if case.architecture["name"] == "ResNet50":
        backbone = keras.applications.ResNet50(include_top=False, weights=None, input_shape=shape)
    else:
        backbone = SmallCNN(shape, **case.architecture["arguments"])
    features = keras.layers.GlobalAveragePooling2D()(backbone(inputs))
    features = keras.layers.Dropout(0.2)(features)
    return keras.Model(inputs, keras.layers.Dense(NUM_CLASSES_OF_SCORES, activation="softmax")(features))


class _FinishedError(Exception):
    """Leaves the plain fit."""


def _turn_taking_callback(side: Side) -> Any:
    import keras

    class TurnTaking(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            if not side.epoch_starts():
                raise _FinishedError

        def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            side.validation_starts()

    return TurnTaking()


if __name__ == "__main__":
    main()
