"""Boxes in the layout of Pascal VOC: one XML file per picture, and lists of names for training, validation and test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from trainer.data.pictures.found_boxes import Corners, FoundBoxes
from trainer.data.pictures.image_folder import EXTENSIONS, pictures_below
from trainer.data.pictures.mask_folder import IMAGE_FOLDERS
from trainer.data.pictures.picture_finder import PictureFinder, first_folder, relative_name
from trainer.data.pictures.picture_options import PictureOptions
from trainer.data.pictures.picture_sizes import Size, picture_sizes
from trainer.errors import DataError

ANNOTATION_FOLDERS = ("Annotations", "annotation", "xmls", "xml", "labels")
LIST_NAMES = {"train": ("train",), "validation": ("val", "valid", "validation"), "test": ("test",)}
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_THREADS = 4
_MOST_LOOKED_AT = 20
_MOST_FOLDERS = 10
_DAMAGED = "is no picture, or its beginning is damaged"


@dataclass(frozen=True, slots=True)
class VocFolder:
    """Where the parts of a VOC data set are.

    Attributes:
        place: The folder of all.
        images: The pictures.
        annotations: The XML files.
        lists: Lists of names by part: `train`, `validation`, `test`, as far as there are any.
    """

    place: Path
    images: Path
    annotations: Path
    lists: dict[str, Path]


@dataclass(frozen=True, slots=True)
class _Annotation:
    size: tuple[float, float] | None
    picture: str
    objects: tuple[tuple[str, Corners | None], ...]


def voc_folder(place: Path, options: PictureOptions) -> VocFolder:
    """Find pictures, annotations and lists.

    Raises:
        DataError: There are no pictures or no annotations where they are expected.
    """
    images = place / options.images_dir if options.images_dir else first_folder(place, IMAGE_FOLDERS) or place
    given = place / options.annotations if options.annotations else None
    annotations = given or _annotations_folder(place) or images
    for folder in (images, annotations):
        if not folder.is_dir():
            raise DataError(
                f"The folder {folder} does not exist. Expected JPEGImages/ with pictures and Annotations/ with XML "
                "files of the same names, or images_dir and annotations of the loader."
            )
    lists: dict[str, Path] = {}
    if options.lists_dir:
        for part, names in LIST_NAMES.items():
            files = (place / options.lists_dir / f"{name}.txt" for name in names)
            if found := next((file for file in files if file.is_file()), None):
                lists[part] = found
    # A list of validation or test names alone does not say what to train on.
    return VocFolder(place, images, annotations, lists if "train" in lists else {})


def _annotations_folder(place: Path) -> Path | None:
    """The folder of the XML files: by its usual name, or the first that has some."""
    usual = first_folder(place, ANNOTATION_FOLDERS)
    if usual is not None or _xml_files(place):
        return usual
    try:
        folders = [child for child in sorted(place.iterdir()) if child.is_dir() and not child.name.startswith(".")]
    except OSError:
        return None
    # Classes have folders, too, and far more of them.
    few = folders if len(folders) <= _MOST_FOLDERS else []
    return next((folder for folder in few if _xml_files(folder)), None)


def _xml_files(folder: Path) -> list[Path]:
    """Some of the XML files in a folder; none of one that cannot be read, such as one of others beside the data."""
    try:
        return list(islice(folder.glob("*.xml"), _MOST_LOOKED_AT))
    except OSError:
        return []


def read_voc(folder: VocFolder, part: str) -> FoundBoxes:
    """Read the boxes of one part; of everything where there are no lists.

    Raises:
        DataError: There is no annotation, or a list cannot be read.
    """
    found = FoundBoxes(folder.place)
    finder = PictureFinder(folder.images)
    stems = _listed(folder.lists[part]) if folder.lists else _all_stems(folder, found, finder)
    if not stems:
        where = folder.lists.get(part, folder.annotations)
        raise DataError(f"{where} names no picture. Expected the names of pictures with XML files of the same name.")
    with ThreadPoolExecutor(_THREADS) as threads:
        annotations = list(threads.map(lambda stem: _read(folder.annotations / f"{stem}.xml"), stems))
    names = [
        finder.find(stem) or (finder.find(read.picture) if isinstance(read, _Annotation) and read.picture else None)
        for stem, read in zip(stems, annotations, strict=True)
    ]
    sizes = iter(picture_sizes(folder.images, [name for name in names if name is not None]))
    prefix = relative_name(folder.images, folder.place)
    source = _Source(folder, found, relative_name(folder.lists[part], folder.place) if folder.lists else "")
    for line, (stem, read, name) in enumerate(zip(stems, annotations, names, strict=True), 1):
        if name is None:
            path = f"{prefix}/{stem}.jpg"
            found.begin(path, "there is no such picture")
            message = f"{path} is missing"
            place = f"line {line}" if source.list_name else ""
            found.findings.error("missing_picture", message, source.list_name or source.xml(stem), place, sample=path)
        else:
            _add_sample(source, stem, read, path=f"{prefix}/{name}" if prefix != "." else name, size=next(sizes))
    return found


@dataclass(frozen=True, slots=True)
class _Source:
    folder: VocFolder
    found: FoundBoxes
    list_name: str

    def xml(self, stem: str) -> str:
        return f"{relative_name(self.folder.annotations, self.folder.place)}/{stem}.xml".removeprefix("./")


def _add_sample(source: _Source, stem: str, read: _Annotation | str, *, path: str, size: Size | None) -> None:
    found, xml = source.found, source.xml(stem)
    if isinstance(read, str):
        found.begin(path, f"its annotation {xml} {read}")
        found.findings.error("missing_annotation", read, xml, sample=path)
        return
    found.begin(path, "" if size is not None else _DAMAGED)
    findings = found.findings
    if size is None:
        findings.error("unreadable", _DAMAGED, path)
    own = PurePosixPath(read.picture.replace("\\", "/")).stem
    if own and own != PurePosixPath(path).stem:
        findings.warning("missing_picture", f"names the picture {read.picture}; {path} was taken", xml, "filename")
    if read.size is not None and size is not None and read.size != size:
        message = f"says {read.size[0]:g} × {read.size[1]:g} pixels, the picture {path} is {size[0]} × {size[1]}"
        findings.warning("size_mismatch", message, xml, "size")
    known = read.size or size
    if not read.objects:
        findings.warning("missing_annotation", "has no box; the picture counts as one without objects", xml)
    for number, (name, corners) in enumerate(read.objects, 1):
        place = f"object {number}"
        if not name or corners is None or known is None:
            what = "no name" if not name else "no box of four numbers" if corners is None else "a picture of no size"
            findings.warning("box", f"the object has {what} and is left out", xml, place)
        else:
            found.add(name, corners, known, xml, place)


def _read(path: Path) -> _Annotation | str:
    """An annotation, or why it cannot be read."""
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ElementTree.ParseError as error:
        return f"is no XML: {error}"
    if root.tag != "annotation":
        return f"has {root.tag} where annotation was expected"
    width, height = (_number(root.findtext(f"size/{side}")) for side in ("width", "height"))
    return _Annotation(
        (width, height) if width and height and width > 0 and height > 0 else None,
        (root.findtext("filename") or "").strip(),
        tuple(((item.findtext("name") or "").strip(), _corners(item)) for item in root.iter("object")),
    )


def _corners(item: ElementTree.Element) -> Corners | None:
    values = [_number(item.findtext(f"bndbox/{name}")) for name in _CORNERS]
    left, top, right, bottom = values
    if left is None or top is None or right is None or bottom is None:
        return None
    return left, top, right, bottom


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _listed(path: Path) -> list[str]:
    """Names of a list; those of one class have a second column, which is -1 where the class does not occur."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The list {path} cannot be read: {error}.") from error
    names = [re.sub(r"\s+(-1|0|1)\s*$", "", line).strip() for line in lines if line.strip()]
    return [_without_ending(name) for name in names]


def _without_ending(name: str) -> str:
    return str(PurePosixPath(name).with_suffix("")) if name.lower().endswith(EXTENSIONS) else name


def _all_stems(folder: VocFolder, found: FoundBoxes, finder: PictureFinder) -> list[str]:
    stems: Sequence[str] = sorted(
        str(PurePosixPath(relative_name(path, folder.annotations)).with_suffix(""))
        for path in folder.annotations.rglob("*.xml")
    )
    annotated = {finder.find(stem) for stem in stems}
    prefix = relative_name(folder.images, folder.place)
    for path in finder.paths:
        if path not in annotated:
            found.findings.warning("missing_annotation", "has no XML file and is not used", f"{prefix}/{path}")
    return list(stems)


def has_voc(place: Path) -> bool:
    """Whether a folder looks like Pascal VOC: XML annotations beside pictures or in a folder of their own."""
    folder = _annotations_folder(place)
    images = first_folder(place, IMAGE_FOLDERS)
    for candidate in (folder, images, place):
        files = _xml_files(candidate) if candidate is not None else []
        # One broken file says nothing about the others.
        if any(isinstance(_read(file), _Annotation) for file in files):
            return bool(pictures_below(images or place))
    return False
