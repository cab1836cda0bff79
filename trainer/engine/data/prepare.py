"""From the data section of a configuration to pictures with classes, masks or boxes, divided into parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

from trainer.config.config import Config
from trainer.config.targets import task_problem
from trainer.data.findings import summary
from trainer.data.path_list import PathList
from trainer.data.pictures.image_index import index_picture_parts
from trainer.data.pictures.picture_options import PictureOptions
from trainer.data.pictures.pillow_samples import PillowSamples
from trainer.data.sample_index import DataProblem, SampleIndex
from trainer.engine.data.box_targets import place_boxes
from trainer.engine.data.decode_masks import MaskFormat
from trainer.engine.data.divide import prepare_parts
from trainer.engine.data.late_faults import LateFaults
from trainer.engine.data.loaded import LoadedPart
from trainer.engine.data.picture_files import MaskFiles, PictureFiles
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.row_store import Progress, ReadyRows, RowStore, chosen_store, num_before_training
from trainer.engine.data.targets import ClassTargets, MaskTargets, NumberTargets, Targets
from trainer.engine.reporting import Reporter
from trainer.errors import ConfigError


def prepare_data(
    config: Config,
    base_dir: Path,
    reporter: Reporter,
    *,
    options: PictureOptions | None = None,
    cache_folder: Path | None = None,
) -> PreparedData:
    """Find, check and where possible decode all pictures, and divide them.

    Args:
        config: Its `data` section says what to read; `runtime.seed` decides what is held out.
        base_dir: What relative folders are relative to.
        reporter: Told the counts, the choice of cache, the progress, unreadable pictures and what else is wrong.
        options: Arguments of the loader; by default those of the configuration.
        cache_folder: Where decoded pictures are kept on disk; by default the user's cache folder.

    Raises:
        DataError: A folder is missing, empty or of the wrong layout; too many pictures are
            unreadable; a class has no readable picture.
        ConfigError: Arguments of the loader do not fit the data, or the data does not fit the task.
    """
    indices = index_picture_parts(config, base_dir, options)
    _refuse_other_task(config, indices["train"])
    for part, index in indices.items():
        reporter.log("DATA", _found(part, index))
        if told := summary(index.problems):
            reporter.log("DATA", f"What is wrong in the {part} data: {told}")
    parts = _make_ready(config, indices, reporter, cache_folder or default_cache_folder())
    prepared = prepare_parts(config, parts, indices["train"].class_names, reporter)
    return dataclasses.replace(prepared, indexes=lambda: indices)


def default_cache_folder() -> Path:
    """Where decoded pictures are kept on disk."""
    return Path(platformdirs.user_cache_dir("modelgardener", appauthor=False)) / "pictures"


def _refuse_other_task(config: Config, index: SampleIndex) -> None:
    """Before pictures are decoded, which may take long."""
    if problem := task_problem(config.project.task, index.target_kind, has_pictures=True):
        raise ConfigError((problem,))


def _found(part: str, index: SampleIndex) -> str:
    classes = f"{len(index.class_names):,} classes"
    if index.boxes is not None:
        what = f"with {len(index.boxes.classes):,} boxes of {classes}"
    elif index.mask_names is not None:
        what = f"with masks of {classes} ({_some(index.class_names)})"
    else:
        several = index.labels is not None and index.labels.ndim == 2
        what = f"with any of {classes}" if several else f"in {classes}"
    return f"Found {index.num_samples:,} {part} pictures {what} in {index.place}"


def _some(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


@dataclass(frozen=True, slots=True)
class _Files:
    """What has to be decoded of one part."""

    pictures: PictureFiles
    masks: MaskFiles | None

    @property
    def count(self) -> int:
        """How many files are read before training."""
        return sum(num_before_training(rows) for rows in (self.pictures, self.masks) if rows is not None)

    @property
    def num_bytes(self) -> int:
        each = self.pictures.picture_format.num_bytes
        return len(self.pictures.paths) * (each if self.masks is None else each + self.masks.mask_format.num_bytes)


def _files(index: SampleIndex, picture_format: PictureFormat) -> _Files:
    assert isinstance(index.names, PathList)
    pictures = PictureFiles(index.place, index.names, picture_format)
    if index.mask_names is None:
        return _Files(pictures, None)
    assert isinstance(index.mask_names, PathList)
    assert isinstance(index.raw, PillowSamples)
    assert index.raw.coding is not None
    height, width, _ = picture_format.shape
    mask_format = MaskFormat(height, width, picture_format.resize_mode, index.raw.coding)
    return _Files(pictures, MaskFiles(index.place, index.mask_names, mask_format))


def _make_ready(
    config: Config, indices: Mapping[str, SampleIndex], reporter: Reporter, cache_folder: Path
) -> dict[str, LoadedPart]:
    picture_format = PictureFormat.from_config(config.data)
    files = {part: _files(index, picture_format) for part, index in indices.items()}
    needed = sum(item.num_bytes for item in files.values())
    store = chosen_store(config.data.cache, needed, cache_folder, reporter)
    total, before = sum(item.count for item in files.values()), 0
    parts: dict[str, LoadedPart] = {}
    for part, index in indices.items():
        end = before + files[part].count

        def progress(done: int, before: int = before, end: int = end) -> None:
            # Where one of some is broken, all are looked at: that is more than was expected.
            reporter.progress(min(before + done, end), total, "pictures")

        faults = LateFaults(part, index.place, index.names, config.data.max_unreadable_fraction, reporter)
        parts[part] = _loaded(index, files[part], store, progress, faults)
        faults.num_known = len(parts[part].unreadable)
        before = end
    return parts


def _loaded(index: SampleIndex, files: _Files, store: RowStore, progress: Progress, faults: LateFaults) -> LoadedPart:
    pictures, masks = store.prepare(files.pictures, files.pictures.key, progress, faults), None
    if files.masks is not None:
        count = num_before_training(files.pictures)
        masks = store.prepare(files.masks, files.masks.key, lambda done: progress(count + done), faults)
    of_masks = masks.unreadable if masks is not None else {}
    problems = [
        DataProblem("mask_value", reason, index.names[number])
        for number, reason in sorted(of_masks.items())
        if number not in index.unusable
    ]
    return LoadedPart(
        place=index.place,
        names=index.names,
        inputs=pictures.pixels,
        targets=_targets(index, files.pictures.picture_format, masks, store.reporter),
        input_shape=files.pictures.shape,
        cache=pictures.cache,
        unreadable={**pictures.unreadable, **of_masks, **index.unusable},
        groups=index.groups,
        problems=(*index.problems, *problems),
    )


def _targets(index: SampleIndex, picture_format: PictureFormat, masks: ReadyRows | None, reporter: Reporter) -> Targets:
    if masks is not None:
        return MaskTargets(masks.pixels, len(index.class_names))
    if index.boxes is not None:
        placed = place_boxes(index, picture_format)
        if placed.num_cut or placed.num_dropped:
            reporter.log(
                "DATA",
                f"Fitting the pictures of {index.place} to their size cuts off a part of {placed.num_cut:,} boxes and "
                f"leaves out {placed.num_dropped:,}, of which less than a tenth would be left",
            )
        return placed.targets
    assert index.labels is not None
    if index.labels.ndim == 2:
        return NumberTargets(index.labels.astype(np.float32))
    return ClassTargets(index.labels.astype(np.int32, copy=False), len(index.class_names))
