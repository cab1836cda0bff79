"""Our preprocessing layers: what they compute, alike in training and prediction, and that they can be saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from trainer.catalog.catalog import catalog
from trainer.config.component import Component
from trainer.engine.components import build

pytestmark = pytest.mark.keras
OURS: dict[str, dict[str, object]] = {
    "Equalization": {},
    "Grayscale": {},
    "MinMaxStretch": {},
    "PadToSize": {"height": 24, "width": 40},
    "PictureStandardization": {},
}
PICTURES = np.random.default_rng(0).normal(100, 20, (3, 16, 30, 3)).clip(0, 255).round().astype(np.float32)
PICTURES[2] = 7


def applied(name: str, pictures: np.ndarray = PICTURES, **arguments: object) -> np.ndarray:
    layer = build("preprocessing", Component.model_validate({"name": name, "arguments": arguments}))
    return np.asarray(layer(pictures, training=False).numpy())


def test_all_of_ours_are_tested_here() -> None:
    ours = {entry.name for entry in catalog().entries("preprocessing") if entry.group == "ModelGardener"}
    assert ours == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_a_layer_is_saved_with_the_model_and_predicts_alike(name: str, tmp_path: Path) -> None:
    import keras

    layer = build("preprocessing", Component.model_validate({"name": name, "arguments": OURS[name]}))
    model = keras.Sequential([keras.Input((16, 30, 3)), layer])
    expected = model.predict(PICTURES, verbose=0)
    assert model.output_shape[1:] == expected.shape[1:]
    np.testing.assert_allclose(np.asarray(layer(PICTURES, training=True)), expected, atol=1e-3)
    np.testing.assert_allclose(np.asarray(layer(PICTURES[:1])), expected[:1], atol=1e-3)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        keras.models.load_model(tmp_path / "model.keras").predict(PICTURES, verbose=0), expected
    )


def test_equalization_follows_the_textbook_for_each_picture_and_channel() -> None:
    result = applied("Equalization")
    for number in range(2):
        for channel in range(3):
            values = PICTURES[number, :, :, channel].astype(int)
            below = np.cumsum(np.bincount(values.ravel(), minlength=256))
            least = below[values.min()]
            lookup = np.round((below - least) * 255 / (values.size - least))
            np.testing.assert_allclose(result[number, :, :, channel], lookup[values], atol=1)
            assert result[number, :, :, channel].min() == 0 and result[number, :, :, channel].max() == 255
    assert (result[2] == 7).all()


def test_standardization_gives_every_picture_mean_0_and_deviation_1() -> None:
    result = applied("PictureStandardization")
    np.testing.assert_allclose(result[:2].mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(result[:2].std(axis=(1, 2, 3)), 1, atol=1e-5)
    assert (result[2] == 0).all()
    by_channel = applied("PictureStandardization", per_channel=True)
    np.testing.assert_allclose(by_channel[:2].mean(axis=(1, 2)), 0, atol=1e-5)


def test_stretching_reaches_both_ends() -> None:
    result = applied("MinMaxStretch")
    np.testing.assert_allclose(result[:2].min(axis=(1, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(result[:2].max(axis=(1, 2, 3)), 255, atol=1e-3)
    assert (result[2] == 7).all()


def test_grayscale_keeps_three_channels_or_one() -> None:
    red = np.zeros((1, 2, 2, 3), np.float32)
    red[..., 0] = 100
    np.testing.assert_allclose(applied("Grayscale", red), 29.89, rtol=1e-5)
    assert applied("Grayscale", red, keep_channels=False).shape == (1, 2, 2, 1)
    assert np.array_equal(applied("Grayscale", red[..., :1]), red[..., :1])


def test_padding_puts_the_picture_in_the_middle() -> None:
    result = applied("PadToSize", height=20, width=20, fill_value=9)
    assert result.shape == (3, 20, 30, 3)
    assert np.array_equal(result[:, 2:18], PICTURES)
    assert (result[:, :2] == 9).all() and (result[:, 18:] == 9).all()
