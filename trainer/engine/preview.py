"""Shows samples as the network gets them: preprocessed and augmented, with their labels, masks and boxes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.catalog.augmentation_support import is_active
from trainer.catalog.check import components_of
from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.config.paths import with_absolute_paths
from trainer.config.validate import validate
from trainer.data.contact_sheet import LabelledPicture, SheetRow
from trainer.data.drawing import label_text
from trainer.data.open_data import open_data
from trainer.data.order import random_order
from trainer.data.sample_index import SampleIndex
from trainer.engine.data.failures import decode_failures_explained
from trainer.engine.data.load import load_data
from trainer.engine.data.part import DataPart
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split import Split
from trainer.engine.reporting import Reporter
from trainer.errors import DataError
from trainer.runs.functions import copy_functions

_PICTURES_TIMED = 64
_MOST_OTHERS = 16
_LEAST_SHARE_TOLD = 0.01


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """What to show.

    Attributes:
        part: `train`, `validation` or `test`.
        names: Names of samples; empty for some spread over the part at random.
        num_samples: How many of these.
        num_augmented: Augmented variants of each.
        seed: Decides which samples and which changes.
        is_timed: Measure what augmentation costs.
    """

    part: str = "train"
    names: tuple[str, ...] = ()
    num_samples: int = 16
    num_augmented: int = 3
    seed: int = 0
    is_timed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """Samples as the network gets them.

    Attributes:
        rows: One per sample: raw, preprocessed, augmented.
        class_names: Classes by number.
        is_augmented: Whether training changes pictures at random.
        augmentation_ms: What augmentation costs per picture, in milliseconds; `None` if not measured.
    """

    rows: tuple[SheetRow, ...]
    class_names: tuple[str, ...]
    is_augmented: bool
    augmentation_ms: float | None = None


def preview_samples(
    config: Config, base_dir: Path, request: PreviewRequest, scratch_dir: Path, reporter: Reporter
) -> Preview:
    """Read samples as training does and show what becomes of them.

    Args:
        config: The configuration.
        base_dir: Folder that its relative paths start from.
        request: What to show.
        scratch_dir: A folder to write into.
        reporter: Told what loading tells.

    Raises:
        ConfigError: A setting of the data does not fit.
        DataError: The data cannot be used, has no such part or sample, or holds no pictures.
        UserCodeError: A function of the user's failed.
    """
    config = with_absolute_paths(config, base_dir)
    config = validate(with_overrides(config.to_dict(), {"data.cache": "off", "data.balance.method": "none"}))
    functions_dir = scratch_dir / "functions"
    copy_functions([Path(item.file) for _, _, item in components_of(config) if item.file], functions_dir)
    prepared = load_data(config, base_dir, functions_dir, reporter, one_hot=True)
    part = _part(prepared, request)
    numbers, names = _chosen(part, request)
    augmentation = config.data.augmentation
    is_augmented = request.part == "train" and (is_active(augmentation) or bool(augmentation.steps))
    with decode_failures_explained(prepared):
        columns = _variants(prepared, config, part, numbers, request, 1, is_augmented=False)
        if is_augmented and request.num_augmented:
            columns += _variants(prepared, config, part, numbers, request, request.num_augmented, is_augmented=True)
        cost = _augmentation_ms(part, config) if request.is_timed and is_augmented else None
    raw = _raw_pictures(config, base_dir, request.part, names)
    rows = [
        SheetRow(name, tuple(picture for picture in (raw[number], *(column[number] for column in columns)) if picture))
        for number, name in enumerate(names[: len(columns[0])])
    ]
    return Preview(tuple(rows), prepared.class_names, is_augmented, cost)


def _part(prepared: PreparedData, request: PreviewRequest) -> DataPart:
    parts = prepared.splits
    if request.part not in parts:
        raise DataError(f"There is no {request.part} data here. There is: {', '.join(parts)}.")
    shape = prepared.input_shape
    if isinstance(shape, dict) or len(shape) != 3:
        raise DataError("These samples are no pictures, so there is nothing to draw. `gardener check` tells of them.")
    return parts[request.part]


def _chosen(part: DataPart, request: PreviewRequest) -> tuple[NDArray[np.int64], list[str]]:
    """Places of the samples to show, and their names; a user's loader gives no choice."""
    if not isinstance(part, Split):
        return np.arange(request.num_samples), [f"sample {number}" for number in range(1, request.num_samples + 1)]
    if request.names:
        wanted = dict.fromkeys(request.names)
        places = {name: number for number, name in enumerate(part.names) if name in wanted}
        missing = [name for name in wanted if name not in places]
        if missing:
            raise DataError(
                f"{missing[0]} is not among the {part.num_samples:,} {request.part} samples. Expected a name such as "
                f"{part.names[0]}."
            )
        numbers = np.array([places[name] for name in wanted], np.int64)
    else:
        numbers = np.sort(random_order(part.num_samples, request.seed)[: request.num_samples])
    readable = part.readable(numbers)
    if not len(readable):
        raise DataError(f"{part.names[numbers[0]]} cannot be read. Choose other samples.")
    return readable, [part.names[number] for number in readable.tolist()]


def _variants(
    prepared: PreparedData,
    config: Config,
    part: DataPart,
    numbers: NDArray[np.int64],
    request: PreviewRequest,
    num_variants: int,
    *,
    is_augmented: bool,
) -> list[list[LabelledPicture]]:
    """The samples, as often as wanted: by variant, then by sample."""
    if not isinstance(part, Split):
        seeds = range(request.seed, request.seed + num_variants)
        return [_pictures(prepared, config, part, seed, len(numbers), is_augmented) for seed in seeds]
    # One batch of all variants, as each place in it draws its own changes. Others follow for steps that mix samples.
    others = random_order(part.num_samples, request.seed, 1)[:_MOST_OTHERS] if is_augmented else numbers[:0]
    together = part.take(np.concatenate([np.tile(numbers, num_variants), others]))
    pictures = _pictures(prepared, config, together, request.seed, together.num_samples, is_augmented)
    size = len(numbers)
    return [pictures[variant * size : (variant + 1) * size] for variant in range(num_variants)]


