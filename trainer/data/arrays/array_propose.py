"""Looks at HDF5, TFRecord and NumPy files and proposes a configuration for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.config.task import TASKS, Task
from trainer.data.arrays.array_choice import choose_inputs, choose_labels, words_end_with
from trainer.data.arrays.array_file import ArrayFile, StoredArray, describe_array
from trainer.data.arrays.array_labels import has_one_value
from trainer.data.arrays.array_parts import part_of, without_part
from trainer.data.arrays.array_samples import ArraySamples, Wanted, samples_of
from trainer.data.arrays.array_settings import ArraySettings
from trainer.data.arrays.array_shaped import EncodedPictures, are_pictures
from trainer.data.arrays.tfrecord_file import find_shards, is_record_file, open_tfrecord
from trainer.data.inspect import Proposal
from trainer.errors import DataError

_HDF5 = (".h5", ".hdf5", ".hdf", ".he5")
_NUMPY = (".npz", ".npy")
_SIDES = (32, 48, 64, 96, 128, 160, 192, 224)
_LARGEST_KEPT_SIDE = 256
_SMALLEST_SIDE = 16
_FEW_VALUES = 20
_NAMES_OF_RECORDS = (("class", "text"), ("label", "text"), ("class", "name"), ("label", "name"))
_VALIDATION_FRACTION = 0.2
_KEYS = {"validation": "val_dir", "test": "test_dir"}


@dataclass(frozen=True, slots=True)
class ArrayPlace:
    """Files that one of the loaders of arrays reads.

    Attributes:
        loader: The loader's name.
        train: The file or folder to train on.
        others: By part, the file or folder of validation and test data, where there is one.
    """

    loader: str
    train: Path
    others: dict[str, Path]


def find_array_place(path: Path) -> ArrayPlace | None:
    """What a file or folder holds for the loaders of arrays; `None` if nothing.

    A folder counts if it holds TFRecord shards, HDF5 or NumPy files, or sub-folders `train` and `test` of shards.
    """
    if path.is_file():
        loader = _loader_of(path)
        return ArrayPlace(loader, path, _beside(path)) if loader else None
    if not path.is_dir():
        return None
    files = _entries(path)
    if any(is_record_file(file) for file in files):
        return ArrayPlace("TFRecordDataLoader", path, _parts_of_shards(path))
    folders = {part_of(file.name): file for file in files if file.is_dir() and any(map(is_record_file, _entries(file)))}
    if "train" in folders:
        return ArrayPlace("TFRecordDataLoader", folders.pop("train"), {k: v for k, v in folders.items() if k})
    whole = [file for file in files if file.suffix.lower() in (*_HDF5, ".npz")]
    train = [file for file in whole if part_of(file.name) == "train"]
    if len(train) == 1 or len(whole) == 1:
        return find_array_place((train or whole)[0])
    if any(file.suffix.lower() == ".npy" for file in files):
        return ArrayPlace("NumpyDataLoader", path, {})
    return None


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing of one that cannot be read, such as one of others beside the data."""
    try:
        return sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError:
        return []


def propose_arrays(path: Path) -> Proposal:
    """Look at a file of arrays, or at a folder of them, and propose settings.

    Raises:
        DataError: There is no such file, or it is not obvious what its arrays are.
    """
    path = Path(path).expanduser().absolute()
    place = find_array_place(path)
    if place is None:
        raise DataError(f"{path} is no HDF5, TFRecord or NumPy file, and no folder with such files.")
    file = _open(place.loader, place.train)
    settings = ArraySettings(place.loader)
    task = _task(file, settings)
    samples = samples_of(file, Wanted(settings, task, "train"))
    sentences = [_summary(file, samples, task), *_hint_at_names(file, samples)]
    data: dict[str, Any] = {
        "train_dir": str(place.train),
        "loader": {"name": place.loader, "arguments": _arguments(file, settings, task)},
        **_other_parts(place, file, sentences),
        **_settings(samples, sentences),
    }
    if unusable := samples.index.unusable:
        first = min(unusable)
        some = f"{samples.index.names[first]}, as {unusable[first]}"
        count = f"{len(unusable):,} sample{'' if len(unusable) == 1 else 's'}"
        sentences.append(f"{count} cannot be used and will be left out, such as {some}.")
    name = " ".join(without_part(place.train.stem)) or place.train.parent.name or "untitled"
    values: dict[str, Any] = {"project": {"name": name, "task": task}, "data": data}
    if task != "image_classification":
        values["model"] = {"architecture": {"name": TASKS[task].model}}
    if task.startswith("tabular"):
        values["training"] = _training(samples.index.num_samples)
    return Proposal(values, tuple(sentences))


def _loader_of(path: Path) -> str:
    if is_record_file(path):
        return "TFRecordDataLoader"
    suffix = path.suffix.lower()
    return "HDF5DataLoader" if suffix in _HDF5 else "NumpyDataLoader" if suffix in _NUMPY else ""


def _beside(path: Path) -> dict[str, Path]:
    """Files beside `train.h5` that are called the same but for the part."""
    if part_of(path.stem) != "train" or path.suffix.lower() == ".npy":
        return {}
    same = [
        other
        for other in sorted(path.parent.iterdir())
        if other.suffix == path.suffix and without_part(other.stem) == without_part(path.stem)
    ]
    return {part: other for part in _KEYS for other in same if part_of(other.stem) == part}


def _parts_of_shards(path: Path) -> dict[str, Path]:
    found = {part_of(file.name) for file in path.iterdir() if is_record_file(file)}
    return {part: path for part in _KEYS if "train" in found and part in found}


