"""Networks: every family of `keras.applications`, the small one, and a user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny import TinyData, tiny_config, write_code
from trainer.errors import ConfigError, DataError, UserCodeError

pytestmark = pytest.mark.keras

FAMILIES = [
    ("ResNet50", 32),
    ("ResNet50V2", 32),
    ("VGG16", 32),
    ("DenseNet121", 32),
    ("MobileNet", 32),
    ("MobileNetV2", 32),
    ("MobileNetV3Small", 32),
    ("EfficientNetB0", 32),
    ("EfficientNetV2B0", 32),
    ("NASNetMobile", 32),
    ("Xception", 71),
    ("InceptionV3", 75),
    ("ConvNeXtTiny", 32),
]


def build(changes: dict[str, Any], num_classes: int = 3) -> Any:
    from trainer.engine.models.build import build_model
    from trainer.engine.training.fitting import fit_output

    config = tiny_config(Path("nowhere"), changes)
    channels = {"rgb": 3, "grayscale": 1, "rgba": 4}[config.data.color_mode]
    shape = (*config.data.image_size, channels)
    return build_model(config, TinyData(shape, num_classes), fit_output(config.training.loss), None)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "side"), FAMILIES)
def test_each_family_builds_with_its_own_head_and_scaling(name: str, side: int) -> None:
    model = build({"model.architecture": name, "data.image_size": [side, side]})
    assert model.input_shape == (None, side, side, 3)
    assert model.output_shape == (None, 3)
    assert model.layers[-1].get_config()["activation"] == "softmax"


@pytest.mark.parametrize("written", ["ResNet50", "ResNet-50", "resnet_50"])
def test_resnet50_with_ten_classes_has_the_known_number_of_parameters(written: str) -> None:
    model = build({"model.architecture": written, "data.image_size": [32, 32]}, num_classes=10)
    assert model.count_params() == 23_608_202


def test_a_too_small_picture_is_refused_with_the_applications_own_words() -> None:
    with pytest.raises(ConfigError, match=r"InceptionV3.*at least 75"):
        build({"model.architecture": "InceptionV3", "data.image_size": [32, 32]})


@pytest.mark.parametrize("color_mode", ["rgb", "grayscale", "rgba"])
def test_small_cnn_takes_any_channels_and_gives_probabilities(color_mode: str) -> None:
    model = build({"data.color_mode": color_mode, "data.image_size": [7, 9]})
    pictures = np.random.default_rng(0).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
    scores = np.asarray(model(pictures))
    assert scores.shape == (2, 3) and scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(-1), 1, rtol=1e-5)


def test_a_frozen_backbone_leaves_only_the_head_to_learn() -> None:
    model = build({"model.trainable_backbone": False})
    assert [tuple(weight.shape) for weight in model.trainable_weights] == [(4, 3), (3,)]


def test_dropout_and_pooling_are_those_of_the_configuration() -> None:
    kinds = [type(layer).__name__ for layer in build({"model.dropout_rate": 0.0, "model.pooling": "max"}).layers]
    assert "GlobalMaxPooling2D" in kinds and "Dropout" not in kinds
    dropout = next(layer for layer in build({"model.dropout_rate": 0.3}).layers if type(layer).__name__ == "Dropout")
    assert dropout.rate == 0.3


def test_an_argument_that_keras_refuses_is_a_config_error() -> None:
    changes = {"model.architecture": {"name": "MobileNet", "arguments": {"alpha": -1}}, "data.image_size": [32, 32]}
    with pytest.raises(ConfigError, match="MobileNet refused its arguments"):
        build(changes)


def test_weights_that_cannot_be_downloaded_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*arguments: Any, **options: Any) -> None:
        raise Exception("URL fetch failure on https://storage.googleapis.com/…: None -- [Errno -2] Name not known")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", offline)
    with pytest.raises(DataError, match=r"ImageNet weights of MobileNetV2.*URL fetch failure.*Connect to the internet"):
        build({"model.architecture": "MobileNetV2", "model.pretrained": True, "data.image_size": [96, 96]})


# ---------------------------------------------------------------- a user's own

USER_MODELS = """
    import keras

    def linear(input_shape, num_classes, units=5, **kwargs):
        inputs = keras.Input(input_shape)
        features = keras.layers.Dense(units, name="features")(keras.layers.Flatten()(inputs))
        return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(features), name="mine")

    def too_many_scores(input_shape, num_classes):
        inputs = keras.Input(input_shape)
        return keras.Model(inputs, keras.layers.Dense(num_classes + 1)(keras.layers.Flatten()(inputs)))

    def a_layer(input_shape, num_classes):
        return keras.layers.Dense(num_classes)

    def failing(input_shape, num_classes):
        units = num_classes - 3
        return 1 / units
"""


@pytest.fixture
def user_models(tmp_path: Path) -> Path:
    return write_code(tmp_path / "my_models.py", USER_MODELS)


def user_model(path: Path, name: str, **arguments: Any) -> dict[str, Any]:
    return {"model.architecture": {"file": str(path), "name": name, "arguments": arguments}}


def test_a_users_model_is_used_with_its_arguments_on_scaled_pixels(user_models: Path) -> None:
    model = build(user_model(user_models, "linear", units=7))
    assert model.name == "mine" and model.output_shape == (None, 3)
    assert any(tuple(weight.shape) == (12 * 12 * 3, 7) for weight in model.weights)
    assert any(type(layer).__name__ == "Rescaling" for layer in model.layers)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("too_many_scores", 8, r"has shape \(4,\), expected shape \(3,\)"),
        ("a_layer", 12, "return a keras.Model, received Dense"),
        ("failing", 17, "ZeroDivisionError"),
    ],
)
def test_a_users_model_that_does_not_fit_names_file_and_line(
    user_models: Path, name: str, line: int, message: str
) -> None:
    with pytest.raises(UserCodeError, match=message) as raised:
        build(user_model(user_models, name))
    assert (raised.value.file, raised.value.line, raised.value.function) == (str(user_models), line, name)
    assert f"{user_models}:{line} in {name}" in str(raised.value)


def test_a_file_that_fails_while_it_is_imported_names_its_line(tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "broken.py",
        """
        import keras
        LIMIT = int("many")

        def net(input_shape, num_classes):
            return None
        """,
    )
    with pytest.raises(UserCodeError, match="ValueError") as raised:
        build(user_model(path, "net"))
    assert (raised.value.file, raised.value.line) == (str(path), 2)


def test_sys_exit_in_a_users_file_does_not_end_the_process(tmp_path: Path) -> None:
    path = write_code(tmp_path / "leaving.py", "import sys\n\ndef net(input_shape, num_classes):\n    sys.exit(3)\n")
    with pytest.raises(UserCodeError, match="SystemExit: 3") as raised:
        build(user_model(path, "net"))
    assert raised.value.line == 4
