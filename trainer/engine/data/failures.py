"""Names the file behind an error of the data in the middle of training: a broken picture's, or the user's loader's."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from trainer.config.config import Config
from trainer.data.path_list import PathList
from trainer.engine.components import find_object
from trainer.engine.data.decode_folder import decode_folder
from trainer.engine.data.decode_masks import MaskFilePixels, decode_masks
from trainer.engine.data.encoded_pixels import EncodedPixels
from trainer.engine.data.late_pixels import LatePixels
from trainer.engine.data.part import DataPart
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import FilePixels
from trainer.engine.data.prepared import PreparedData
from trainer.engine.data.split import Split
from trainer.engine.data.stored_pixels import StoredPixels
from trainer.engine.user_errors import misfit
from trainer.errors import DataError, UserCodeError

_DECODE_ERRORS = (
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
    tf.errors.UnknownError,
    tf.errors.DataLossError,
)


def explain_decode_failure(error: BaseException, prepared: PreparedData) -> DataError | None:
    """Find the file that broke while training, when pictures are decoded from their files.

    Decodes pictures until all are tried, so call it only after an error.

    Args:
        error: What the iteration over a dataset raised.
        prepared: The data of that training.

    Returns:
        An error that names the file, or `None` if the error is not about decoding or every file is fine.
    """
    if not isinstance(error, _DECODE_ERRORS):
        return None
    for split in prepared.splits.values():
        for source in late_pixels_of(split):
            if source.faults.failure is not None:
                return source.faults.failure
        if isinstance(split, Split) and isinstance(split.inputs, (StoredPixels, EncodedPixels)):
            if explained := split.inputs.explain_failure():
                return explained
        elif (
            isinstance(split, Split)
            and isinstance(split.inputs, FilePixels)
            and (found := _broken(split, split.inputs.picture_format))
        ):
            named = "; ".join(f"{split.place / split.names[position]} ({reason})" for position, reason in found[:5])
            return DataError(
                f"{len(found)} pictures can no longer be read: {named}. They were readable, or looked it, when "
                "training began. Restore them and continue the run; data.cache set to disk or memory "
                "decodes everything before training begins."
            )
    return None


@contextlib.contextmanager
def decode_failures_explained(prepared: PreparedData) -> Iterator[None]:
    """Name the file that breaks while batches are read outside of a training.

    Args:
        prepared: What they are read from.

    Raises:
        DataError: See `explain_decode_failure`, which what it cannot explain passes by.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if explained := explain_decode_failure(error, prepared):
            raise explained from error
        raise


def late_pixels_of(part: DataPart) -> tuple[LatePixels, ...]:
    """What of a part is read while training: pictures, masks."""
    sources = (part.inputs, part.targets.source) if isinstance(part, Split) else ()
    return tuple(source for source in sources if isinstance(source, LatePixels))


def explain_shape_failure(error: BaseException, config: Config, functions_dir: Path) -> UserCodeError | None:
    """Tell that a user's loader gave a batch of another shape than its first one.

    Args:
        error: What the iteration over a dataset raised.
        config: The run's configuration.
        functions_dir: The run's copies of user files.

    Returns:
        An error that names the loader, or `None` if the error is another one.
    """
    loader = config.data.loader
    found = _SHAPES.search(str(error))
    if loader.file is None or not isinstance(error, tf.errors.InvalidArgumentError) or found is None:
        return None
    message = f"A later batch has the shape {found[1]}; the first one told to expect {found[2]} (? is any)."
    return misfit(message, loader.file, find_object("loader", loader, functions_dir))


_SHAPES = re.compile(r"Shape of tensor \S+ (\[[\d,]*\]) is not compatible with expected shape (\[[\d,?]*\])")


def _broken(split: Split, picture_format: PictureFormat) -> list[tuple[int, str]]:
    decoded = decode_folder(split.place, PathList(split.names), picture_format, _forget, lambda _done: None)
    masks, broken_masks = split.targets.source, dict[int, str]()
    if isinstance(masks, MaskFilePixels):
        of_split = masks.paths.take(split.rows)
        broken_masks = decode_masks(masks.folder, of_split, masks.mask_format, _forget, lambda _done: None).unreadable
    return sorted({**broken_masks, **decoded.unreadable}.items())


def _forget(_positions: object, _pictures: object) -> None:
    """Only whether it can be decoded matters."""
