"""How a folder of pictures is read: the arguments of `ImageDataLoader`, known without TensorFlow."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from trainer.config.config import Config

Layout = Literal["auto", "class_folders", "labels_file", "masks", "voc", "coco", "yolo"]
LabelsPerPicture = Literal["auto", "one", "several"]
MaskValues = Literal["auto", "indices", "black_white", "levels", "colors"]

_PLURAL = ("class_names", "label_columns", "class_values")


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """The arguments of `ImageDataLoader`, with the same defaults; they are explained there."""

    layout: Layout = "auto"
    class_names: tuple[str, ...] = ()
    images_dir: str = ""
    labels_file: str = ""
    path_column: str = ""
    label_columns: tuple[str, ...] = ()
    label_separator: str = ""
    labels_per_picture: LabelsPerPicture = "auto"
    masks_dir: str = ""
    mask_values: MaskValues = "auto"
    class_values: tuple[str, ...] = ()
    annotations: str = ""
    lists_dir: str = "ImageSets/Main"

    @classmethod
    def of(cls, **arguments: Any) -> PictureOptions:
        """Options from plain values; lists become tuples of texts, and one value where several are expected as well."""
        values: dict[str, Any] = {
            name: _plural(value) if name in _PLURAL else value for name, value in arguments.items()
        }
        return cls(**values)

    @classmethod
    def from_config(cls, config: Config) -> PictureOptions:
        """What `data.loader` says; arguments that there are not are left to the check of the configuration."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls.of(**{name: value for name, value in config.data.loader.arguments.items() if name in known})


def _plural(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)
