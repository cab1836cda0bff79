"""Networks for masks, and KerasHub's backbones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.config.component import Component
from trainer.errors import ConfigError, DataError

pytestmark = pytest.mark.keras


def make(name: str, shape: tuple[int, int, int], **arguments: Any) -> Any:
    from trainer.engine.components import build

    return build("model", Component(name=name, arguments=arguments), input_shape=shape)


def pictures_for(model: Any, num_pictures: int = 2) -> Any:
    return np.random.default_rng(0).random((num_pictures, *model.input_shape[1:])).astype("float32")


@pytest.mark.parametrize("shape", [(32, 48, 3), (33, 50, 1), (7, 90, 4)])
@pytest.mark.parametrize("upsampling", ["bilinear", "transposed"])
def test_u_net_gives_features_of_every_pixel_of_pictures_of_any_size(
    shape: tuple[int, int, int], upsampling: str
) -> None:
    model = make("UNet", shape, filters=4, depth=3, upsampling=upsampling)
    assert model.output_shape == (None, *shape[:2], 4)
    assert np.asarray(model(pictures_for(model))).shape == (2, *shape[:2], 4)


def test_u_net_as_proposed_has_16_to_256_filters_and_settles_quickly() -> None:
    import keras

    model = make("UNet", (64, 64, 1))
    assert model.count_params() == 1_945_216
    filters = [layer.filters for layer in model.layers if type(layer).__name__ == "Conv2D"]
    assert filters == [16, 16, 32, 32, 64, 64, 128, 128, 256, 256, 128, 128, 64, 64, 32, 32, 16, 16]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == 18 and {norm.momentum for norm in norms} == {0.9}


def test_u_net_obeys_its_arguments() -> None:
    kinds = [type(layer).__name__ for layer in make("UNet", (16, 16, 1), filters=2, depth=2, dropout_rate=0.3).layers]
    assert kinds.count("Dropout") == 2 and kinds.count("MaxPooling2D") == 2
    plain = make("UNet", (16, 16, 1), filters=2, depth=2, batch_normalization=False, upsampling="bilinear")
    kinds = [type(layer).__name__ for layer in plain.layers]
    assert "BatchNormalization" not in kinds and "Dropout" not in kinds and "Conv2DTranspose" not in kinds


def test_an_odd_picture_is_padded_on_all_sides_and_cropped_to_its_place() -> None:
    """What is right of a mirrored picture was left of the plain one, so the crop takes the middle."""
    import keras

    from trainer.engine.models._full_size import cropped, padded

    inputs = keras.Input((5, 6, 1))
    around = padded(inputs, 8, square=True)
    assert padded(inputs, 4, least_side=10).shape == (None, 12, 12, 1)
    model = keras.Model(inputs, [around, cropped(around, (5, 6, 1))])
    pictures = pictures_for(model)
    large, same = (np.asarray(output) for output in model(pictures))
    assert large.shape == (2, 8, 8, 1) and np.array_equal(same, pictures)
    assert np.array_equal(large[:, 1:6, 1:7], pictures) and large.sum() == pytest.approx(pictures.sum(), rel=1e-5)


# ---------------------------------------------------------------- KerasHub, which takes 14 s to import


@pytest.mark.slow
def test_deep_lab_gives_features_of_every_pixel_learns_and_can_be_saved(tmp_path: Path) -> None:
    import keras

    model = make("DeepLabV3", (70, 50, 1), encoder="resnet_18")
    assert model.output_shape == (None, 70, 50, 256)
    norms = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    assert {norm.momentum for norm in norms} == {0.9}
    assert_learns(model, labels=np.ones((4, 70, 50), "int32"))
    assert_saves(model, tmp_path)
    assert make("DeepLabV3", (32, 32, 3), version="v3").output_shape == (None, 32, 32, 256)


@pytest.mark.slow
def test_seg_former_gives_features_of_every_pixel_and_can_be_saved(tmp_path: Path) -> None:
    model = make("SegFormer", (40, 70, 3))
    assert model.output_shape == (None, 40, 70, 256)
    small = make("SegFormer", (32, 20, 1))
    assert np.asarray(small(pictures_for(small))).shape == (2, 32, 20, 256)
    assert_saves(model, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "shape", "grid"),
    [("dinov3_small", (32, 48, 3), (3, 3)), ("swin_tiny", (70, 66, 3), (3, 3)), ("vit_tiny", (40, 50, 1), (3, 4))],
)
def test_transformers_of_keras_hub_give_feature_maps_of_pictures_of_any_size(
    architecture: str, shape: tuple[int, int, int], grid: tuple[int, int]
) -> None:
    model = make("KerasHubBackbone", shape, architecture=architecture)
    assert model.output_shape[:3] == (None, *grid)
    assert np.asarray(model(pictures_for(model))).shape == (2, *model.output_shape[1:])


@pytest.mark.slow
def test_a_backbone_of_keras_hub_learns_and_can_be_saved(tmp_path: Path) -> None:
    model = make("KerasHubBackbone", (64, 96, 1), architecture="mobilenet_v3_small")
    assert model.output_shape == (None, 2, 3, 576)
    assert_learns(model, labels=np.ones(4, "int32"))
    assert_saves(model, tmp_path)


def assert_learns(model: Any, labels: Any) -> None:
    """One step of fit reaches nearly every weight."""
    import keras

    features = keras.layers.GlobalAveragePooling2D()(model.output) if labels.ndim == 1 else model.output
    whole = keras.Model(model.input, keras.layers.Dense(3, activation="softmax")(features))
    before = [weight.numpy().copy() for weight in whole.trainable_weights]
    whole.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    loss = whole.fit(pictures_for(model, 4), labels, batch_size=4, verbose=0).history["loss"][0]
    moved = [not np.array_equal(old, new.numpy()) for old, new in zip(before, whole.trainable_weights, strict=True)]
    assert np.isfinite(loss) and np.mean(moved) > 0.9


def assert_saves(model: Any, folder: Path) -> None:
    """The saved file, loaded again, gives the same features."""
    import keras

    model.save(folder / "model.keras")
    again = keras.saving.load_model(folder / "model.keras")
    pictures = pictures_for(model)
    np.testing.assert_allclose(np.asarray(again(pictures)), np.asarray(model(pictures)), atol=1e-5)


@pytest.mark.slow
def test_small_patches_suit_small_pictures_and_swin_says_that_it_takes_none() -> None:
    small = make("KerasHubBackbone", (32, 32, 3), architecture="vit_tiny", patch_size=4)
    assert small.output_shape == (None, 8, 8, 192)
    with pytest.raises(ConfigError, match=r"swin_tiny takes pictures from 64 × 64 pixels; these are 32 × 32"):
        make("KerasHubBackbone", (32, 32, 3), architecture="swin_tiny")
    with pytest.raises(ConfigError, match="resnet_18 has no patches"):
        make("KerasHubBackbone", (32, 32, 3), architecture="resnet_18", patch_size=4)


@pytest.mark.slow
def test_a_preset_brings_its_weights_scale_and_size(tmp_path: Path) -> None:
    import keras_hub

    backbone = keras_hub.models.ViTBackbone(
        image_shape=(32, 32, 3), patch_size=8, num_layers=1, num_heads=2, hidden_dim=16, mlp_dim=32
    )
    backbone.save_to_preset(str(tmp_path / "preset"))
    converter = keras_hub.layers.ViTImageConverter(image_size=(32, 32), scale=1 / 127.5, offset=-1.0)
    converter.save_to_preset(str(tmp_path / "preset"))

    same_size = make("KerasHubBackbone", (32, 32, 3), preset=str(tmp_path / "preset"))
    pictures = pictures_for(same_size)
    tokens = np.asarray(backbone(pictures * 2 - 1))[:, 1:]
    np.testing.assert_allclose(np.asarray(same_size(pictures)), tokens.reshape(2, 4, 4, 16), atol=1e-5)
    grey = make("KerasHubBackbone", (20, 50, 1), preset=str(tmp_path / "preset"))
    assert np.asarray(grey(pictures_for(grey))).shape == (2, 4, 4, 16)
    with pytest.raises(ConfigError, match="takes pictures with 3 channels; these have 4"):
        make("KerasHubBackbone", (32, 32, 4), preset=str(tmp_path / "preset"))


@pytest.mark.slow
def test_a_preset_that_cannot_be_downloaded_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras_hub

    def offline(*arguments: Any, **options: Any) -> None:
        raise OSError("Failed to resolve 'api.kaggle.com'")

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", offline)
    with pytest.raises(
        DataError, match=r"preset vit_base .*Failed to resolve.*Check its name, connect to the internet"
    ):
        make("KerasHubBackbone", (32, 32, 3), preset="vit_base")


@pytest.mark.slow
def test_every_offered_backbone_is_known() -> None:
    from trainer.catalog.catalog import catalog
    from trainer.engine.models._hub_architectures import HUB_ARCHITECTURES

    entry = catalog().find("model", "KerasHubBackbone")
    assert entry is not None
    offered = next(argument.choices for argument in entry.arguments if argument.name == "architecture")
    assert set(offered) == set(HUB_ARCHITECTURES)
