"""The network of a configuration: scaling, backbone, pooling, dropout and the output that fits the classes."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from trainer.catalog.catalog import built_in_file
from trainer.catalog.check import find_entry
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.engine.components import build, find_object
from trainer.engine.data.part import ClassCount, InputShape
from trainer.engine.models.normalization import PixelScaling, apply_scaling, expected_scaling, named_scaling
from trainer.engine.models.user_model import UserModel
from trainer.engine.training.fitting import OutputFit
from trainer.errors import ConfigError, DataError, Problem


def build_model(
    config: Config,
    input_shape: InputShape,
    num_classes: ClassCount,
    output: OutputFit,
    functions_dir: Path | None,
    layers: Sequence[Any] = (),
    *,
    is_classifier: bool = True,
    log: Callable[[str], None] = lambda _: None,
) -> Any:
    """Build the network.

    Args:
        config: The run's configuration.
        input_shape: Height, width and channels of the pictures; of a user's loader also another shape, or shapes by
            name.
        num_classes: Number of classes; of a user's loader also numbers by name.
        output: What the loss needs of the output layer.
        functions_dir: The run's copies of user files.
        layers: Keras layers that are put before the scaling of pixels.
        is_classifier: Whether labels are classes; a user's loader and model may have others.
        log: Takes a sentence.

    Returns:
        A `keras.Model` from pixels 0–255, shape (batch, height, width, channels), to class scores, float32,
        shape (batch, num_classes). A user's model may have other inputs and outputs, by name.

    Raises:
        ConfigError: The architecture does not fit the data or refuses its arguments.
        DataError: Pretrained weights cannot be loaded.
        UserCodeError: The user's model failed or does not fit the data.
    """
    architecture = config.model.architecture
    own = None
    if architecture.file is not None:
        own = UserModel(architecture, functions_dir, num_classes, is_classifier=is_classifier, log=log)
    if isinstance(input_shape, dict) or len(input_shape) != 3:
        if own is None:
            raise ConfigError((Problem("model.architecture", _only_for_pictures(architecture, input_shape)),))
        return own.whole(input_shape)
    pixels = keras.Input(input_shape, name="pixels")
    changed = pixels
    for layer in layers:
        changed = layer(changed)
    scaled = apply_scaling(changed, _scaling(config, changed.shape[-1], layers))
    head = functools.partial(_head, config, num_classes=num_classes, output=output)
    if own is not None:
        return own.on_pixels(pixels, scaled, head)
    if not is_classifier:
        message = f"{architecture.name} gives class scores, but the labels are no classes. Choose a model of your own."
        raise ConfigError((Problem("model.architecture", message),))
    return _built_in_model(config, pixels, scaled, head)


def _built_in_model(config: Config, pixels: Any, scaled: Any, head: Callable[[Any], Any]) -> Any:
    backbone = _backbone(config, tuple(scaled.shape[1:]))
    backbone.trainable = config.model.trainable_backbone
    frozen: dict[str, Any] = {} if config.model.trainable_backbone else {"training": False}
    return keras.Model(pixels, head(backbone(scaled, **frozen)), name=backbone.name)


def _only_for_pictures(architecture: Component, shape: InputShape) -> str:
    received = f"the inputs {', '.join(shape)}" if isinstance(shape, dict) else f"inputs of shape {shape}"
    return (
        f"{architecture.name} takes pictures of (height, width, channels), but the loader gives {received}. "
        "Choose a model of your own."
    )


def _head(config: Config, features: Any, *, num_classes: ClassCount, output: OutputFit) -> Any:
    if len(features.shape) == 4:
        pooling = {"average": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
        features = pooling[config.model.pooling]()(features)
    if config.model.dropout_rate > 0:
        features = keras.layers.Dropout(config.model.dropout_rate, seed=config.runtime.seed)(features)
    return keras.layers.Dense(num_classes, activation=output.activation, dtype="float32", name="scores")(features)


def _scaling(config: Config, num_channels: int, layers: Sequence[Any]) -> PixelScaling:
    chosen = config.data.normalization
    architecture = config.model.architecture
    if chosen != "auto":
        return named_scaling(chosen, num_channels)
    if any(isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization) for layer in layers):
        return named_scaling("none", num_channels)
    if architecture.file is not None:
        return named_scaling("zero_to_one", num_channels)
    entry = find_entry("model", architecture, Path())
    if entry is None or built_in_file("model", entry.name):
        return named_scaling("zero_to_one", num_channels)
    return expected_scaling(find_object("model", architecture), num_channels)


def _backbone(config: Config, image_shape: tuple[int, ...]) -> Any:
    architecture = config.model.architecture
    entry = find_entry("model", architecture, Path())
    if entry is not None and built_in_file("model", entry.name):
        return build("model", architecture, input_shape=image_shape)
    weights = "imagenet" if config.model.pretrained else None
    try:
        return build("model", architecture, include_top=False, weights=weights, input_shape=image_shape)
    except ConfigError:
        raise
    except Exception as error:
        if weights is None:
            raise
        raise DataError(
            f"The ImageNet weights of {architecture.name} could not be loaded: {error}. Connect to the internet for "
            f"the first use, put the file into {_weights_dir()}, or switch off "
            "'Pretrained on ImageNet'."
        ) from error


def _weights_dir() -> Path:
    """Where Keras keeps downloaded weights."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
