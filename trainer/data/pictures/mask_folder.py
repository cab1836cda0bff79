"""Pictures and masks in two folders: a class for every pixel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainer.data.findings import Findings
from trainer.data.path_list import PathList
from trainer.data.pictures.image_folder import pictures_below
from trainer.data.pictures.mask_coding import MaskCoding, MaskValueError, StoredMask, read_stored_mask
from trainer.data.pictures.mask_values import SeenValues, find_coding, names_of_masks, spread_positions
from trainer.data.pictures.picture_finder import first_folder, relative_name
from trainer.data.pictures.picture_options import PictureOptions
from trainer.data.pictures.picture_sizes import picture_sizes
from trainer.data.pictures.pillow_picture import UnreadablePictureError
from trainer.data.pictures.pillow_samples import PillowSamples
from trainer.data.sample_index import SampleIndex
from trainer.errors import DataError

IMAGE_FOLDERS = ("images", "image", "imgs", "img", "JPEGImages", "inputs", "pictures")
MASK_FOLDERS = (
    "masks", "mask", "labels", "label", "SegmentationClass", "annotations", "segmentation", "segmentations", "targets",
)  # fmt: skip
_AFFIXES = re.compile(r"^(mask|label|seg|gt)[_-]|[_-](masks?|labels?|seg|segmentation|gt|groundtruth|L)$", re.I)
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True, eq=False)
class MaskFolder:
    """Pictures and their masks, before it is known what the masks' values stand for.

    Attributes:
        place: The folder that all paths are relative to.
        names: The pictures, sorted.
        mask_names: Their masks; empty where there is none.
        unusable: Reason by number.
        findings: What was found wrong.
        looked_at: The different values of some of the masks, by number.
        seen: How often these values are.
    """

    place: Path
    names: PathList
    mask_names: PathList
    unusable: dict[int, str]
    findings: Findings
    looked_at: dict[int, StoredMask]
    seen: SeenValues


def mask_folders(place: Path, options: PictureOptions) -> tuple[Path, Path]:
    """The folder of pictures and the folder of masks.

    Raises:
        DataError: They are not given and there are none of the usual names.
    """
    images = place / options.images_dir if options.images_dir else first_folder(place, IMAGE_FOLDERS)
    masks = place / options.masks_dir if options.masks_dir else first_folder(place, MASK_FOLDERS)
    if images is None or masks is None:
        what = "pictures" if images is None else "masks"
        raise DataError(
            f"{place} has no folder of {what} with a usual name. Expected images/ and masks/ with files of the same "
            "names, or their names as images_dir and masks_dir of the loader."
        )
    return images, masks


def read_mask_folder(place: Path, images: Path, masks: Path) -> MaskFolder:
    """Find the mask of every picture, compare their sizes, and look at some masks.

    Raises:
        DataError: A folder is missing, or holds no picture.
    """
    pictures, mask_files = pictures_below(images), pictures_below(masks)
    if not pictures:
        raise DataError(f"{images} holds no picture. Expected JPEG, PNG, BMP or GIF files.")
    if not mask_files:
        raise DataError(f"{masks} holds no mask. Expected PNG, BMP or GIF files named like their pictures.")
    findings = Findings()
    partners = _partners(pictures, mask_files, relative_name(masks, place), findings)
    prefix, mask_prefix = relative_name(images, place), relative_name(masks, place)
    names = PathList(f"{prefix}/{name}" for name in pictures)
    mask_names = PathList(f"{mask_prefix}/{name}" if name else "" for name in partners)
    unusable: dict[int, str] = {}
    for number, name in enumerate(partners):
        if not name:
            unusable[number] = f"it has no mask in {mask_prefix}"
            findings.error("missing_annotation", f"has no mask of the same name in {mask_prefix}", names[number])
    found = MaskFolder(place, names, mask_names, unusable, findings, {}, SeenValues())
    _compare_sizes(found)
    _look_at_masks(found)
    return found


def _partners(pictures: list[str], masks: list[str], masks_place: str, findings: Findings) -> list[str]:
    """The mask of every picture, or an empty text."""
    by_stem: dict[str, str] = {}
    plain: dict[str, str] = {}
    for path in masks:
        stem = str(PurePosixPath(path).with_suffix(""))
        if stem in by_stem:
            findings.warning(
                "duplicate", f"is passed over, as {by_stem[stem]} has the same name", f"{masks_place}/{path}"
            )
            continue
        by_stem[stem] = path
        plain.setdefault(_without_affixes(stem), path)
    partners: list[str] = []
    for path in pictures:
        stem = str(PurePosixPath(path).with_suffix(""))
        partners.append(by_stem.get(stem) or plain.get(stem) or plain.get(_without_affixes(stem)) or "")
    taken = set(partners) | set(masks) - set(by_stem.values())
    for path in masks:
        if path not in taken:
            findings.warning("missing_picture", "is a mask without a picture of the same name", f"{masks_place}/{path}")
    return partners


def _without_affixes(stem: str) -> str:
    folder, _, name = stem.rpartition("/")
    return f"{folder}/{_AFFIXES.sub('', name)}"


def _compare_sizes(found: MaskFolder) -> None:
    both = [number for number in range(len(found.names)) if number not in found.unusable]
    pictures = picture_sizes(found.place, [found.names[number] for number in both])
    masks = picture_sizes(found.place, [found.mask_names[number] for number in both])
    for number, picture, mask in zip(both, pictures, masks, strict=True):
        if picture is None:
            found.findings.error("unreadable", "is no picture, or its beginning is damaged", found.names[number])
        elif mask is not None and picture != mask:
            message = (
                f"the mask {found.mask_names[number]} is {mask[0]} × {mask[1]} pixels, the picture {picture[0]} × "
                f"{picture[1]}"
            )
            found.unusable[number] = message
            found.findings.error("size_mismatch", message, found.names[number])


def _look_at_masks(found: MaskFolder) -> None:
    usable = [number for number in range(len(found.names)) if number not in found.unusable]
    for position in spread_positions(len(usable), _LOOKED_AT).tolist() if usable else ():
        number = usable[position]
        try:
            stored = read_stored_mask(found.place / found.mask_names[number])
        except UnreadablePictureError as error:
            found.unusable[number] = f"its mask {found.mask_names[number]} cannot be read: {error}"
            found.findings.error("unreadable", f"cannot be read: {error}", found.mask_names[number])
            continue
        found.seen.add(stored)
        found.looked_at[number] = stored.distinct()


def find_masks(folder: MaskFolder, options: PictureOptions) -> tuple[MaskCoding, tuple[str, ...]]:
    """What the values of the masks stand for, and the names of the classes.

    Raises:
        ConfigError: The options do not fit each other or the masks.
        DataError: There is no usable mask, or its values are too many to be classes.
    """
    if not folder.looked_at:
        some = "; ".join(f"{folder.names[number]}: {why}" for number, why in list(folder.unusable.items())[:3])
        raise DataError(f"No picture in {folder.place} has a usable mask ({some}).")
    coding = find_coding(folder.seen, options, folder.place)
    return coding, names_of_masks(coding, options, folder.place)


def index_masks(folder: MaskFolder, coding: MaskCoding, class_names: tuple[str, ...]) -> SampleIndex:
    """The samples; masks that were looked at and have unexpected values are left out and named."""
    for number, stored in folder.looked_at.items():
        try:
            coding.classes(stored)
        except MaskValueError as error:
            folder.unusable[number] = f"its mask {folder.mask_names[number]} {error}"
            folder.findings.error("mask_value", str(error), folder.mask_names[number])
    return SampleIndex(
        place=folder.place,
        names=folder.names,
        class_names=class_names,
        mask_names=folder.mask_names,
        unusable=dict(folder.unusable),
        problems=folder.findings.problems,
        raw=PillowSamples(folder.place, folder.names, folder.mask_names, coding),
    )
