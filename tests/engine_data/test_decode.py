from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainer.engine.data.decode import (
    UnreadablePictureError,
    decode_with_pillow,
    decode_with_tensorflow,
    fit_to_size,
)
from trainer.engine.data.picture_format import PictureFormat

pytestmark = pytest.mark.keras
STORED_MODES = {
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA"],
    "JPEG": ["L", "RGB", "CMYK"],
    "BMP": ["1", "L", "P", "RGB", "RGBA"],
    "GIF": ["L", "P", "RGB", "RGBA"],
}
LEFT_TO_PILLOW = {
    ("JPEG", "CMYK", 1),
    *(("PNG", mode, 4) for mode in ("1", "P")),
    *(("GIF", mode, channels) for mode in STORED_MODES["GIF"] for channels in (1, 4)),
    *(("BMP", mode, channels) for mode in STORED_MODES["BMP"] for channels in (1, 3, 4)),
}


def content(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


@pytest.fixture
def picture(random_pixels: Callable[..., np.ndarray]) -> Image.Image:
    return Image.fromarray(random_pixels(16, 20))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize(
    ("kind", "mode"),
    [(kind, mode) for kind, modes in STORED_MODES.items() for mode in modes],
)
def test_what_tensorflow_reads_it_reads_like_pillow(
    picture: Image.Image, tmp_path: Path, kind: str, mode: str, channels: int
) -> None:
    data = content(picture.convert(mode), kind)
    (tmp_path / "a").write_bytes(data)
    by_pillow = decode_with_pillow(tmp_path / "a", channels)
    assert by_pillow.shape == (16, 20, channels)
    if (kind, mode, channels) in LEFT_TO_PILLOW:
        with pytest.raises(tf.errors.InvalidArgumentError):
            decode_with_tensorflow(tf.constant(data), PictureFormat(16, 20, channels))
        return
    by_tensorflow = decode_with_tensorflow(tf.constant(data), PictureFormat(16, 20, channels)).numpy()
    # JPEG decoders round differently.
    assert np.abs(by_pillow.astype(int) - by_tensorflow).max() <= (12 if kind == "JPEG" else 1)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_are_cut_to_8(picture: Image.Image, tmp_path: Path, channels: int) -> None:
    grey = np.asarray(picture.convert("L"))
    file = tmp_path / "deep.png"
    Image.fromarray(grey.astype(np.uint16) * 257).save(file)
    by_pillow = decode_with_pillow(file, channels)
    assert np.array_equal(by_pillow[..., 0], grey)
    assert channels < 4 or (by_pillow[..., 3] == 255).all()
    if channels < 4:
        by_tensorflow = decode_with_tensorflow(tf.io.read_file(str(file)), PictureFormat(16, 20, channels)).numpy()
        assert np.array_equal(by_pillow, by_tensorflow)


def test_an_animation_gives_its_first_frame(picture: Image.Image, tmp_path: Path) -> None:
    few_colours = picture.quantize(16)
    few_colours.save(tmp_path / "a.gif", save_all=True, append_images=[few_colours.rotate(90)])
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_with_tensorflow(tf.io.read_file(str(tmp_path / "a.gif")), PictureFormat(16, 20, 3))
    assert np.array_equal(decode_with_pillow(tmp_path / "a.gif", 3), np.asarray(few_colours.convert("RGB")))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello, I am a text", "it is not a picture in a known format"),
        (None, "the file is gone"),
        ("cut off", "the file is cut off"),
    ],
)
def test_a_broken_file_gives_its_reason(picture: Image.Image, tmp_path: Path, data: Any, reason: str) -> None:
    file = tmp_path / "broken.png"
    if data is not None:
        whole = content(picture, "PNG")
        file.write_bytes(whole[: len(whole) // 2] if data == "cut off" else data)
    with pytest.raises(UnreadablePictureError, match=reason):
        decode_with_pillow(file, 3)


def test_shrinking_is_antialiased() -> None:
    stripes = np.tile(np.array([[0], [255]], np.uint8), (32, 64))[..., np.newaxis]
    small = fit_to_size(tf.constant(stripes), PictureFormat(8, 8, 1)).numpy()
    assert 110 < small[1:-1].min() <= small[1:-1].max() < 145


def test_stretching_ignores_proportions() -> None:
    wide = np.zeros((10, 40, 1), np.uint8)
    wide[:, 20:] = 200
    fitted = fit_to_size(tf.constant(wide), PictureFormat(10, 10, 1)).numpy()
    assert fitted[0, :, 0].tolist()[:4] == [0] * 4
    assert fitted[0, :, 0].tolist()[6:] == [200] * 4


def test_cropping_keeps_the_middle_in_proportion() -> None:
    wide = np.zeros((10, 40, 1), np.uint8)
    wide[:, 15:25] = 200
    assert (fit_to_size(tf.constant(wide), PictureFormat(5, 5, 1, "crop")).numpy() == 200).all()
    tall = np.moveaxis(wide, 0, 1)
    assert (fit_to_size(tf.constant(tall), PictureFormat(5, 5, 1, "crop")).numpy() == 200).all()


def test_padding_shows_the_whole_between_black_bars() -> None:
    wide = np.full((10, 40, 3), 200, np.uint8)
    fitted = fit_to_size(tf.constant(wide), PictureFormat(20, 20, 3, "pad")).numpy()
    rows = fitted[:, 0, 0].tolist()
    assert rows.count(200) == 5
    assert rows.count(0) == 15
    assert rows[0] == rows[-1] == 0


def test_padding_survives_extreme_proportions() -> None:
    line = np.full((1, 900, 3), 9, np.uint8)
    assert fit_to_size(tf.constant(line), PictureFormat(8, 8, 3, "pad")).shape == (8, 8, 3)
    assert fit_to_size(tf.constant(line), PictureFormat(8, 8, 3, "crop")).shape == (8, 8, 3)


def test_nearest_invents_no_colours(random_pixels: Callable[..., np.ndarray]) -> None:
    pixels = (random_pixels(17, 23) // 128) * 128
    fitted = fit_to_size(tf.constant(pixels), PictureFormat(9, 31, 3, "stretch", "nearest")).numpy()
    assert set(np.unique(fitted)) <= {0, 128}


def test_bicubic_stays_in_range() -> None:
    edge = np.zeros((6, 6, 1), np.uint8)
    edge[:, 3:] = 255
    fitted = fit_to_size(tf.constant(edge), PictureFormat(24, 24, 1, "stretch", "bicubic")).numpy()
    assert fitted[0, 0, 0] == 0
    assert fitted[0, -1, 0] == 255
    assert (np.diff(fitted[0, :, 0].astype(int))[9:14] >= 0).all()
