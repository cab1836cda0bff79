"""From the data section of a configuration to splits that give batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from trainer.config.config import Config
from trainer.data.image_folder import ImageIndex, scan_image_folder
from trainer.data.split import stratified_split
from trainer.engine.data.cache_choice import CacheKind, choose_cache, free_disk_bytes, free_memory_bytes
from trainer.engine.data.part import ClassCount, DataPart, InputShape
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pictures import Pictures, PictureStore
from trainer.engine.data.split import Split
from trainer.engine.data.unreadable import report_unreadable
from trainer.engine.reporting import Reporter
from trainer.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class PreparedData:
    """Everything training needs to know about the data.

    Attributes:
        train: Training samples.
        validation: Validation samples, from their own folder or held out; `None` without validation.
        test: Test samples; `None` without a test folder.
        class_names: Classes by label.
        unreadable: Full path and reason of every picture that was left out.
        cache: Where the training pictures are kept.
        input_shape: Height, width, channels of what the model gets; whatever a user's loader gives, by name where
            that is several inputs.
        num_classes: Number of classes; for labels of another kind their length, by name for several outputs.
        layers: Keras layers of the preprocessing that become the model's first, not built yet.
    """

    train: DataPart
    validation: DataPart | None
    test: DataPart | None
    class_names: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    cache: CacheKind
    input_shape: InputShape
    num_classes: ClassCount
    layers: tuple[Any, ...] = ()

    @property
    def splits(self) -> dict[str, DataPart]:
        """The splits there are, by name: `train`, `validation`, `test`."""
        found = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in found.items() if split is not None}


@dataclass(frozen=True, slots=True)
class _Folder:
    index: ImageIndex
    pictures: Pictures

    def readable(self) -> NDArray[np.int64]:
        return np.setdiff1d(np.arange(len(self.index.paths)), list(self.pictures.unreadable))

    def split(self, rows: NDArray[np.int64], image_shape: tuple[int, int, int]) -> Split:
        return Split(
            folder=self.index.folder,
            paths=self.index.paths.take(rows),
            labels=self.index.labels[rows],
            class_names=self.index.class_names,
            image_shape=image_shape,
            rows=rows,
            pixels=self.pictures.pixels,
        )


def prepare_data(
    config: Config, base_dir: Path, reporter: Reporter, *, cache_folder: Path | None = None
) -> PreparedData:
    """Find, check and where possible decode all pictures, and split them.

    Args:
        config: Its `data` section says what to read; `runtime.seed` decides what is held out.
        base_dir: What relative folders are relative to.
        reporter: Told the counts, the choice of cache, the progress and unreadable pictures.
        cache_folder: Where decoded pictures are kept on disk; by default the user's cache folder.

    Raises:
        DataError: A folder is missing, empty or of the wrong layout; too many pictures are
            unreadable; a class has no readable picture.
    """
    indices = _scan(config, base_dir, reporter)
    folders = _make_ready(config, indices, reporter, cache_folder or default_cache_folder())
    shape = PictureFormat.from_config(config.data).shape
    unreadable = report_unreadable(
        {name: (folder.index, folder.pictures.unreadable) for name, folder in folders.items()},
        config.data.max_unreadable_fraction,
        reporter,
    )
    train, validation = _train_and_validation(config, folders, shape, reporter)
    test = folders["test"].split(folders["test"].readable(), shape) if "test" in folders else None
    return PreparedData(
        train=train,
        validation=validation,
        test=test,
        class_names=train.class_names,
        unreadable=unreadable,
        cache=folders["train"].pictures.cache,
        input_shape=shape,
        num_classes=len(train.class_names),
    )


def default_cache_folder() -> Path:
    """Where decoded pictures are kept on disk."""
    return Path(platformdirs.user_cache_dir("modelgardener", appauthor=False)) / "pictures"


def _scan(config: Config, base_dir: Path, reporter: Reporter) -> dict[str, ImageIndex]:
    data = config.data
    if not data.train_dir:
        raise DataError("data.train_dir is empty. Give the folder that holds one sub-folder of pictures per class.")
    indices = {"train": scan_image_folder(_resolve(data.train_dir, base_dir))}
    names = indices["train"].class_names
    for part, folder in (("validation", data.val_dir), ("test", data.test_dir)):
        if folder:
            indices[part] = scan_image_folder(_resolve(folder, base_dir), class_names=names)
            _note_missing_classes(part, indices[part], reporter)
    for part, index in indices.items():
        reporter.log("DATA", f"Found {len(index.paths):,} {part} pictures in {len(names)} classes in {index.folder}")
    return indices


def _note_missing_classes(part: str, index: ImageIndex, reporter: Reporter) -> None:
    if index.missing_classes:
        some = ", ".join(index.missing_classes[:5]) + (" …" if len(index.missing_classes) > 5 else "")
        reporter.notice(
            "warning",
            f"The {part} folder {index.folder} has no picture of {len(index.missing_classes)} of the "
            f"{len(index.class_names)} classes ({some}): its figures say nothing about them.",
        )


def _resolve(folder: str, base_dir: Path) -> Path:
    return base_dir / Path(folder).expanduser()


def _make_ready(
    config: Config, indices: dict[str, ImageIndex], reporter: Reporter, cache_folder: Path
) -> dict[str, _Folder]:
    picture_format = PictureFormat.from_config(config.data)
    total = sum(len(index.paths) for index in indices.values())
    choice = choose_cache(
        config.data.cache, total * picture_format.num_bytes, free_memory_bytes(), free_disk_bytes(cache_folder)
    )
    reporter.log("DATA", choice.reason)
    if choice.overruled:
        reporter.notice("warning", f"data.cache asks for {config.data.cache}, which does not fit. {choice.reason}")
    store = PictureStore(picture_format, choice.kind, cache_folder, reporter)
    folders: dict[str, _Folder] = {}
    before = 0
    for part, index in indices.items():

        def progress(done: int, before: int = before) -> None:
            reporter.progress(before + done, total, "pictures")

        folders[part] = _Folder(index, store.prepare(index, progress))
        before += len(index.paths)
    return folders


def _train_and_validation(
    config: Config, folders: dict[str, _Folder], shape: tuple[int, int, int], reporter: Reporter
) -> tuple[Split, Split | None]:
    train = folders["train"]
    rows = train.readable()
    _refuse_lost_classes(train.index, rows)
    if "validation" in folders:
        own = folders["validation"]
        return train.split(rows, shape), own.split(own.readable(), shape)
    kept, held_out = stratified_split(train.index.labels[rows], config.data.validation_fraction, config.runtime.seed)
    if not len(held_out):
        if config.data.validation_fraction > 0:
            reporter.notice("warning", "Every class has only one picture, so none can be held out for validation.")
        return train.split(rows, shape), None
    reporter.log("DATA", f"Training on {len(kept):,} pictures, validating on {len(held_out):,} that are held out")
    return train.split(rows[kept], shape), train.split(rows[held_out], shape)


def _refuse_lost_classes(index: ImageIndex, rows: NDArray[np.int64]) -> None:
    counts = np.bincount(index.labels[rows], minlength=len(index.class_names))
    lost = [name for name, count in zip(index.class_names, counts, strict=True) if not count]
    if lost:
        raise DataError(
            f"None of the pictures of {', '.join(lost[:5])} in {index.folder} can be read. "
            "Replace them, or remove the class folder."
        )
