"""Settings of the data: where it is and how it reaches the network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.component import Component
from trainer.config.fields import Section, setting

Side = Annotated[int, Field(ge=1, le=8192)]


class AugmentationSection(Section):
    """Random changes to training pictures, fresh in every epoch. Validation pictures are never changed."""

    horizontal_flip: bool = setting(
        False,
        "Flip left–right",
        "Mirror half of the pictures. Leave off where left and right mean something, as in digits.",
    )
    vertical_flip: bool = setting(
        False, "Flip top–bottom", "Turn half of the pictures upside down. Suits views from above and microscopy."
    )
    rotation_degrees: float = setting(
        0.0, "Rotation", "Turn by a random angle of up to this many degrees either way.", unit="°", ge=0, le=180
    )
    zoom_fraction: float = setting(
        0.0, "Zoom", "Zoom in or out by a random factor of up to this fraction; 0.1 means 90 to 110 %.", ge=0, le=0.9
    )
    translation_fraction: float = setting(
        0.0, "Shift", "Move by up to this fraction of the width and the height.", ge=0, le=0.9
    )
    contrast_fraction: float = setting(
        0.0, "Contrast", "Change the contrast by a random factor of up to this fraction.", ge=0, le=1
    )
    brightness_fraction: float = setting(
        0.0, "Brightness", "Lighten or darken by up to this fraction of the full range.", ge=0, le=1
    )
    steps: tuple[Component, ...] = setting(
        (),
        "Further steps",
        "Keras augmentation layers, or your own functions, applied in this order after the changes above.",
        component="augmentation",
        advanced=True,
    )


class DataSection(Section):
    """Where the pictures are and how they reach the network."""

    train_dir: str = setting(
        "",
        "Training folder",
        "Folder with one sub-folder of pictures per class; the sub-folder's name is the class.",
        picker="folder",
    )
    val_dir: str | None = setting(
        None,
        "Validation folder",
        "Folder of the same layout with pictures to validate on. Empty: a part of the training folder is held out.",
        picker="folder",
    )
    test_dir: str | None = setting(
        None,
        "Test folder",
        "Folder of the same layout that is looked at once, after training, to report the final figures.",
        picker="folder",
        advanced=True,
    )
    validation_fraction: float = setting(
        0.2,
        "Validation share",
        "Share of the training pictures held out for validation when there is no validation folder; "
        "every class gives the same share. 0 trains without validation.",
        ge=0,
        lt=1,
    )
    loader: Component = setting(
        Component(name="ImageDataLoader"), "Loader", "What reads the data.", component="loader", advanced=True
    )
    image_size: tuple[Side, Side] = setting(
        (32, 32),
        "Image size",
        "Height and width that every picture is brought to. Larger shows more detail and costs time and memory "
        "with the square.",
        unit="px",
    )
    color_mode: Literal["rgb", "grayscale", "rgba"] = setting(
        "rgb", "Colours", "Channels that pictures are read with: rgb gives 3, grayscale 1, rgba 4."
    )
    resize_mode: Literal["stretch", "crop", "pad"] = setting(
        "stretch",
        "Fit to size by",
        "stretch ignores proportions; crop keeps them and cuts what sticks out; pad keeps them and fills up with "
        "black.",
    )
    interpolation: Literal["bilinear", "bicubic", "nearest"] = setting(
        "bilinear",
        "Interpolation",
        "How new pixels are computed when resizing. nearest keeps exact values, as needed for drawings with few "
        "colours.",
        advanced=True,
    )
    normalization: Literal["auto", "zero_to_one", "minus_one_to_one", "imagenet", "none"] = setting(
        "auto",
        "Normalization",
        "How pixel values 0–255 are scaled inside the model. auto takes what the chosen model expects; "
        "imagenet subtracts ImageNet's mean and divides by its standard deviation.",
    )
    preprocessing: tuple[Component, ...] = setting(
        (),
        "Preprocessing",
        "Keras preprocessing layers, or your own functions, applied in this order to every picture before the network "
        "sees it: in training, validation and testing alike.",
        component="preprocessing",
        advanced=True,
    )
    batch_size: int = setting(
        32,
        "Batch size",
        "Pictures per training step. Larger is faster on a GPU and needs more memory; 16 to 128 suits most.",
        unit="images",
        ge=1,
        le=65536,
    )
    shuffle: bool = setting(
        True,
        "Shuffle",
        "Draw a new order of all training pictures in every epoch. The order follows from the seed.",
        advanced=True,
    )
    cache: Literal["auto", "off", "memory", "disk"] = setting(
        "auto",
        "Keep decoded pictures",
        "memory and disk decode every picture once and reuse it in later epochs. "
        "auto compares the decoded size with the free memory and disk, and says what it chose in the log.",
        advanced=True,
    )
    max_unreadable_fraction: float = setting(
        0.05,
        "Tolerated unreadable share",
        "Unreadable pictures are named in the log and left out; if more than this share is unreadable, training "
        "is refused.",
        ge=0,
        le=1,
        advanced=True,
    )
    augmentation: AugmentationSection = setting(
        AugmentationSection(), "Augmentation", "Random changes to training pictures, fresh in every epoch."
    )
