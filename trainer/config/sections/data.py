"""Settings of the data: where it is and how it reaches the network."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from trainer.config.component import Component
from trainer.config.fields import Section, setting
from trainer.config.sections.splitting import BalanceSection, SplitSection
from trainer.config.task import PICTURE_TASKS

Side = Annotated[int, Field(ge=1, le=8192)]


class AugmentationSection(Section):
    """Random changes to training pictures. Validation pictures are never changed."""

    strength: Literal["own", "light", "medium", "heavy"] = setting(
        "own",
        "Strength",
        "Ready sets of changes. light: flip left–right, turn by 5°, zoom and shift by 5 %, contrast 10 %, "
        "brightness 5 %. medium: flip, 10°, zoom and shift 10 %, contrast 20 %, brightness 10 %. heavy: flip, 25°, "
        "zoom 25 %, shift 15 %, contrast 40 %, brightness 20 %. Single-channel pictures to classify are not "
        "flipped, as they may be digits; pictures with boxes turn by 5° at most. own: only what is set below. What is "
        "set below counts in any case; of two amounts the larger.",
    )
    fresh_every_epoch: bool = setting(
        True,
        "Fresh in every epoch",
        "Change every picture anew in every epoch. Off: each picture is changed once and looks like that in all "
        "epochs. Keras layers among the further steps then work picture by picture, which is slower.",
        advanced=True,
    )
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
        "Keras augmentation layers, ours, or your own functions, applied in this order after the changes above. Each "
        "has a probability of being applied to a picture. Masks and boxes move along.",
        component="augmentation",
        advanced=True,
    )


class DataSection(Section):
    """Where the pictures are and how they reach the network."""

    train_dir: str = setting(
        "",
        "Training data",
        "Folder or file to train on: a folder with one sub-folder of pictures per class, a folder with pictures and "
        "masks or boxes, or a CSV, HDF5, TFRecord, .npy or .npz file. The loader says what it expects.",
        picker="folder or file",
    )
    val_dir: str | None = setting(
        None,
        "Validation data",
        "Folder or file of the same layout to validate on. Empty: a part of the training data is held out.",
        picker="folder or file",
    )
    test_dir: str | None = setting(
        None,
        "Test data",
        "Folder or file of the same layout that is looked at once, after training, to report the final figures.",
        picker="folder or file",
        advanced=True,
    )
    validation_fraction: float = setting(
        0.2,
        "Validation share",
        "Share of the training data held out for validation when there is none of its own. 0 trains without "
        "validation.",
        ge=0,
        lt=1,
    )
    split: SplitSection = setting(
        SplitSection(), "Division", "How samples are divided into training, validation and test."
    )
    balance: BalanceSection = setting(
        BalanceSection(), "Balance", "What is done about classes that are much rarer than others."
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
        tasks=PICTURE_TASKS,
    )
    color_mode: Literal["rgb", "grayscale", "rgba"] = setting(
        "rgb",
        "Colours",
        "Channels that pictures are read with: rgb gives 3, grayscale 1, rgba 4.",
        tasks=PICTURE_TASKS,
    )
    resize_mode: Literal["stretch", "crop", "pad"] = setting(
        "stretch",
        "Fit to size by",
        "stretch ignores proportions; crop keeps them and cuts what sticks out; pad keeps them and fills up with "
        "black.",
        tasks=PICTURE_TASKS,
    )
    interpolation: Literal["bilinear", "bicubic", "nearest"] = setting(
        "bilinear",
        "Interpolation",
        "How new pixels are computed when resizing. nearest keeps exact values, as needed for drawings with few "
        "colours.",
        advanced=True,
        tasks=PICTURE_TASKS,
    )
    normalization: Literal["auto", "zero_to_one", "minus_one_to_one", "imagenet", "none"] = setting(
        "auto",
        "Normalization",
        "How pixel values 0–255 are scaled inside the model. auto takes what the chosen model expects; "
        "imagenet subtracts ImageNet's mean and divides by its standard deviation.",
        tasks=PICTURE_TASKS,
    )
    preprocessing: tuple[Component, ...] = setting(
        (),
        "Preprocessing",
        "Keras preprocessing layers, or your own functions, applied in this order to every picture before the network "
        "sees it: in training, validation and testing alike.",
        component="preprocessing",
        advanced=True,
        tasks=PICTURE_TASKS,
    )
    batch_size: int = setting(
        32,
        "Batch size",
        "Samples per training step. Larger is faster on a GPU and needs more memory; 16 to 128 suits most.",
        unit="samples",
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
        "memory and disk decode every picture once, very many when first needed, and reuse it in later epochs. "
        "auto compares the decoded size with the free memory and disk, and says what it chose in the log.",
        advanced=True,
    )
    max_unreadable_fraction: float = setting(
        0.05,
        "Tolerated unreadable share",
        "Unreadable pictures are named in the log and left out; if more than this share is unreadable, training "
        "is refused, or ends where that shows while very many are read.",
        ge=0,
        le=1,
        advanced=True,
    )
    augmentation: AugmentationSection = setting(
        AugmentationSection(), "Augmentation", "Random changes to training pictures.", tasks=PICTURE_TASKS
    )
