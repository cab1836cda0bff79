"""Looks at data and proposes a configuration for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.data.pictures.csv_labels import named_pictures
from trainer.data.pictures.image_folder import (
    EXTENSIONS,
    TEST_NAMES,
    TRAIN_NAMES,
    VALIDATION_NAMES,
    ImageIndex,
    filled_and_empty_classes,
    scan_image_folder,
)
from trainer.data.pictures.labels_place import place_of_pictures
from trainer.data.pictures.mask_folder import IMAGE_FOLDERS, MASK_FOLDERS
from trainer.data.pictures.picture_facts import PictureFacts, look_at_pictures
from trainer.data.pictures.picture_layout import recognise
from trainer.data.pictures.picture_options import Layout
from trainer.data.pictures.voc import ANNOTATION_FOLDERS
from trainer.errors import DataError

_ABOUT = ("readme", "license", "licence", "thumbs.db", "desktop.ini")
"""What files begin with that say nothing about samples."""
_PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
_SIDES = (32, 48, 64, 96, 128, 160, 192, 224)
_LARGEST_KEPT_SIDE = 256
_SMALLEST_SIDE = 16
_VALIDATION_FRACTION = 0.2
_FEW_PER_CLASS = 20
_MOST_NAMED = 5
_ENOUGH_WITHOUT_AUGMENTATION = 20_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration that fits the data, and why.

    Attributes:
        values: Nested as in a configuration; only what the data decides.
        sentences: What was seen and chosen, each a sentence for a person.
    """

    values: dict[str, Any]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    train: Path
    validation: Path | None
    test: Path | None


def propose_config(path: Path, chosen: Mapping[str, Any] | None = None) -> Proposal:
    """Look at data and propose settings.

    Args:
        path: A folder of pictures, with train, validation and test parts or without, in one of the layouts of
            `ImageDataLoader`; a table; a file of arrays; or a folder of such files.
        chosen: Settings that are chosen already, nested; a table is looked at by them.

    Only names and the headers of a few pictures are read where that is enough: the cost is that of listing the files.

    Raises:
        DataError: There is nothing to train on, or it is not recognised.
    """
    path = _absolute(Path(path))
    if path.is_file():
        return _propose_file(path, chosen)
    if _only_wraps(path) and (proposal := _propose_only_folder(path, chosen)) is not None:
        return proposal
    parts = _parts(path)
    own = recognise(path)
    layout = own or (recognise(parts.train) if parts.train != path else None)
    if layout is not None:
        whole = _Parts(path, None, None) if own == layout else parts
        others = (place if place and recognise(place) == layout else None for place in (whole.validation, whole.test))
        return _propose_layout(layout, whole.train, *others, name=_name(path))
    found = _propose_other_files(path, chosen) or _propose_only_folder(path, chosen)
    return found or _propose_class_folders(path, parts)


def _propose_layout(layout: Layout, train: Path, *others: Path | None, name: str) -> Proposal:
    from trainer.data.pictures.propose_pictures import propose_pictures

    validation, test = others
    return propose_pictures(layout, train, validation, test, name)


def _propose_file(path: Path, chosen: Mapping[str, Any] | None) -> Proposal:
    """A table of labels where it names pictures that are there, else a table, or arrays."""
    from trainer.data.arrays.array_propose import find_array_place, propose_arrays
    from trainer.data.tables.table_formats import refuse_other_format
    from trainer.data.tables.table_proposal import is_table, propose_table

    if path.suffix.lower() == ".json":
        return _propose_layout("coco", path, None, None, name=path.stem)
    if is_table(path) and (place := place_of_pictures(path)) is not None:
        from trainer.data.pictures.propose_pictures import propose_pictures

        train = path if place == path.parent else place
        return propose_pictures("labels_file", train, None, None, path.stem, labels_file=path)
    if is_table(path):
        return _without_pictures(lambda: propose_table(path, chosen), path)
    if find_array_place(path) is not None:
        return propose_arrays(path)
    refuse_other_format(path)
    if path.suffix.lower() in EXTENSIONS:
        raise DataError(f"{path} is a single picture. Choose the folder that holds all of them.")
    if path.suffix.lower() in _PACKED:
        raise DataError(f"{path} is packed. Unpack it, and choose the folder or file that was in it.")
    raise DataError(
        f"{path} is no table and no file of arrays. Choose a folder of pictures, or a CSV, HDF5, TFRecord, .npy or "
        ".npz file."
    )


