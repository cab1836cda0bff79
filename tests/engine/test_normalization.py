"""Pixels are scaled inside the model, exactly as each application's own `preprocess_input` does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.catalog.catalog import catalog
from trainer.engine.models.normalization import PixelScaling, apply_scaling, expected_scaling, named_scaling

pytestmark = pytest.mark.keras

APPLICATIONS = [
    name for name in catalog().names("model") if catalog().find("model", name).group == "keras.applications"
]
ONE_PER_STYLE = ["ResNet50", "MobileNetV2", "EfficientNetB0", "DenseNet121"]


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (2, 5, 4, 3)).astype("float32")


def own_preprocessing(application: Any, pixels: np.ndarray) -> np.ndarray:
    import sys

    return np.asarray(sys.modules[application.__module__].preprocess_input(pixels.copy()))


def scaled(pixels: np.ndarray, scaling: PixelScaling) -> np.ndarray:
    ordered = pixels[..., ::-1] if scaling.reverse else pixels
    return ordered * np.array(scaling.scale) + np.array(scaling.offset)


def scaling_model(shape: tuple[int, int, int], scaling: PixelScaling) -> Any:
    import keras

    inputs = keras.Input(shape)
    return keras.Model(inputs, apply_scaling(inputs, scaling))


@pytest.mark.parametrize("name", APPLICATIONS)
def test_expected_scaling_is_what_the_application_does_itself(name: str, pixels: np.ndarray) -> None:
    import keras

    application = getattr(keras.applications, name)
    expected = own_preprocessing(application, pixels)
    np.testing.assert_allclose(scaled(pixels, expected_scaling(application, 3)), expected, atol=1e-4)


@pytest.mark.parametrize("name", ONE_PER_STYLE)
def test_layers_in_the_model_scale_as_the_application_does_also_after_saving(
    name: str, pixels: np.ndarray, tmp_path: Path
) -> None:
    import keras

    application = getattr(keras.applications, name)
    model = scaling_model(pixels.shape[1:], expected_scaling(application, 3))
    expected = own_preprocessing(application, pixels)
    np.testing.assert_allclose(model(pixels), expected, atol=1e-4)
    model.save(tmp_path / "scaling.keras")
    loaded = keras.models.load_model(tmp_path / "scaling.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(pixels), model(pixels))


@pytest.mark.parametrize(
    ("name", "low", "high"), [("ResNet50", -116.0, 140.0), ("DenseNet121", -2.2, 2.7), ("MobileNetV2", -1.0, 1.0)]
)
def test_grayscale_pictures_get_the_mean_of_what_colours_get(name: str, low: float, high: float) -> None:
    import keras

    application = getattr(keras.applications, name)
    scaling = expected_scaling(application, 1)
    assert len(scaling.scale) == len(scaling.offset) == 1 and not scaling.reverse
    ramp = np.linspace(0, 255, 8, dtype="float32").reshape(1, 8, 1, 1)
    in_colour = scaled(np.repeat(ramp, 3, axis=-1), expected_scaling(application, 3))
    result = np.asarray(scaling_model((8, 1, 1), scaling)(ramp))
    np.testing.assert_allclose(result[0, :, 0, 0], [low + (high - low) * n / 7 for n in range(8)], atol=2.0)
    np.testing.assert_allclose(result[[0, 0], [0, -1], 0, 0], in_colour.mean(-1)[0, [0, -1], 0], rtol=0.02, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "black", "white"),
    [
        ("none", [0, 0, 0], [255, 255, 255]),
        ("zero_to_one", [0, 0, 0], [1, 1, 1]),
        ("minus_one_to_one", [-1, -1, -1], [1, 1, 1]),
        ("imagenet", [-2.1179, -2.0357, -1.8044], [2.2489, 2.4286, 2.64]),
    ],
)
def test_named_scalings_map_black_and_white_to_the_known_values(
    name: str, black: list[float], white: list[float]
) -> None:
    model = scaling_model((1, 2, 3), named_scaling(name, 3))
    result = np.asarray(model(np.array([[[[0.0] * 3, [255.0] * 3]]], "float32")))
    np.testing.assert_allclose(result[0, 0], [black, white], atol=1e-3)


@pytest.mark.parametrize("num_channels", [1, 4])
def test_named_scalings_have_a_value_for_every_channel(num_channels: int) -> None:
    for name in ("none", "zero_to_one", "minus_one_to_one", "imagenet"):
        scaling = named_scaling(name, num_channels)
        assert len(scaling.scale) == len(scaling.offset) == num_channels
