"""From HDF5, TFRecord or NumPy files to the data of a run."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import PIL
import tensorflow as tf
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.arrays.array_index import open_samples
from trainer.data.arrays.array_pictures import StoredPictures
from trainer.data.arrays.array_samples import ArraySamples
from trainer.data.arrays.array_settings import ArraySettings, path_of
from trainer.data.sample_index import SampleIndex
from trainer.engine.data.divide import prepare_parts
from trainer.engine.data.encoded_pixels import EncodedRows
from trainer.engine.data.late_faults import LateFaults
from trainer.engine.data.loaded import LoadedPart
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import ArrayPixels, aligned_array
from trainer.engine.data.prepare import default_cache_folder
from trainer.engine.data.prepared import NumberTarget, PreparedData
from trainer.engine.data.row_store import RowDecoder, RowStore, chosen_store, num_before_training
from trainer.engine.data.split import Split
from trainer.engine.data.stored_pixels import StoredRows
from trainer.engine.data.targets import ClassTargets, MaskTargets, NumberTargets, Targets
from trainer.engine.reporting import Reporter

_VERSION = 2
_PART_TEXTS = {"train": "training", "validation": "validation", "test": "test"}


def load_arrays(
    config: Config,
    base_dir: Path,
    settings: ArraySettings,
    reporter: Reporter,
    *,
    scale_table: bool = True,
    cache_folder: Path | None = None,
) -> PreparedData:
    """Open the files of all parts, make their pictures ready, and divide the samples.

    Args:
        config: Its `data` section says what to read and what to bring pictures to.
        base_dir: Folder that relative paths of the configuration start from.
        settings: The arguments of the loader.
        reporter: Told counts, where decoded pictures are kept, progress, and what cannot be used.
        scale_table: Whether the columns of tables, and numbers to predict from them, are brought to mean 0 and
            deviation 1 inside the model.
        cache_folder: Where decoded pictures are kept on disk; by default the user's cache folder.

    Raises:
        DataError: A file is missing or of another kind, arrays do not fit each other or the task, or too many samples
            cannot be used.
        ConfigError: The samples cannot be divided or balanced as asked.
    """
    samples = _open_all(config, base_dir, settings, reporter)
    train = samples["train"]
    if train.pictures is not None:
        parts = _pictures(config, settings, samples, reporter, cache_folder or default_cache_folder())
    else:
        parts = {part: _table(found) for part, found in samples.items()}
    prepared = prepare_parts(config, parts, train.index.class_names, reporter)
    prepared = dataclasses.replace(prepared, indexes=lambda: {part: found.index for part, found in samples.items()})
    if train.pictures is not None:
        return prepared
    prepared = dataclasses.replace(prepared, number_targets=_number_targets(train.index))
    return _scaled(prepared, train.index) if scale_table else prepared


def _open_all(config: Config, base_dir: Path, settings: ArraySettings, reporter: Reporter) -> dict[str, ArraySamples]:
    samples: dict[str, ArraySamples] = {}
    for part, text in _PART_TEXTS.items():
        if part != "train" and not path_of(config.data, part):
            continue
        known = samples["train"].known if samples else None
        found = open_samples(config, base_dir, part, settings, known)
        samples[part] = found
        what = "rows" if found.pictures is None else "pictures"
        classes = f" in {len(found.index.class_names)} classes" if found.index.class_names else ""
        reporter.log("DATA", f"Found {found.index.num_samples:,} {text} {what}{classes} in {found.index.place}")
    return samples


def _table(samples: ArraySamples) -> LoadedPart:
    index = samples.index
    assert index.features is not None
    inputs = aligned_array(index.features.shape, np.float32)
    inputs[:] = np.nan_to_num(index.features)
    return _part(index, ArrayPixels(inputs), _targets(index), index.features.shape[1:])


def _scaled(prepared: PreparedData, index: SampleIndex) -> PreparedData:
    """With layers of the model that bring columns to mean 0 and deviation 1, and what is predicted back to its unit."""
    assert isinstance(prepared.train, Split)
    assert index.features is not None
    rows = np.unique(prepared.train.rows)
    means, deviations = _spread(index.features[rows])
    variances = (deviations**2).tolist()
    first = keras.layers.Normalization(mean=means.tolist(), variance=variances, name="scaling")
    last: tuple[Any, ...] = ()
    targets = prepared.number_targets
    if index.labels is not None and not index.class_names:
        center, scale = _spread(index.labels[rows])
        last = (keras.layers.Rescaling(scale.tolist(), center.tolist(), dtype="float32", name="in_unit"),)
        targets = tuple(NumberTarget(target.name, float(scale[place])) for place, target in enumerate(targets))
    return dataclasses.replace(prepared, layers=(first,), output_layers=last, number_targets=targets)


def _number_targets(index: SampleIndex) -> tuple[NumberTarget, ...]:
    """Several numbers per row, which files of arrays give no names."""
    if index.labels is None or index.class_names or index.labels.ndim == 1 or index.labels.shape[1] == 1:
        return ()
    return tuple(NumberTarget(str(number + 1), 1.0) for number in range(index.labels.shape[1]))


def _spread(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of every column; 1 where nothing ever changes, so that nothing is divided by 0."""
    exact = values.astype(np.float64)
    deviations = exact.std(axis=0)
    return exact.mean(axis=0), np.where(deviations == 0, 1.0, deviations)


