"""The network of a configuration: scaling, backbone, pooling, dropout and the output that fits the classes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras

from trainer.catalog.catalog import built_in_file
from trainer.catalog.check import find_entry
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.engine.components import build, find_object
from trainer.engine.models.normalization import PixelScaling, apply_scaling, expected_scaling, named_scaling
from trainer.engine.training.fitting import OutputFit
from trainer.engine.user_errors import first_line_of, user_code
from trainer.errors import ConfigError, DataError, UserCodeError

Shape = tuple[int, int, int]


def build_model(
    config: Config, image_shape: Shape, num_classes: int, output: OutputFit, functions_dir: Path | None
) -> Any:
    """Build the network.

    Args:
        config: The run's configuration.
        image_shape: Height, width and channels of the pictures.
        num_classes: Number of classes.
        output: What the loss needs of the output layer.
        functions_dir: The run's copies of user files.

    Returns:
        A `keras.Model` from pixels 0–255, shape (batch, height, width, channels), to class scores, float32,
        shape (batch, num_classes).

    Raises:
        ConfigError: The architecture does not fit the pictures or refuses its arguments.
        DataError: Pretrained weights cannot be loaded.
        UserCodeError: The user's model function failed or returned something else than a model.
    """
    architecture = config.model.architecture
    pixels = keras.Input(image_shape, name="pixels")
    scaled = apply_scaling(pixels, _scaling(config, image_shape[-1]))
    if architecture.file is not None:
        own = _user_model(architecture, image_shape, num_classes, functions_dir)
        outputs = _call_user_model(architecture, own, scaled, num_classes, functions_dir)
        return keras.Model(pixels, outputs, name=own.name)
    backbone = _backbone(config, image_shape)
    backbone.trainable = config.model.trainable_backbone
    frozen: dict[str, Any] = {} if config.model.trainable_backbone else {"training": False}
    features = backbone(scaled, **frozen)
    outputs = _head(config, features, num_classes, output)
    return keras.Model(pixels, outputs, name=backbone.name)


def _head(config: Config, features: Any, num_classes: int, output: OutputFit) -> Any:
    if len(features.shape) == 4:
        pooling = {"average": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
        features = pooling[config.model.pooling]()(features)
    if config.model.dropout_rate > 0:
        features = keras.layers.Dropout(config.model.dropout_rate, seed=config.runtime.seed)(features)
    return keras.layers.Dense(num_classes, activation=output.activation, dtype="float32", name="scores")(features)


def _scaling(config: Config, num_channels: int) -> PixelScaling:
    chosen = config.data.normalization
    architecture = config.model.architecture
    if chosen != "auto":
        return named_scaling(chosen, num_channels)
    if architecture.file is not None:
        return named_scaling("zero_to_one", num_channels)
    entry = find_entry("model", architecture, Path())
    if entry is None or built_in_file("model", entry.name):
        return named_scaling("zero_to_one", num_channels)
    return expected_scaling(find_object("model", architecture), num_channels)


def _backbone(config: Config, image_shape: Shape) -> Any:
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


def _user_model(architecture: Component, image_shape: Shape, num_classes: int, functions_dir: Path | None) -> Any:
    model = build("model", architecture, functions_dir, input_shape=image_shape, num_classes=num_classes)
    if not isinstance(model, keras.Model):
        message = f"Expected the function to return a keras.Model, received {type(model).__name__}."
        raise _misfit(architecture, message, functions_dir)
    return model


def _call_user_model(
    architecture: Component, model: Any, scaled: Any, num_classes: int, functions_dir: Path | None
) -> Any:
    with user_code(str(architecture.file), architecture.name):
        outputs = model(scaled)
    shape = getattr(outputs, "shape", None)
    if shape is None or tuple(shape)[1:] != (num_classes,):
        received = f"has shape {tuple(shape)[1:]}" if shape is not None else f"is a {type(outputs).__name__}"
        message = f"The model's output {received}, expected shape ({num_classes},): one score per class."
        raise _misfit(architecture, message, functions_dir)
    return outputs


def _misfit(architecture: Component, message: str, functions_dir: Path | None) -> UserCodeError:
    function = find_object("model", architecture, functions_dir)
    return UserCodeError(message, file=str(architecture.file), line=first_line_of(function), function=function.__name__)


def _weights_dir() -> Path:
    """Where Keras keeps downloaded weights."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
