"""What is known of the samples in HDF5, TFRecord and NumPy files before training."""

from __future__ import annotations

import functools
from pathlib import Path

from trainer.config.config import Config
from trainer.data.arrays.array_file import ArrayFile
from trainer.data.arrays.array_propose import propose_arrays
from trainer.data.arrays.array_samples import ArraySamples, Known, Wanted, samples_of
from trainer.data.arrays.array_settings import ArraySettings, path_of
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

__all__ = ["index_arrays", "open_samples", "propose_arrays"]


def index_arrays(config: Config, base_dir: Path, part: str) -> SampleIndex:
    """Look at the file or the folder of a part.

    Args:
        config: `data.loader` names the format and the arrays.
        base_dir: Folder that relative paths start from.
        part: `train`, `validation` or `test`.

    Raises:
        DataError: The data cannot be used.
    """
    settings = ArraySettings.from_config(config)
    known = None if part == "train" else _known_of_training(config, base_dir, settings)
    return open_samples(config, base_dir, part, settings, known).index


def open_samples(
    config: Config, base_dir: Path, part: str, settings: ArraySettings, known: Known | None = None
) -> ArraySamples:
    """Open the file or the folder of a part and find the samples in it.

    Args:
        config: The section `data` says where it is.
        base_dir: Folder that relative paths start from.
        part: `train`, `validation` or `test`.
        settings: The arguments of the loader.
        known: What is known of the training data, for the other parts.

    Raises:
        DataError: The data cannot be used.
    """
    place = path_of(config.data, part)
    if not place:
        raise DataError("data.train_dir is empty. Give the file, or the folder of files, to train on.")
    file = _opened(settings.loader, base_dir / Path(place).expanduser(), part, config.data.max_unreadable_fraction)
    split = config.data.split
    # Only training data is divided, so only its groups are asked for.
    group_by = split.group_by if split.method == "group" and part == "train" else ""
    return samples_of(file, Wanted(settings, config.project.task, part, group_by, known or Known()))


def _opened(loader: str, path: Path, part: str, most_lost_fraction: float) -> ArrayFile:
    if loader == "HDF5DataLoader":
        from trainer.data.arrays.hdf5_file import open_hdf5

        return open_hdf5(path)
    if loader == "TFRecordDataLoader":
        from trainer.data.arrays.tfrecord_file import open_tfrecord

        return open_tfrecord(path, part, most_lost_fraction)
    if loader == "NumpyDataLoader":
        from trainer.data.arrays.numpy_file import open_numpy

        return open_numpy(path)
    raise DataError(f"There is no built-in loader {loader}.")


def _known_of_training(config: Config, base_dir: Path, settings: ArraySettings) -> Known:
    path = base_dir / Path(config.data.train_dir).expanduser()
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    changed = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())
    return _known_of(_Hashable(config), base_dir, settings, changed)


class _Hashable:
    """A configuration as a key: the same text is the same configuration."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._text = config.model_dump_json()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashable) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@functools.lru_cache(maxsize=4)
def _known_of(
    config: _Hashable, base_dir: Path, settings: ArraySettings, _changed: tuple[tuple[str, int, int], ...]
) -> Known:
    """What is known of the training data, which the validation and the test data both ask for."""
    return open_samples(config.config, base_dir, "train", settings).known
