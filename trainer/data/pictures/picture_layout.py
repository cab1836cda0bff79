"""Finds out in which of the known layouts a folder of pictures is."""

from __future__ import annotations

from pathlib import Path

from trainer.config.task import Task
from trainer.data.pictures.coco import has_coco
from trainer.data.pictures.labels_place import find_labels_file
from trainer.data.pictures.mask_folder import IMAGE_FOLDERS, MASK_FOLDERS
from trainer.data.pictures.mask_pairs import find_mask_pair
from trainer.data.pictures.picture_finder import first_folder
from trainer.data.pictures.picture_options import Layout, PictureOptions
from trainer.data.pictures.voc import has_voc
from trainer.data.pictures.yolo import has_yolo
from trainer.errors import DataError


def find_layout(place: Path, options: PictureOptions, task: Task) -> Layout:
    """The layout of the training data: as given, else what the task needs and the folder has.

    Raises:
        DataError: Boxes are needed and none are recognised.
    """
    if options.layout != "auto":
        return options.layout
    if place.is_file():
        return "coco" if place.suffix.lower() == ".json" else "labels_file"
    if task == "object_detection":
        found = box_layout(place)
        if found is None:
            raise DataError(
                f"{place} has no boxes in a known layout. Expected Pascal VOC (Annotations/*.xml), COCO (one JSON file "
                "per part) or YOLO (one text file per picture); or choose the layout of the loader."
            )
        return found
    if task == "image_segmentation":
        return "masks"
    if options.labels_file:
        return "labels_file"
    if options.masks_dir:
        return "masks"
    if task == "custom" and place.is_dir():
        return recognise(place) or "class_folders"
    return "class_folders"


def box_layout(place: Path) -> Layout | None:
    """`voc`, `coco` or `yolo`, if a folder has boxes of one of them."""
    if has_voc(place):
        return "voc"
    if has_coco(place):
        return "coco"
    return "yolo" if has_yolo(place) else None


def recognise(place: Path) -> Layout | None:
    """The layout of a folder; `None` where it looks like none of them, or like class folders."""
    if found := box_layout(place):
        return found
    images, masks = first_folder(place, IMAGE_FOLDERS), first_folder(place, MASK_FOLDERS)
    if (images is not None and masks is not None) or find_mask_pair(place) is not None:
        return "masks"
    return "labels_file" if find_labels_file(place) is not None else None