def _without_pictures(propose: Callable[[], Proposal], path: Path) -> Proposal:
    """A table; where its rows name pictures, it is said first that these are not found."""
    try:
        names = named_pictures(path)
    except DataError:
        names = []
    if not names or any((path.parent / name).is_file() for name in names):
        return propose()
    missing = f"{path.name} names pictures, such as {names[0]}, which are not in {path.parent} or below it."
    try:
        proposal = propose()
    except DataError as error:
        raise DataError(f"{missing} Put them there, or choose a folder that holds both.") from error
    return Proposal(proposal.values, (f"{missing} It is taken for a table without them.", *proposal.sentences))


def _propose_other_files(path: Path, chosen: Mapping[str, Any] | None) -> Proposal | None:
    """For a folder that holds tables or arrays and no class folders."""
    from trainer.data.arrays.array_propose import find_array_place, propose_arrays
    from trainer.data.tables.table_proposal import is_table, propose_table

    if not path.is_dir():
        return None
    if is_table(path):
        return propose_table(path, chosen)
    return propose_arrays(path) if find_array_place(path) is not None else None


def _only_wraps(path: Path) -> bool:
    """Whether a folder holds one folder, of no name that means something in a layout, and nothing about the data."""
    try:
        children = [child for child in path.iterdir() if not child.name.startswith((".", "__"))]
    except OSError:
        return False
    folders = [child.name.lower() for child in children if child.is_dir()]
    known = {name.lower() for name in (*IMAGE_FOLDERS, *MASK_FOLDERS, *ANNOTATION_FOLDERS)}
    others = (child.name.lower() for child in children if not child.is_dir())
    return len(folders) == 1 and folders[0] not in known and all(name.startswith(_ABOUT) for name in others)


def _propose_only_folder(path: Path, chosen: Mapping[str, Any] | None) -> Proposal | None:
    """For a folder around the data, as archives are unpacked to: what the only folder in it is."""
    try:
        children = [child for child in path.iterdir() if not child.name.startswith((".", "__"))]
    except OSError:
        return None
    folders = [child for child in children if child.is_dir()]
    has_pictures = any(child.name.lower().endswith(EXTENSIONS) for child in children)
    is_part = len(folders) == 1 and folders[0].name.lower() in TRAIN_NAMES
    # A link may lead back here.
    if len(folders) != 1 or has_pictures or is_part or folders[0].is_symlink():
        return None
    try:
        inner = propose_config(folders[0], chosen)
    except DataError:
        if _is_only_class(folders[0]):
            return None  # which is then what is wrong
        raise
    values = {**inner.values, "project": {**inner.values["project"], "name": _name(path)}}
    return Proposal(values, (f"The data is in {folders[0].name}/, the only folder in {path.name}/.", *inner.sentences))


def _is_only_class(folder: Path) -> bool:
    try:
        return not any(child.is_dir() for child in folder.iterdir())
    except OSError:
        return False


def _propose_class_folders(folder: Path, parts: _Parts) -> Proposal:
    filled, empty = _filled_and_empty(parts.train)
    are_listed = bool(empty) and len(filled) > 1
    try:
        index = scan_image_folder(parts.train, filled if are_listed else None)
    except DataError as error:
        table = _table_in(folder)
        if table is None or (filled and empty):
            raise
        raise DataError(f"{error} If {table.name} is the data, choose that file.") from error
    facts = look_at_pictures(index.folder, index.paths)
    sentences = [_summary(index, facts)]
    data: dict[str, Any] = {"train_dir": str(parts.train)}
    if are_listed:
        data["loader"] = {"name": "ImageDataLoader", "arguments": {"class_names": list(filled)}}
        sentences.append(_empty_sentence(empty))
    data |= _other_parts(parts, index, sentences)
    data |= _settings(index, facts, sentences)
    sentences += _warnings(index, facts)
    return Proposal(values={"project": {"name": _name(folder)}, "data": data}, sentences=tuple(sentences))