def _targets(index: SampleIndex) -> ClassTargets | NumberTargets:
    assert index.labels is not None
    if index.class_names and index.labels.ndim == 1:
        return ClassTargets(index.labels.astype(np.int32), len(index.class_names))
    return NumberTargets(index.labels.astype(np.float32))


def _part(
    index: SampleIndex,
    inputs: Any,
    targets: Targets,
    input_shape: tuple[int, ...],
    unreadable: Mapping[int, str] | None = None,
) -> LoadedPart:
    return LoadedPart(
        place=index.place,
        names=index.names,
        inputs=inputs,
        targets=targets,
        input_shape=input_shape,
        unreadable=dict(index.unusable if unreadable is None else unreadable),
        groups=index.groups,
    )


def _pictures(
    config: Config,
    settings: ArraySettings,
    samples: dict[str, ArraySamples],
    reporter: Reporter,
    cache_folder: Path,
) -> dict[str, LoadedPart]:
    picture_format = PictureFormat.from_config(config.data)
    store = chosen_store(config.data.cache, _decoded_bytes(samples, picture_format), cache_folder, reporter)
    decoders = {part: _decoder(found, picture_format) for part, found in samples.items()}
    total = sum(map(num_before_training, decoders.values()))
    before = 0
    parts: dict[str, LoadedPart] = {}
    for part, found in samples.items():

        def progress(done: int, before: int = before) -> None:
            reporter.progress(before + done, total, "pictures")

        index = found.index
        decoder = decoders[part]
        faults = LateFaults(part, index.place, index.names, config.data.max_unreadable_fraction, reporter)
        key = functools.partial(_key, found, settings, picture_format, "pictures")
        kept = store.prepare(decoder, key, progress, faults)
        targets, unreadable = _picture_targets(found, settings, picture_format, store, faults)
        # What a disk cache knows was found out by an earlier run; this one has looked at the labels anew.
        reasons = index.unusable | unreadable | kept.unreadable
        loaded = _part(index, kept.pixels, targets, picture_format.shape, reasons)
        parts[part] = dataclasses.replace(loaded, cache=kept.cache)
        faults.num_known = len(reasons)
        before += num_before_training(decoder)
    return parts


def _decoded_bytes(samples: dict[str, ArraySamples], picture_format: PictureFormat) -> int:
    mask_bytes = picture_format.height * picture_format.width
    return sum(
        found.index.num_samples * (picture_format.num_bytes + (mask_bytes if found.masks is not None else 0))
        for found in samples.values()
    )


def _decoder(samples: ArraySamples, picture_format: PictureFormat) -> RowDecoder:
    pictures, unusable = samples.pictures, samples.index.unusable
    if isinstance(pictures, StoredPictures):
        return StoredRows(pictures, picture_format, unusable)
    assert pictures is not None
    return EncodedRows(pictures, picture_format, unusable)


def _picture_targets(
    samples: ArraySamples,
    settings: ArraySettings,
    picture_format: PictureFormat,
    store: RowStore,
    faults: LateFaults,
) -> tuple[Targets, dict[int, str]]:
    """What is to be predicted, and the reason by row for masks that cannot be used."""
    if samples.masks is None:
        return _targets(samples.index), {}
    mask_format = dataclasses.replace(picture_format, channels=1, interpolation="nearest")
    rows = StoredRows(samples.masks, mask_format, samples.index.unusable, is_mask=True, what="mask")
    key = functools.partial(_key, samples, settings, mask_format, "masks")
    kept = store.prepare(rows, key, lambda _done: None, faults)
    return MaskTargets(kept.pixels, len(samples.index.class_names)), kept.unreadable


def _key(samples: ArraySamples, settings: ArraySettings, row_format: PictureFormat, what: str) -> str:
    """A name that changes with the files, the arrays and rows of them, the format and the decoders."""
    pictures = samples.pictures
    arrays = (
        pictures.array.name if pictures is not None else "",
        pictures.value_range if isinstance(pictures, StoredPictures) else "",
        samples.masks.array.name if samples.masks is not None else "",
        samples.masks.num_classes if samples.masks is not None else 0,
        samples.masks.is_black_and_white if samples.masks is not None else False,
    )
    left_out = sorted(samples.index.unusable)
    parts = (_VERSION, tf.__version__, PIL.__version__, what, settings, row_format, arrays, left_out)
    digest = hashlib.sha256(repr(parts).encode())
    for file in samples.files:
        status = file.stat()
        digest.update(f"\0{file.absolute()}\0{status.st_size} {status.st_mtime_ns}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]
