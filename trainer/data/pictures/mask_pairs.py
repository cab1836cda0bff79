"""Recognises pictures and their masks by the names of the files, whatever their folders are called."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path, PurePosixPath

from trainer.data.arrays.array_parts import part_of, without_part
from trainer.data.pictures.image_folder import EXTENSIONS
from trainer.data.pictures.mask_coding import UNCOUNTED, StoredMask, read_stored_mask
from trainer.data.pictures.mask_values import MOST_LEVELS, SeenValues
from trainer.data.pictures.pillow_picture import UnreadablePictureError

_AFFIXES = re.compile(r"^(mask|label|seg|gt)[_-]|[_-](masks?|labels?|seg|segmentation|gt|groundtruth|L)$", re.I)
_MASK_WORD = re.compile(r"mask|label|seg|truth|annot|target|(^|[^a-z])gt([^a-z]|$)", re.I)
_LEAST_PAIRED = 0.8
_MOST_FOLDERS = 12
_LOOKED_AT = 5
_NEAR = 32
"""How far from black and white JPEG moves the values of a mask."""
_LEAST_NEAR = 0.95


@dataclass(frozen=True, slots=True)
class _Folder:
    path: Path
    stems: dict[str, str]


def without_affixes(stem: str) -> str:
    """The name of a picture from that of its mask.

    >>> without_affixes("scans/01_mask"), without_affixes("gt-7")
    ('scans/01', '7')
    """
    folder, slash, name = stem.rpartition("/")
    return f"{folder}{slash}{_AFFIXES.sub('', name)}"


def divide_by_name(files: list[str]) -> tuple[list[str], list[str]]:
    """Pictures and masks that lie in one folder: a mask is called like its picture, and that it is one."""
    stems = {str(PurePosixPath(file).with_suffix("")) for file in files}
    is_mask = {file: _is_mask_of(str(PurePosixPath(file).with_suffix("")), stems) for file in files}
    return [file for file in files if not is_mask[file]], [file for file in files if is_mask[file]]


def _is_mask_of(stem: str, stems: set[str]) -> bool:
    plain = without_affixes(stem)
    return plain != stem and plain in stems


def find_mask_pair(place: Path) -> tuple[Path, Path] | None:
    """The folder of the pictures and that of their masks, which is the same where they lie beside each other.

    Folders count if the files of one are called like those of the other, only one of them is named after masks, and
    the pictures in it have few values. Of several pairs, that of the training part is taken.
    """
    own = _listed(place)
    if own is not None:
        _, masks = divide_by_name(list(own.stems.values()))
        enough = 2 * len(masks) >= _LEAST_PAIRED * len(own.stems)
        return (place, place) if masks and enough and _look_like_masks(place, masks) else None
    try:
        children = sorted(child for child in place.iterdir() if child.is_dir() and not child.name.startswith("."))
    except OSError:
        return None
    folders = [found for child in children[:_MOST_FOLDERS] if (found := _listed(child)) is not None]
    pairs = [(one, other) for one, other in permutations(folders, 2) if _fit(one, other)]
    pairs.sort(key=lambda pair: (part_of(pair[0].path.name) not in ("train", ""), pair[0].path))
    for images, masks_folder in pairs:
        if _look_like_masks(masks_folder.path, list(masks_folder.stems.values())):
            return images.path, masks_folder.path
    return None


def _listed(folder: Path) -> _Folder | None:
    """The pictures directly in a folder; `None` if there are none."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.lower().endswith(EXTENSIONS))
    except OSError:
        return None
    return _Folder(folder, {name.rpartition(".")[0]: name for name in names}) if names else None


def _fit(images: _Folder, masks: _Folder) -> bool:
    if _MASK_WORD.search(images.path.name) or not _MASK_WORD.search(masks.path.name):
        return False
    paired = sum(stem in images.stems or without_affixes(stem) in images.stems for stem in masks.stems)
    return paired >= _LEAST_PAIRED * max(len(masks.stems), len(images.stems) / 2)


def _look_like_masks(folder: Path, names: list[str]) -> bool:
    seen = SeenValues()
    for name in names[:_LOOKED_AT]:
        try:
            stored = read_stored_mask(folder / name)
        except UnreadablePictureError:
            continue
        if stored.is_lossy and not _is_black_and_white(stored):
            return False
        seen.add(stored)
    return seen.num_masks > 0 and (seen.any_lossy or len(seen.values()) <= MOST_LEVELS)


def _is_black_and_white(stored: StoredMask) -> bool:
    """Whether a JPEG file may have been black and white before it was saved; any photograph is one, too."""
    is_near = (stored.values <= _NEAR) | (stored.values >= UNCOUNTED - _NEAR)
    return not stored.in_color and float(is_near.mean()) >= _LEAST_NEAR


def sibling_parts(images: Path, masks: Path) -> dict[str, tuple[Path, Path]]:
    """The same of other parts: `val_images` and `val_masks` beside `train_images` and `train_masks`."""
    if part_of(images.name) != "train" or part_of(masks.name) != "train" or not without_part(masks.name):
        return {}
    found = {"train": (images, masks)}
    for part in ("validation", "test"):
        pair = (_sibling(images, part), _sibling(masks, part))
        if pair[0] is not None and pair[1] is not None:
            found[part] = (pair[0], pair[1])
    return found if len(found) > 1 else {}


def _sibling(folder: Path, part: str) -> Path | None:
    try:
        return next(
            other
            for other in sorted(folder.parent.iterdir())
            if part_of(other.name) == part and without_part(other.name) == without_part(folder.name) and other.is_dir()
        )
    except (OSError, StopIteration):
        return None