def _pictures(
    prepared: PreparedData, config: Config, part: DataPart, seed: int, most: int, is_augmented: bool
) -> list[LabelledPicture]:
    """The first batch of a part."""
    batches = part.dataset(
        batch_size=most,
        shuffle=False,
        seed=seed,
        augmentation=config.data.augmentation if is_augmented else None,
        one_hot=True,
        repeat=False,
    )
    for inputs, targets, *_ in batches.take(1):
        images = tf.cast(inputs, tf.float32)
        for layer in prepared.layers:
            images = layer(images)
        kind = "augmented" if is_augmented else "preprocessed"
        pixels = [_as_picture(image) for image in images.numpy()[:most]]
        return [_labelled(prepared, kind, picture, targets, number) for number, picture in enumerate(pixels)]
    raise DataError("The data holds no sample.")


def _as_picture(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """uint8, shape (height, width, 3); what is not in 0–255 any more is stretched to it."""
    low, high = float(image.min()), float(image.max())
    if low < -1 or high > 256 or high <= 2 < 255 * (high - low):
        image = (image - low) * (255 / max(high - low, 1e-6))
    image = image[..., :3] if image.shape[-1] >= 3 else np.repeat(image[..., :1], 3, axis=-1)
    return image.round().clip(0, 255).astype(np.uint8)


def _labelled(prepared: PreparedData, kind: str, picture: NDArray[np.uint8], targets: Any, row: int) -> LabelledPicture:
    if prepared.target_kind == "boxes":
        height, width = picture.shape[:2]
        sides_px = np.array([width, height, width, height], np.float32)
        corners: NDArray[np.float32] = np.asarray(targets["boxes"][row], np.float32) / sides_px
        classes = np.asarray(targets["labels"][row], np.int32)
        num_boxes = int((classes >= 0).sum())
        label = f"{num_boxes} box{'' if num_boxes == 1 else 'es'}"
        return LabelledPicture(kind, picture, label, None, corners, classes)
    if prepared.target_kind == "masks":
        scores = np.asarray(targets[row])
        mask = scores.argmax(axis=-1).astype(np.uint8)
        return LabelledPicture(kind, picture, "", np.where(scores.max(axis=-1) > 0, mask, 255).astype(np.uint8))
    if isinstance(targets, dict):
        return LabelledPicture(kind, picture)
    return LabelledPicture(kind, picture, _words(np.asarray(targets[row]), prepared))


def _words(label: NDArray[np.generic], prepared: PreparedData) -> str:
    """A class, several with their shares as MixUp makes them, or numbers."""
    values = label.reshape(-1).astype(float)
    names = prepared.class_names
    if len(values) != len(names):
        if names and len(values) == 1 and values[0].is_integer() and 0 <= values[0] < len(names):
            return names[int(values[0])]
        return ", ".join(f"{value:.4g}" for value in values[:6])
    if prepared.target_kind == "label_sets":
        return ", ".join(name for name, value in zip(names, values, strict=True) if value > 0.5) or "none"
    shares = [(value, name) for name, value in zip(names, values, strict=True) if value >= _LEAST_SHARE_TOLD]
    if len(shares) == 1:
        return shares[0][1]
    return " + ".join(f"{value:.2f} {name}" for value, name in sorted(shares, reverse=True)[:3])


def _raw_pictures(config: Config, base_dir: Path, part: str, names: Sequence[str]) -> list[LabelledPicture | None]:
    """The pictures as they are stored; `None` where only the user's own loader knows them."""
    if config.data.loader.file is not None:
        return [None] * len(names)
    indexes = open_data(config, base_dir)
    index = indexes.get(part, indexes["train"])
    wanted = set(names)
    numbers = {name: number for number, name in enumerate(index.names) if name in wanted}
    return [_raw(index, numbers[name]) if name in numbers and index.raw is not None else None for name in names]


def _raw(index: SampleIndex, number: int) -> LabelledPicture:
    assert index.raw is not None
    mask = index.raw.mask(number) if index.mask_names is not None else None
    corners, classes = index.boxes.of(number) if index.boxes is not None else (None, None)
    return LabelledPicture("raw", index.raw.picture(number), label_text(index, number), mask, corners, classes)


def _augmentation_ms(part: DataPart, config: Config) -> float:
    """Time that augmentation adds to a picture, once everything is built and read."""
    if isinstance(part, Split):
        part = part.take(np.resize(np.arange(part.num_samples), _PICTURES_TIMED))
    times_s: list[float] = []
    for augmentation in (None, config.data.augmentation):
        batches = part.dataset(
            batch_size=config.data.batch_size,
            shuffle=False,
            seed=0,
            augmentation=augmentation,
            one_hot=True,
            repeat=True,
        ).take(-(-_PICTURES_TIMED // config.data.batch_size) * 2)
        for _ in batches:
            pass
        begin_s = time.perf_counter()
        for _ in batches:
            pass
        times_s.append(time.perf_counter() - begin_s)
    num_pictures = -(-_PICTURES_TIMED // config.data.batch_size) * 2 * config.data.batch_size
    return max(0.0, 1000 * (times_s[1] - times_s[0]) / num_pictures)