def _filled_and_empty(folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        return filled_and_empty_classes(folder)
    except DataError:  # which the scan that follows says in full
        return (), ()


def _empty_sentence(empty: tuple[str, ...]) -> str:
    one = len(empty) == 1
    shown = ", ".join(empty[:_MOST_NAMED]) + (f" and {len(empty) - _MOST_NAMED} more" if empty[_MOST_NAMED:] else "")
    return (
        f"Warning: the folder{'' if one else 's'} {shown} {'holds' if one else 'hold'} no picture and "
        f"{'is no class' if one else 'are no classes'}: class_names of the loader lists the others. Put pictures "
        "inside and look at the folder anew to have more classes."
    )


def _table_in(folder: Path) -> Path | None:
    from trainer.data.tables.table_proposal import is_table

    try:
        return next((file for file in sorted(folder.iterdir()) if file.is_file() and is_table(file)), None)
    except OSError:
        return None


def _absolute(folder: Path) -> Path:
    folder = folder.expanduser()
    # A link that a person chose stays as chosen; only '..' has to be followed to be understood.
    return folder.resolve() if ".." in folder.parts else folder.absolute()


def _parts(folder: Path) -> _Parts:
    train = _child(folder, TRAIN_NAMES)
    if train is not None:
        return _Parts(train, _child(folder, VALIDATION_NAMES), _child(folder, TEST_NAMES))
    if folder.name.lower() in TRAIN_NAMES:
        return _Parts(folder, _child(folder.parent, VALIDATION_NAMES), _child(folder.parent, TEST_NAMES))
    return _Parts(folder, None, None)


def _child(folder: Path, names: tuple[str, ...]) -> Path | None:
    try:
        children = {child.name.lower(): child for child in sorted(folder.iterdir()) if child.is_dir()}
    except OSError:
        # The scan that follows says in full what is wrong with the folder.
        return None
    return next((children[name] for name in names if name in children), None)


def _name(folder: Path) -> str:
    own = folder.parent.name if folder.name.lower() in TRAIN_NAMES else folder.name
    return own or "untitled"


def _other_parts(parts: _Parts, index: ImageIndex, sentences: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if _usable(parts.validation, "validation", index, sentences):
        values["val_dir"] = str(parts.validation)
    else:
        values["validation_fraction"] = _VALIDATION_FRACTION
        sentences.append(f"{_VALIDATION_FRACTION:.0%} of every class is held out for validation.")
    if _usable(parts.test, "test", index, sentences):
        values["test_dir"] = str(parts.test)
    return values


def _usable(part: Path | None, role: str, index: ImageIndex, sentences: list[str]) -> bool:
    if part is None:
        return False
    try:
        found = scan_image_folder(part, class_names=index.class_names)
    except DataError as error:
        sentences.append(f"{part.name}/ is not used for {role}: {error}")
        return False
    purpose = "validates on them" if role == "validation" else "is tested on them once, at the end"
    sentences.append(f"{part.name}/ beside it has {pictures_text(len(found.paths))}: the network {purpose}.")
    return True


def _settings(index: ImageIndex, facts: PictureFacts, sentences: list[str]) -> dict[str, Any]:
    size = _image_size(facts)
    if facts.num_read and size != facts.common_size:
        sentences.append(f"They will be brought to {size_text(size)}.")
    color_mode = "grayscale" if facts.num_read and facts.num_grey == facts.num_read else "rgb"
    return {
        "image_size": list(size),
        "color_mode": color_mode,
        "batch_size": _batch_size(len(index.paths)),
        "augmentation": _augmentation(index, color_mode, sentences),
    }


def _image_size(facts: PictureFacts) -> tuple[int, int]:
    common = facts.common_size
    if common is not None and max(common) <= _LARGEST_KEPT_SIDE:
        # Convolutions and poolings leave nothing of pictures smaller than this.
        times = -(-_SMALLEST_SIDE // min(common))
        return common[0] * times, common[1] * times
    if not facts.num_read:
        return 32, 32
    median = float(np.median(np.minimum(facts.heights, facts.widths)))
    side = max((side for side in _SIDES if side <= median), default=_SIDES[0])
    return side, side


def _batch_size(num_pictures: int) -> int:
    if num_pictures < 500:
        return 16
    return 32 if num_pictures < 10_000 else 64


def _augmentation(index: ImageIndex, color_mode: str, sentences: list[str]) -> dict[str, Any]:
    if len(index.paths) >= _ENOUGH_WITHOUT_AUGMENTATION:
        return {}
    if color_mode == "grayscale" or all(len(name) == 1 for name in index.class_names):
        sentences.append("Training pictures are shifted and turned a little at random, as the data set is small.")
        return {"rotation_degrees": 8.0, "translation_fraction": 0.05}
    sentences.append(
        "Training pictures are flipped left–right and shifted a little at random, as the data set is small. "
        "Switch the flip off where left and right mean something."
    )
    return {"horizontal_flip": True, "translation_fraction": 0.05}


def _summary(index: ImageIndex, facts: PictureFacts) -> str:
    counts = index.class_counts
    spread = f"{counts.min():,} each" if counts.min() == counts.max() else f"{counts.min():,} to {counts.max():,} each"
    total = f"{pictures_text(len(index.paths))} in {len(index.class_names):,} classes ({spread})"
    return ", ".join([total, *_looks(facts)]) + "."


def _looks(facts: PictureFacts) -> list[str]:
    if not facts.num_read:
        return []
    if facts.num_grey == facts.num_read:
        colours = "in grey"
    else:
        colours = "in colour" if facts.num_grey == 0 else "some in grey and some in colour"
    return [_sizes(facts), colours]


def _sizes(facts: PictureFacts) -> str:
    if facts.common_size is not None:
        return f"all {size_text(facts.common_size)}"
    low = (min(facts.heights), min(facts.widths))
    high = (max(facts.heights), max(facts.widths))
    return f"from {size_text(low)} to {size_text(high)}"


def _warnings(index: ImageIndex, facts: PictureFacts) -> list[str]:
    counts = index.class_counts
    found: list[str] = []
    smallest = index.class_names[int(counts.argmin())]
    if counts.min() < _FEW_PER_CLASS:
        found.append(
            f"The class {smallest} has only {pictures_text(int(counts.min()))}: the network may not learn it well."
        )
    if counts.max() >= 5 * counts.min():
        largest = index.class_names[int(counts.argmax())]
        ratio = counts.max() / counts.min()
        found.append(f"The classes are uneven: {largest} has {ratio:.0f} times as many pictures as {smallest}.")
    if facts.num_transparent:
        found.append("Some pictures have transparency, which is ignored; choose rgba as colours to use it.")
    if others := index.other_pictures:
        kinds = f"{pictures_text(len(others))} of a kind that is not read, such as {others[0]}"
        found.append(f"There {'is' if len(others) == 1 else 'are'} {kinds}: save as PNG or JPEG what is to be used.")
    if facts.unreadable:
        looked_at = facts.num_read + len(facts.unreadable)
        found.append(
            f"{len(facts.unreadable)} of {looked_at} pictures looked at cannot be read, such as {facts.unreadable[0]}."
        )
    return found


def pictures_text(count: int) -> str:
    """`1 picture`, `3,000 pictures`."""
    return f"{count:,} picture{'' if count == 1 else 's'}"


def size_text(height_width: tuple[int, int]) -> str:
    """Width first, as people say it; the configuration has the height first."""
    height, width = height_width
    return f"{width} × {height} pixels"
