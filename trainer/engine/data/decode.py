"""Turns picture files into arrays of one format.

TensorFlow decodes almost everything, inside its own threads; Pillow is the second chance for what TensorFlow cannot
read or reads wrongly (BMP with a palette, PNG opacity from a palette, CMYK to grey). Both follow the same rules: the
first frame of an animation, 16 bits cut to 8, opacity dropped unless asked for and full where a file has none, and
pixels as they are stored (the orientation that a camera notes in EXIF is not applied).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from trainer.engine.data.picture_format import PictureFormat

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_PILLOW_ERRORS = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)


class UnreadablePictureError(Exception):
    """A file that is no picture, or a broken one. Its text is the reason, without the path."""


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
    try:
        with Image.open(path) as picture:
            pixels = np.array(_eight_bits(picture).convert(_MODES[channels]), dtype=np.uint8)
    except _PILLOW_ERRORS as error:
        raise UnreadablePictureError(_reason(path, error)) from error
    return pixels.reshape(*pixels.shape[:2], channels)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Cut 16 bits to 8; Pillow would make everything above 255 white."""
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    return picture


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is gone"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if path.is_file() and path.stat().st_size == 0:
        return "the file is empty"
    if isinstance(error, UnidentifiedImageError):
        return "it is not a picture in a known format"
    if "truncated" in str(error).lower():
        return "the file is cut off"
    return f"it is damaged ({error})"
