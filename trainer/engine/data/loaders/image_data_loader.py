"""Pictures with classes, masks or boxes, in the usual layouts of folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from trainer.config.config import Config
from trainer.data.pictures.picture_options import PictureOptions
from trainer.engine.data.prepare import prepare_data
from trainer.engine.data.prepared import PreparedData
from trainer.engine.reporting import Reporter


def ImageDataLoader(
    data_dir: Path,
    config: Config,
    reporter: Reporter,
    layout: Literal["auto", "class_folders", "labels_file", "masks", "voc", "coco", "yolo"] = "auto",
    class_names: tuple[str, ...] = (),
    images_dir: str = "",
    labels_file: Annotated[str, "group: table of labels"] = "",
    path_column: Annotated[str, "group: table of labels"] = "",
    label_columns: Annotated[tuple[str, ...], "group: table of labels"] = (),
    label_separator: Annotated[str, "group: table of labels"] = "",
    labels_per_picture: Annotated[Literal["auto", "one", "several"], "group: table of labels"] = "auto",
    masks_dir: Annotated[str, "group: masks"] = "",
    mask_values: Annotated[Literal["auto", "indices", "black_white", "levels", "colors"], "group: masks"] = "auto",
    class_values: Annotated[tuple[str, ...], "group: masks"] = (),
    annotations: Annotated[str, "group: boxes"] = "",
    lists_dir: Annotated[str, "group: boxes", "advanced"] = "ImageSets/Main",
) -> PreparedData:
    """Reads JPEG, PNG, BMP and GIF pictures with classes, masks or boxes.

    Args:
        data_dir: Folder that relative folders of the configuration start from.
        config: The run's configuration.
        reporter: Told counts, progress, unreadable pictures and what else is wrong.
        layout: How the data is laid out. auto looks at the task and the folder; without masks, boxes and a table of
            labels it is one folder of pictures per class.
        class_names: Names of the classes in their order. Empty: taken from the data.
        images_dir: Folder of the pictures inside the data folder. Empty: looked for under its usual names.
        labels_file: CSV file with one row per picture, inside the data folder.
        path_column: Column with the paths of the pictures. Empty: the one whose values are pictures.
        label_columns: Column with the class, or one column of 0 and 1 per class. Empty: looked for.
        label_separator: What separates the classes of a picture that has several, such as | or a blank.
        labels_per_picture: Whether a picture has one class or any number of them. auto: several with a separator,
            or where columns of 0 and 1 do not mark exactly one.
        masks_dir: Folder of the masks inside the data folder. Empty: looked for under its usual names.
        mask_values: What the pixels of masks are. indices count classes from 0, and 255 is not counted; black_white is
            0 and 255; levels are greys and colors are colours, one per class.
        class_values: Value of each class in the masks, such as 128 or #ff0000. Empty: those that occur.
        annotations: Folder of the XML or text files, or the JSON file, inside the data folder. Empty: looked for.
        lists_dir: Folder with train.txt, val.txt and test.txt, which divide Pascal VOC data. Empty: no lists.

    Raises:
        DataError: A folder is missing, empty or of another layout, or too many pictures are unreadable.
        ConfigError: Arguments do not fit each other or the data.
    """
    options = PictureOptions.of(
        layout=layout,
        class_names=class_names,
        images_dir=images_dir,
        labels_file=labels_file,
        path_column=path_column,
        label_columns=label_columns,
        label_separator=label_separator,
        labels_per_picture=labels_per_picture,
        masks_dir=masks_dir,
        mask_values=mask_values,
        class_values=class_values,
        annotations=annotations,
        lists_dir=lists_dir,
    )
    return prepare_data(config, data_dir, reporter, options=options)
