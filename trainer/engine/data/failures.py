"""Names the file behind a decoding error in the middle of training."""

from __future__ import annotations

import tensorflow as tf

from trainer.engine.data.decode_folder import decode_folder
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.pixels import FilePixels
from trainer.engine.data.prepare import PreparedData
from trainer.engine.data.split import Split
from trainer.errors import DataError

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
        if isinstance(split.pixels, FilePixels) and (found := _broken(split, split.pixels.picture_format)):
            named = "; ".join(f"{split.folder / split.paths[position]} ({reason})" for position, reason in found[:5])
            return DataError(
                f"{len(found)} pictures can no longer be read: {named}. They were readable, or looked it, when "
                "training began. Restore or remove them and continue the run; data.cache set to disk or memory "
                "decodes everything before training begins."
            )
    return None


def _broken(split: Split, picture_format: PictureFormat) -> list[tuple[int, str]]:
    decoded = decode_folder(split.folder, split.paths, picture_format, _forget, lambda _done: None)
    return sorted(decoded.unreadable.items())


def _forget(_positions: object, _pictures: object) -> None:
    """Only whether it can be decoded matters."""