def _open(loader: str, path: Path) -> ArrayFile:
    if loader == "TFRecordDataLoader":
        find_shards(path, "train")
        return open_tfrecord(path, "train", most_lost_fraction=1.0)
    if loader == "HDF5DataLoader":
        from trainer.data.arrays.hdf5_file import open_hdf5

        return open_hdf5(path)
    from trainer.data.arrays.numpy_file import open_numpy

    return open_numpy(path)


def _task(file: ArrayFile, settings: ArraySettings) -> Task:
    inputs = choose_inputs(file, settings, "train", "tabular_classification")
    labels = choose_labels(file, settings, inputs, "train", "image_classification")
    if len(inputs) == 1 and (len(inputs[0].shape) > 2 or _is_of_bytes(file, inputs[0])):
        has_masks = len(labels.shape) > 2 and not has_one_value(labels)
        return "image_segmentation" if has_masks else "image_classification"
    return "tabular_classification" if _are_classes(labels) else "tabular_regression"


def _is_of_bytes(file: ArrayFile, array: StoredArray) -> bool:
    return array.dtype.kind == "O" and (are_pictures(array, file.unusable) or file.noun == "feature")


def _are_classes(labels: StoredArray) -> bool:
    if labels.dtype.kind in "OSUb":
        return True
    values = labels.read(np.arange(labels.shape[0]))
    if len(labels.shape) == 2 and labels.shape[1] > 1:
        return bool(np.isin(values, (0, 1)).all())
    found = np.unique(values)
    is_whole = bool((found == np.rint(found)).all())
    return is_whole and (len(found) <= _FEW_VALUES or (labels.dtype.kind in "iu" and len(found) * 10 <= len(values)))


def _summary(file: ArrayFile, samples: ArraySamples, task: Task) -> str:
    index = samples.index
    what = "pictures" if samples.pictures is not None else f"rows of {len(index.feature_names):,} columns"
    if index.class_names:
        shown = ", ".join(index.class_names[:5]) + (" …" if len(index.class_names) > 5 else "")
        goal = f"{len(index.class_names):,} classes ({shown})"
    else:
        goal = "numbers to predict"
    return (
        f"{TASKS[task].title}: {index.num_samples:,} {what} with {goal} in {file.place.name}. It has {file.listing()}."
    )


def _hint_at_names(file: ArrayFile, samples: ArraySamples) -> list[str]:
    """Where classes are numbers, the feature that has their names in each record."""
    if file.noun != "feature" or not all(name.isdigit() for name in samples.index.class_names):
        return []
    found = (name for name in file.arrays for words in _NAMES_OF_RECORDS if words_end_with(name, words))
    return [f"{name} may hold names: give it as labels to the loader to see these." for name in list(found)[:1]]


def _arguments(file: ArrayFile, settings: ArraySettings, task: Task) -> dict[str, str]:
    """The names that were found, unless they are those of one part among several in the same file."""
    inputs = choose_inputs(file, settings, "train", task)
    labels = choose_labels(file, settings, inputs, "train", task)
    if part_of(inputs[0].name) or part_of(labels.name):
        return {}
    return {"inputs": ", ".join(array.name for array in inputs), "labels": labels.name}


def _other_parts(place: ArrayPlace, file: ArrayFile, sentences: list[str]) -> dict[str, Any]:
    inside = {part_of(name) for name in file.arrays}
    values: dict[str, Any] = {}
    for part, key in _KEYS.items():
        found = place.others.get(part) or (place.train if "train" in inside and part in inside else None)
        if found is not None:
            values[key] = str(found)
            sentences.append(f"{part.capitalize()} data is in {found.name}.")
    if "val_dir" not in values:
        values["validation_fraction"] = _VALIDATION_FRACTION
        sentences.append(f"{_VALIDATION_FRACTION:.0%} of the samples is held out for validation.")
    return values


def _settings(samples: ArraySamples, sentences: list[str]) -> dict[str, Any]:
    count = samples.index.num_samples
    values: dict[str, Any] = {"batch_size": 16 if count < 500 else 32 if count < 10_000 else 64}
    pictures = samples.pictures
    if pictures is None:
        return values
    if isinstance(pictures, EncodedPictures):
        usable = next(row for row in range(count) if row not in samples.index.unusable)
        (height, width), channels = pictures.size(usable), 3
    else:
        height, width, channels = pictures.height, pictures.width, pictures.channels
        sentences.append(f"Their values are taken as {pictures.value_range}: {describe_array(pictures.array)}.")
    size = _image_size(height, width)
    if size != (height, width):
        sentences.append(f"They will be brought to {size[1]} × {size[0]} pixels.")
    color_mode = {1: "grayscale", 4: "rgba"}.get(channels, "rgb")
    return {**values, "image_size": list(size), "color_mode": color_mode}


def _training(num_rows: int) -> dict[str, Any]:
    """Small tables need many epochs for the few thousand steps a network takes to settle; large ones few."""
    epochs = 150 if num_rows < 2000 else 60 if num_rows < 20_000 else 20
    patience = max(5, epochs // 5)
    return {
        "epochs": epochs,
        "initial_learning_rate": 0.003,
        "early_stopping": {"enabled": True, "patience": patience},
    }


def _image_size(height: int, width: int) -> tuple[int, int]:
    if max(height, width) <= _LARGEST_KEPT_SIDE:
        times = -(-_SMALLEST_SIDE // min(height, width))
        return height * times, width * times
    side = max((side for side in _SIDES if side <= min(height, width)), default=_SIDES[0])
    return side, side
