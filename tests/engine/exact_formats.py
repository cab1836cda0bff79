"""The same pictures as class folders, TFRecord, HDF5 and .npz, trained with bit-exact arithmetic.

A program of its own, `python -m tests.engine.exact_formats CLASS_FOLDER DESTINATION`: TensorFlow's exact arithmetic
can be switched on only for a whole process. Writes `formats.json`: by name, the run's folder, a digest of the batches
of the first epoch and the losses of its batches. `write_formats` alone serves to try a whole data set by hand.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.data.record_writer import example, write_records
from tests.engine.tiny import ListeningOutput, TinyRuns, run_session
from trainer.data.pictures.image_folder import scan_image_folder
from trainer.runs import events as e

SIZE = (32, 32)
SETTINGS: dict[str, Any] = {
    "runtime.deterministic": True,
    "data.image_size": list(SIZE),
    "data.augmentation": {"horizontal_flip": True, "rotation_degrees": 15},
}
FORMATS: dict[str, tuple[str, str, str]] = {
    "folders": ("folders", "ImageDataLoader", "memory"),
    "TFRecord": ("records", "TFRecordDataLoader", "memory"),
    "TFRecord, not kept": ("records", "TFRecordDataLoader", "off"),
    "HDF5, not kept": ("pictures.h5", "HDF5DataLoader", "off"),
    "npz": ("pictures.npz", "NumpyDataLoader", "memory"),
}
"""By name: file or folder, loader, cache."""


def write_formats(class_folder: Path, destination: Path) -> None:
    """Write the pictures of a class folder in every format, in the order of our index.

    Arrays get the pixels that our own decoder gives; records get the bytes of the files.
    """
    from trainer.engine.data.decode_folder import decode_folder
    from trainer.engine.data.picture_format import PictureFormat

    destination.mkdir(parents=True, exist_ok=True)
    index = scan_image_folder(class_folder)
    wanted = PictureFormat(*SIZE, 3)
    pictures = np.zeros((len(index.paths), *wanted.shape), np.uint8)

    def store(rows: np.ndarray, decoded: np.ndarray) -> None:
        pictures[rows] = decoded

    decode_folder(index.folder, index.paths, wanted, store, lambda _done: None)
    arrays = {"images": pictures, "labels": index.labels}
    np.savez(destination / "pictures.npz", **arrays, class_names=np.array(index.class_names))
    with h5py.File(destination / "pictures.h5", "w") as file:
        file.create_dataset("images", data=pictures, chunks=(16, *wanted.shape), compression="gzip")
        file["labels"] = index.labels
        file["class_names"] = np.array(index.class_names, dtype=object)
    examples = [
        example({"image/encoded": (class_folder / path).read_bytes(), "image/class/label": int(label)})
        for path, label in zip(index.paths, index.labels, strict=True)
    ]
    half = len(examples) // 2
    write_records(destination / "records" / "train-00000-of-00002.tfrecord", examples[:half])
    write_records(destination / "records" / "train-00001-of-00002.tfrecord", examples[half:])
    (destination / "class_names.txt").write_text("\n".join(index.class_names), encoding="utf-8")


def settings_of(name: str, class_folder: Path, destination: Path) -> dict[str, Any]:
    """What a configuration says to train on a format, by dotted key."""
    file, loader, cache = FORMATS[name]
    names = {"class_names": str(destination / "class_names.txt")} if loader == "TFRecordDataLoader" else {}
    return {
        "data.train_dir": str(class_folder if file == "folders" else destination / file),
        "data.loader": {"name": loader, "arguments": names},
        "data.cache": cache,
    }


def digest_of_batches(config: Any, folder: Path) -> str:
    """A digest of all pictures and labels of the first epoch, in their order and without augmentation."""
    from trainer.engine.data.load import load_data

    prepared = load_data(config, folder, None, ListeningOutput(folder / "events.jsonl"), one_hot=False)
    batches = prepared.train.dataset(
        batch_size=8, shuffle=True, seed=config.runtime.seed, augmentation=None, one_hot=False, repeat=False
    )
    digest = hashlib.sha256(repr(prepared.class_names).encode())
    for pictures, labels in batches.as_numpy_iterator():
        digest.update(pictures.tobytes() + labels.tobytes())
    return digest.hexdigest()


def main(class_folder: Path, destination: Path) -> None:
    """Train all of them."""
    from tests.engine.tiny import tiny_config
    from trainer.engine.training import callbacks

    callbacks._REPORT_INTERVAL_S = 0.0
    write_formats(class_folder, destination)
    runs = TinyRuns(destination, class_folder)
    done = {}
    for name in FORMATS:
        changes = SETTINGS | settings_of(name, class_folder, destination)
        session = run_session(runs.create(changes), resume=False)
        done[name] = {
            "folder": str(session.folder.path),
            "reason": session.ending.reason,
            "losses": [event.metrics for event in session.all_of(e.BatchesEnded) if event.epoch == 1],
            "batches": digest_of_batches(tiny_config(class_folder, changes), destination),
        }
    (destination / "formats.json").write_text(json.dumps(done), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
