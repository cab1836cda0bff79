"""Runs on one and on several logical CPU devices, in one process of its own.

A program, `python -m tests.engine.replica_runs FOLDER`: TensorFlow divides the CPU only before it first uses it. Writes
`figures.json`: by name of the run, its figures by epoch, its reason to end and its log.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.engine.loops import DISTRIBUTED_LOOP
from tests.engine.tiny import Session, TinyRuns, draw_pictures, run_session, write_code
from trainer.runs import events as e

PICTURES_PER_CLASS = 22
"""66 pictures, of which 16 are held out: 50 to train on, in batches of 16 and a last one of 2."""
BASE: dict[str, Any] = {
    "data.batch_size": 16,
    "model.dropout_rate": 0.0,
    "training.optimizer": "SGD",
    "training.epochs": 2,
    "training.metrics": ["accuracy", "AUC"],
    "runtime.deterministic": False,
}
OPTIONS: dict[str, Any] = {
    "training.optimizer": {"name": "Adam", "arguments": {"global_clipnorm": 0.5}},
    "training.weight_averaging.enabled": True,
    "training.weight_averaging.momentum": 0.8,
    "training.steps_per_execution": 2,
}
"""What changes how a step is made; the clipping is felt in every one."""
DEVICES = {1: "CPU:0", 2: "CPU:0, CPU:1", 4: "CPU:0, CPU:1, CPU:2, CPU:3"}


def write_model(folder: Path) -> Path:
    """A network without batch normalization, whose result is the same however a batch is divided."""
    code = """
        import keras

        def dense(input_shape, num_classes):
            pixels = keras.Input(input_shape)
            hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Flatten()(pixels))
            scores = keras.layers.Dense(num_classes, activation="softmax", kernel_regularizer="l2")(hidden)
            return keras.Model(pixels, scores)
    """
    return write_code(folder / "models.py", code)


def main(folder: Path) -> None:
    """Train all of them; the most devices first, as the CPU is divided once."""
    runs = TinyRuns(folder, draw_pictures(folder / "pictures", PICTURES_PER_CLASS))
    # 66 pictures to look at in the end: their last batch has 2 as well.
    test = {"data.test_dir": str(runs.pictures)}
    model = test | {"model.architecture": {"name": "dense", "file": str(write_model(folder))}}
    loop = {
        "training.training_loop": {"name": "distributed", "file": str(write_code(folder / "l.py", DISTRIBUTED_LOOP))}
    }
    done: dict[str, Any] = {}
    for count in (4, 2, 1):
        several = {"runtime.devices": DEVICES[count], "runtime.strategy": "mirrored"}
        for name, own in (("fit", {}), ("loop", loop)):
            session = runs.train({**BASE, **model, **several, **own})
            done[f"{name} on {count}"] = _told(session)
    two = {"runtime.devices": DEVICES[2]}
    for count in (2, 1):
        several = {"runtime.devices": DEVICES[count], "runtime.strategy": "mirrored"}
        done[f"options on {count}"] = _told(runs.train({**BASE, **model, **several, **OPTIONS}))
    done["plain"] = _told(runs.train({**BASE, **model}))
    for name, own in (("fit", {}), ("loop", loop)):
        stopped, going_on = _stopped_and_continued(runs, {**BASE, **model, **two, **own})
        done[f"stopped {name}"], done[f"continued {name}"] = stopped, going_on
    done["batch normalization"] = _told(runs.train({**BASE, **two}))
    done |= {f"{name} on {count}": trained_in_shares(name, count) for name in UNEVEN for count in (1, 2)}
    (folder / "figures.json").write_text(json.dumps(done), encoding="utf-8")


def _masks() -> tuple[Any, Any, Any]:
    """Seven masks, of which the first two are nearly all uncounted, and a network for them."""
    import keras
    import numpy as np

    pixels = keras.Input((6, 6, 2))
    model = keras.Model(pixels, keras.layers.Conv2D(3, 1, activation="softmax", kernel_regularizer="l2")(pixels))
    random = np.random.default_rng(0)
    masks = random.integers(0, 3, (7, 6, 6)).astype("int32")
    masks[:2, :5] = 255
    model.compile(keras.optimizers.SGD(0.5), keras.losses.SparseCategoricalCrossentropy(ignore_class=255))
    return model, random.normal(size=(7, 6, 6, 2)).astype("float32"), masks


def _boxes() -> tuple[Any, Any, Any]:
    """Seven pictures, of which the first two have no objects, and a detector without batch normalization."""
    import keras

    from tests.engine.test_detectors import SIDE, squares
    from trainer.engine.models.detection.detector import PointDetector
    from trainer.engine.models.detection.points import PointBoxes

    pictures, truth = squares(7)
    for value in truth.values():
        value[:2] = -1
    pixels = keras.Input((SIDE, SIDE, 3))
    features = keras.layers.Conv2D(8, 8, 8, activation="relu", kernel_regularizer="l2")(pixels / 255.0)
    scores, sides = (keras.layers.Reshape((-1, size))(keras.layers.Conv2D(size, 1)(features)) for size in (2, 4))
    boxes = PointBoxes((SIDE, SIDE), (8,), name="boxes")(sides)
    model = PointDetector(pixels, {"boxes": boxes, "scores": scores})
    model.compile(keras.optimizers.SGD(0.05))
    return model, pictures, truth


UNEVEN = {"masks": _masks, "boxes": _boxes}


def trained_in_shares(name: str, count: int) -> list[float]:
    """Losses of two epochs of batches of 3, 3 and 1, and the size of the weights in the end."""
    import keras
    import numpy as np
    import tensorflow as tf

    from trainer.engine.training.replicas import train_in_shares

    strategy = tf.distribute.get_strategy()
    if count > 1:
        names = DEVICES[count].split(", ")
        strategy = tf.distribute.MirroredStrategy(names, cross_device_ops=tf.distribute.ReductionToOneDevice())
    keras.utils.set_random_seed(1)
    with strategy.scope():
        model, inputs, labels = UNEVEN[name]()
        batches = tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(3)
        if count > 1:
            model.test_on_batch(*next(iter(batches)))
            train_in_shares(model)
        losses = model.fit(batches, epochs=2, verbose=0, shuffle=False).history["loss"]
    return [*losses, float(sum(np.abs(weight).sum() for weight in model.get_weights()))]


def _stopped_and_continued(runs: TinyRuns, settings: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    def stop(control: Any, event: Any) -> None:
        if isinstance(event, e.BatchesEnded) and event.epoch == 2:
            control.request_stop("now")

    first = run_session(runs.create(settings), resume=False, react=stop)
    return _told(first), _told(runs.go_on(first.folder))


def _told(session: Session) -> dict[str, Any]:
    return {
        "reason": session.ending.reason,
        "message": session.ending.message,
        "trace": session.ending.trace,
        "epochs": {event.epoch: event.metrics for event in session.all_of(e.EpochEnded)},
        "test": [event.metrics for event in session.all_of(e.Evaluated)],
        "lines": session.lines,
        "device": session.all_of(e.TrainingStarted)[0].device if session.all_of(e.TrainingStarted) else "",
        "printed_losses": [line for line in session.lines if "[LOOP]" in line],
    }


if __name__ == "__main__":
    from trainer.engine.training import callbacks

    callbacks._REPORT_INTERVAL_S = 0.0
    main(Path(sys.argv[1]))
