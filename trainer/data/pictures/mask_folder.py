"""Pictures and masks in two folders: a class for every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trainer.data.findings import Findings
from trainer.data.path_list import PathList
from trainer.data.pictures.image_folder import NOT_READ, pictures_below
from trainer.data.pictures.mask_coding import UNCOUNTED, MaskCoding, MaskValueError, StoredMask, read_stored_mask
from trainer.data.pictures.mask_pairs import divide_by_name, find_mask_pair, without_affixes
from trainer.data.pictures.mask_values import LEAST_MASKS, SeenValues, find_coding, names_of_masks, spread_positions
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
_LOOKED_AT = 200
_FEW_MASKS = 5


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
    """The folder of pictures and the folder of masks, which may be the same.

    Raises:
        DataError: They are not given and are not recognised by their names or those of their files.
    """
    images = place / options.images_dir if options.images_dir else first_folder(place, IMAGE_FOLDERS)
    masks = place / options.masks_dir if options.masks_dir else first_folder(place, MASK_FOLDERS)
    if not options.images_dir and not options.masks_dir and None in (images, masks):
        images, masks = find_mask_pair(place) or (images, masks)
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
    others: list[str] = []
    pictures, mask_files = pictures_below(images, others), pictures_below(masks)
    if images.resolve() == masks.resolve():
        pictures, mask_files = divide_by_name(pictures)
    if not pictures:
        raise DataError(f"{images} holds no picture. Expected JPEG, PNG, BMP or GIF files.")
    if not mask_files:
        raise DataError(f"{masks} holds no mask. Expected PNG, BMP or GIF files named like their pictures.")
    findings = Findings()
    prefix, mask_prefix = _prefix(images, place), _prefix(masks, place)
    partners = _partners(pictures, mask_files, mask_prefix, findings)
    names = PathList(f"{prefix}{name}" for name in pictures)
    mask_names = PathList(f"{mask_prefix}{name}" if name else "" for name in partners)
    where = mask_prefix.rstrip("/") or "the folder"
    for name in others:
        findings.warning("unreadable", NOT_READ, f"{prefix}{name}")
    unusable: dict[int, str] = {}
    for number, name in enumerate(partners):
        if not name:
            unusable[number] = f"it has no mask in {where}"
            findings.error("missing_annotation", f"has no mask of the same name in {where}", names[number])
    found = MaskFolder(place, names, mask_names, unusable, findings, {}, SeenValues())
    _compare_sizes(found)
    _look_at_masks(found)
    return found


def _prefix(folder: Path, place: Path) -> str:
    name = relative_name(folder, place)
    return "" if name == "." else f"{name}/"


def _partners(pictures: list[str], masks: list[str], mask_prefix: str, findings: Findings) -> list[str]:
    """The mask of every picture, or an empty text."""
    by_stem: dict[str, str] = {}
    plain: dict[str, str] = {}
    for path in masks:
        stem = str(PurePosixPath(path).with_suffix(""))
        if stem in by_stem:
            message = f"is passed over, as {by_stem[stem]} has the same name"
            findings.warning("duplicate", message, f"{mask_prefix}{path}")
            continue
        by_stem[stem] = path
        plain.setdefault(without_affixes(stem), path)
    partners: list[str] = []
    for path in pictures:
        stem = str(PurePosixPath(path).with_suffix(""))
        partners.append(by_stem.get(stem) or plain.get(stem) or plain.get(without_affixes(stem)) or "")
    taken = set(partners) | set(masks) - set(by_stem.values())
    for path in masks:
        if path not in taken:
            findings.warning("missing_picture", "is a mask without a picture of the same name", f"{mask_prefix}{path}")
    return partners


def _compare_sizes(found: MaskFolder) -> None:
    both = [number for number in range(len(found.names)) if number not in found.unusable]
    pictures = picture_sizes(found.place, [found.names[number] for number in both])
    masks = picture_sizes(found.place, [found.mask_names[number] for number in both])
    for number, picture, mask in zip(both, pictures, masks, strict=True):
        if picture is None:
            found.unusable[number] = "is no picture, or its beginning is damaged"
            found.findings.error("unreadable", found.unusable[number], found.names[number])
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
            found.findings.error(
                "unreadable", f"cannot be read: {error}", found.mask_names[number], sample=found.names[number]
            )
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
    if not options.class_values:
        _note_rare_values(folder, coding)
    return coding, names_of_masks(coding, options, folder.place)


def _note_rare_values(folder: MaskFolder, coding: MaskCoding) -> None:
    """A few masks with a further value among many of black and white ones may well be mistakes."""
    if coding.kind != "levels" or not {0, UNCOUNTED} <= set(coding.values):
        return
    total = len(folder.looked_at)
    for value in sorted(set(coding.values) - {0, UNCOUNTED}):
        having = [number for number, stored in folder.looked_at.items() if value in stored.values]
        if len(having) <= max(1, LEAST_MASKS * total) and total > _FEW_MASKS:
            message = (
                f"{value} is in only {len(having)} of {total} masks, beside 0 and {UNCOUNTED}, and is taken for a "
                "class: if it is none, correct the mask, or take it out of class_values and class_names of the loader"
            )
            folder.findings.warning("mask_value", message, folder.mask_names[having[0]])


def index_masks(folder: MaskFolder, coding: MaskCoding, class_names: tuple[str, ...]) -> SampleIndex:
    """The samples; masks that were looked at and have unexpected values are left out and named."""
    for number, stored in folder.looked_at.items():
        try:
            coding.classes(stored)
        except MaskValueError as error:
            folder.unusable[number] = f"its mask {folder.mask_names[number]} {error}"
            folder.findings.error("mask_value", str(error), folder.mask_names[number], sample=folder.names[number])
    return SampleIndex(
        place=folder.place,
        names=folder.names,
        class_names=class_names,
        mask_names=folder.mask_names,
        unusable=dict(folder.unusable),
        problems=folder.findings.problems,
        raw=PillowSamples(folder.place, folder.names, folder.mask_names, coding),
    )
