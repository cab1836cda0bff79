"""Turns picture files into arrays of one format.

TensorFlow decodes almost everything, inside its own threads; Pillow is the second chance for what TensorFlow cannot
read or reads wrongly (BMP with a palette, PNG opacity from a palette, CMYK to grey). Both follow the same rules: the
first frame of an animation, 16 bits cut to 8, opacity dropped unless asked for and full where a file has none, and
pixels as they are stored (the orientation that a camera notes in EXIF is not applied).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.data.pictures.pillow_picture import UnreadablePictureError, read_picture
from trainer.engine.data.picture_format import PictureFormat

__all__ = [
    "UnreadablePictureError",
    "decode_with_pillow",
    "decode_with_tensorflow",
    "fit_to_size",
]
_MODES: dict[int, Literal["L", "RGB", "RGBA"]] = {1: "L", 3: "RGB", 4: "RGBA"}


def decode_with_tensorflow(content: Any, picture_format: PictureFormat, *, fits: bool = False) -> Any:
    """Decode inside a TensorFlow graph.

    Args:
        content: Scalar string tensor: the file's bytes.
        picture_format: What to bring the picture to.
        fits: Expect pictures to have the format's size already and fail on others; saves time for small ones.

    Returns:
        uint8 tensor of shape (height, width, channels). Fails with a TensorFlow error for files that are broken or
        that TensorFlow does not read correctly; `decode_with_pillow` is the second chance.
    """
    if picture_format.channels == 4:
        image = tf.cond(_is_jpeg(content), lambda: _opaque(content), lambda: _with_opacity(content))
    else:
        # In spite of its name it reads PNG and GIF as well, and refuses BMP, of which decode_image ignores palettes.
        image = tf.io.decode_jpeg(content, channels=picture_format.channels)
    if fits:
        return tf.ensure_shape(image, picture_format.shape)
    image.set_shape((None, None, picture_format.channels))
    return fit_to_size(image, picture_format)


def _is_jpeg(content: Any) -> Any:
    return tf.strings.substr(content, 0, 2) == b"\xff\xd8"


def _opaque(jpeg: Any) -> Any:
    colours = tf.io.decode_jpeg(jpeg, channels=3)
    return tf.pad(colours, ((0, 0), (0, 0), (0, 1)), constant_values=255)


def _with_opacity(png: Any) -> Any:
    # Bit depth 8 and colour type grey or colour, with opacity or without: TensorFlow gets the opacity of palettes
    # and of other depths wrong. Nothing at all makes it fail.
    depth_and_type = tf.strings.substr(png, 24, 2)
    plain = tf.reduce_any(depth_and_type == tf.constant([b"\x08\x00", b"\x08\x02", b"\x08\x04", b"\x08\x06"]))
    return tf.io.decode_png(tf.where(plain, png, b""), channels=4)


def fit_to_size(image: Any, picture_format: PictureFormat) -> Any:
    """Bring a uint8 picture of any size to the format's size, antialiased where it shrinks.

    Args:
        image: uint8, shape (any height, any width, channels).
        picture_format: What to bring it to.

    Returns:
        uint8, shape (height, width, channels).
    """
    size = tf.constant((picture_format.height, picture_format.width))
    fits = tf.reduce_all(tf.shape(image)[:2] == size)
    fitted = tf.cond(fits, lambda: image, lambda: _resize(image, picture_format))
    fitted.set_shape(picture_format.shape)
    return fitted


def _resize(image: Any, picture_format: PictureFormat) -> Any:
    if picture_format.resize_mode == "crop":
        image = _crop_to_proportions(image, picture_format)
    size = (picture_format.height, picture_format.width)
    pad = picture_format.resize_mode == "pad"
    inner = _size_within(image, picture_format) if pad else size
    resized = tf.image.resize(image, inner, method=picture_format.interpolation, antialias=True)
    pixels = tf.saturate_cast(tf.round(tf.cast(resized, tf.float32)), tf.uint8)
    return tf.image.resize_with_crop_or_pad(pixels, *size) if pad else pixels


def _size_within(image: Any, picture_format: PictureFormat) -> Any:
    """The largest size with the picture's proportions that fits, at least one pixel each way."""
    old = tf.cast(tf.shape(image)[:2], tf.float64)
    new = tf.constant((picture_format.height, picture_format.width), tf.float64)
    return tf.maximum(tf.cast(tf.round(old * tf.reduce_min(new / old)), tf.int32), 1)


def _crop_to_proportions(image: Any, picture_format: PictureFormat) -> Any:
    """Cut the largest centred part with the target's proportions, so that only what stays is resized."""
    height, width = tf.unstack(tf.shape(image)[:2])
    wanted = tf.constant(picture_format.width / picture_format.height, tf.float64)
    exact_height = tf.cast(tf.round(tf.cast(width, tf.float64) / wanted), tf.int32)
    exact_width = tf.cast(tf.round(tf.cast(height, tf.float64) * wanted), tf.int32)
    kept_height = tf.clip_by_value(exact_height, 1, height)
    kept_width = tf.clip_by_value(exact_width, 1, width)
    top, left = (height - kept_height) // 2, (width - kept_width) // 2
    return image[top : top + kept_height, left : left + kept_width]


def decode_with_pillow(path: Path, channels: int) -> NDArray[np.uint8]:
    """Decode a file that TensorFlow does not read.

    Returns:
        uint8, shape (the picture's height, its width, channels).

    Raises:
        UnreadablePictureError: The file is no picture, is broken or cannot be opened.
    """
    return read_picture(path, _MODES[channels])
