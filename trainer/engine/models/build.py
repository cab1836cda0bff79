"""The network of a configuration: scaling, backbone, pooling, dropout and the output that fits the classes."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import keras

from trainer.catalog.catalog import built_in_file
from trainer.catalog.check import find_entry
from trainer.catalog.target_support import model_problem, only_for_pictures, takes_tables
from trainer.config.config import Config
from trainer.engine.components import build, find_object
from trainer.engine.data.part import ClassCount, InputShape
from trainer.engine.data.prepared import TargetKind
from trainer.engine.models.normalization import PixelScaling, apply_scaling, expected_scaling, named_scaling
from trainer.engine.models.user_model import UserModel
from trainer.engine.training.fitting import OutputFit
from trainer.errors import ConfigError, DataError, Problem


class ModelData(Protocol):
    """What a model needs to know of the data; `PreparedData` knows it."""

    @property
    def input_shape(self) -> InputShape:
        """Height, width and channels, or the number of columns; of a user's loader also other shapes, or by name."""

    @property
    def num_classes(self) -> ClassCount:
        """Number of classes or of numbers; of a user's loader also by name."""

    @property
    def layers(self) -> tuple[Any, ...]:
        """Keras layers that are put before the scaling of pixels."""

    @property
    def output_layers(self) -> tuple[Any, ...]:
        """Keras layers that are put behind the output."""

    @property
    def target_kind(self) -> TargetKind:
        """What is to be predicted."""


def build_model(
    config: Config,
    data: ModelData,
    output: OutputFit,
    functions_dir: Path | None,
    *,
    log: Callable[[str], None] = lambda _: None,
) -> Any:
    """Build the network.

    Args:
        config: The run's configuration.
        data: What goes in and what is to come out.
        output: What the loss needs of the output layer.
        functions_dir: The run's copies of user files.
        log: Takes a sentence.

    Returns:
        A `keras.Model` from pixels 0–255, shape (batch, height, width, channels), or columns of a table, to float32:
        class scores of shape (batch, num_classes), or (batch, height, width, num_classes) for masks; numbers of shape
        (batch, outputs). A detector gives what its own `compute_loss` takes; a user's model may have other inputs and
        outputs, by name.

    Raises:
        ConfigError: The architecture does not fit the data or refuses its arguments.
        DataError: Pretrained weights cannot be loaded.
        UserCodeError: The user's model failed or does not fit the data.
    """
    architecture, shape = config.model.architecture, data.input_shape
    own = None
    if architecture.file is not None:
        is_classifier = data.target_kind in ("classes", "label_sets")
        own = UserModel(architecture, functions_dir, data.num_classes, is_classifier=is_classifier, log=log)
    if isinstance(shape, dict) or len(shape) != 3:
        if own is not None and not data.layers:
            return own.whole(shape)
        return _of_table(config, data, output, own)
    if own is None:
        _refuse_other_task(config, data)
        if data.target_kind == "boxes":
            return _detector(config, data)
    pixels = keras.Input(shape, name="pixels")
    scaled = _prepared(config, data.layers, pixels)
    head = functools.partial(_head, config, data=data, output=output)
    if own is not None:
        return own.on_pixels(pixels, scaled, head)
    backbone = _backbone(config, tuple(scaled.shape[1:]))
    backbone.trainable = config.model.trainable_backbone
    frozen: dict[str, Any] = {} if config.model.trainable_backbone else {"training": False}
    return keras.Model(pixels, head(backbone(scaled, **frozen)), name=backbone.name)


def _prepared(config: Config, layers: Sequence[Any], pixels: Any) -> Any:
    """Pixels after the layers of the preprocessing and the scaling."""
    for layer in layers:
        pixels = layer(pixels)
    return apply_scaling(pixels, _scaling(config, pixels.shape[-1], layers))


def _refuse_other_task(config: Config, data: ModelData) -> None:
    architecture = config.model.architecture
    if data.target_kind == "other":
        message = f"{architecture.name} does not know what the loader's labels mean. Choose a model of your own."
        raise ConfigError((Problem("model.architecture", message),))
    if problem := model_problem(config, data.target_kind):
        raise ConfigError((problem,))


def _of_table(config: Config, data: ModelData, output: OutputFit, own: UserModel | None) -> Any:
    architecture, shape = config.model.architecture, data.input_shape
    if isinstance(shape, dict) or len(shape) != 1 or not takes_tables(config):
        received = f"the inputs {', '.join(shape)}" if isinstance(shape, dict) else f"inputs of shape {shape}"
        raise ConfigError((only_for_pictures(config, received),))
    columns = keras.Input(shape, name="columns")
    scaled = columns
    for layer in data.layers:
        scaled = layer(scaled)
    if own is not None:
        return own.on_pixels(columns, scaled, functools.partial(_head, config, data=data, output=output))
    network = build("model", architecture, input_shape=tuple(scaled.shape[1:]))
    predicted = _head(config, network(scaled), data=data, output=output)
    for layer in data.output_layers:
        predicted = layer(predicted)
    return keras.Model(columns, predicted, name=network.name)


def _detector(config: Config, data: ModelData) -> Any:
    """A detector is whole: it scales its pixels, and its loss knows its outputs."""
    scale = functools.partial(_prepared, config, data.layers)
    return build(
        "model",
        config.model.architecture,
        input_shape=data.input_shape,
        num_classes=data.num_classes,
        scale=scale,
    )


def _head(config: Config, features: Any, *, data: ModelData, output: OutputFit) -> Any:
    if data.target_kind == "masks":
        scores = keras.layers.Conv2D(data.num_classes, 1, dtype="float32", name="scores", activation=output.activation)
        return scores(features)
    if len(features.shape) == 4:
        pooling = {"average": keras.layers.GlobalAveragePooling2D, "max": keras.layers.GlobalMaxPooling2D}
        features = pooling[config.model.pooling]()(features)
    if config.model.dropout_rate > 0 and not config.project.task.startswith("tabular"):
        features = keras.layers.Dropout(config.model.dropout_rate, seed=config.runtime.seed)(features)
    name = "values" if data.target_kind == "numbers" else "scores"
    return keras.layers.Dense(data.num_classes, activation=output.activation, dtype="float32", name=name)(features)


def _scaling(config: Config, num_channels: int, layers: Sequence[Any]) -> PixelScaling:
    chosen = config.data.normalization
    architecture = config.model.architecture
    if chosen != "auto":
        return named_scaling(chosen, num_channels)
    if any(
        isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization) or hasattr(layer, "scales_pixels")
        for layer in layers
    ):
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
