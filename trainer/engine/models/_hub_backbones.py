"""Backbones of KerasHub as models from pixels scaled to 0–1 to feature maps. Importing this imports KerasHub: 14 s."""

from __future__ import annotations

from math import prod
from typing import Any

import keras
import keras_hub

from trainer.engine.models._full_size import padded
from trainer.engine.models._hub_architectures import HUB_ARCHITECTURES, HubArchitecture
from trainer.errors import DataError

_SWIN_LEAST_SIDE_PX = 64


def built_backbone(name: str, inputs: Any, patch_size: int | None = None) -> tuple[Any, Any]:
    """A backbone with random weights, and the pictures in the size that it takes.

    Args:
        name: One of `HUB_ARCHITECTURES`.
        inputs: Pictures, shape (batch, height, width, channels).
        patch_size: Side of the patches in pixels, instead of the architecture's own.

    Raises:
        ValueError: It has no patches, or the pictures are too small.
    """
    chosen = HUB_ARCHITECTURES[name]
    arguments = dict(chosen.arguments)
    if patch_size is not None:
        if "patch_size" not in arguments:
            raise ValueError(f"{name} has no patches whose size can be chosen. Leave patch_size empty.")
        arguments["patch_size"] = patch_size
    multiple = chosen.multiple or arguments["patch_size"]
    pictures = padded(inputs, multiple, square=chosen.square, least_side=chosen.least_side)
    arguments |= _fitted(name, chosen, tuple(pictures.shape[1:]))
    return getattr(keras_hub.models, chosen.backbone)(**arguments), pictures


def _fitted(name: str, chosen: HubArchitecture, shape: tuple[int, ...]) -> dict[str, Any]:
    """Arguments that depend on the shape of the pictures."""
    if chosen.backbone == "EfficientNetBackbone":
        return {"input_shape": shape}
    if chosen.backbone == "HGNetV2Backbone":
        return {"image_shape": shape, "stem_channels": [shape[-1], *chosen.arguments["stem_channels"][1:]]}
    if chosen.backbone == "DINOV2Backbone":
        return {"image_shape": shape, "position_embedding_shape": shape}
    if chosen.backbone != "SwinTransformerBackbone":
        return {"image_shape": shape}
    side = min(shape[:2])
    if side < _SWIN_LEAST_SIDE_PX:
        raise ValueError(
            f"{name} takes pictures from {_SWIN_LEAST_SIDE_PX} × {_SWIN_LEAST_SIDE_PX} pixels; these are "
            f"{shape[1]} × {shape[0]}. Choose a larger data.image_size."
        )
    # The last stage sees the picture at 1/32 of its size, and a window must fit into it.
    return {"image_shape": shape, "window_size": min(chosen.arguments["window_size"], side // 32)}


def loaded_backbone(preset: str, inputs: Any) -> tuple[Any, Any]:
    """A backbone with pretrained weights, and the pictures in the size and scale that it takes.

    Args:
        preset: Name or folder of a KerasHub preset.
        inputs: Pictures scaled to 0–1, shape (batch, height, width, channels).

    Raises:
        DataError: The preset is unknown or cannot be downloaded.
        ValueError: It takes another number of channels.
    """
    try:
        backbone = keras_hub.models.Backbone.from_preset(preset)
        pictures = _scaled(preset, inputs)
    except Exception as error:
        raise DataError(
            f"The KerasHub preset {preset} could not be loaded: {error}. Check its name, connect to the internet for "
            "the first use, give a folder that holds it, or leave preset empty to start from random weights."
        ) from error
    height, width, channels = tuple(_first_input(backbone).shape[1:])
    if pictures.shape[-1] == 1 and channels == 3:
        pictures = keras.layers.Concatenate()([pictures] * 3)
    if pictures.shape[-1] != channels:
        raise ValueError(f"{preset} takes pictures with {channels} channels; these have {pictures.shape[-1]}.")
    if height is not None and tuple(pictures.shape[1:3]) != (height, width):
        pictures = keras.layers.Resizing(height, width)(pictures)
    return backbone, pictures


def _scaled(preset: str, inputs: Any) -> Any:
    """Pixels as the preset was trained on them."""
    converter = keras_hub.layers.ImageConverter.from_preset(preset)
    scale = 1.0 if converter.scale is None else converter.scale
    offset = 0.0 if converter.offset is None else converter.offset
    scale = [255 * value for value in scale] if isinstance(scale, list | tuple) else 255 * scale
    return keras.layers.Rescaling(scale, offset)(inputs)


def feature_map(backbone: Any, pictures: Any) -> Any:
    """What a backbone makes of pictures, shape (batch, height, width, features)."""
    given = {next(iter(backbone.input)): pictures} if isinstance(backbone.input, dict) else pictures
    features = backbone(given)
    if isinstance(features, dict):
        features = list(features.values())[-1]
    if len(features.shape) == 4:
        return features
    patch = backbone.patch_size
    stride = patch[0] if isinstance(patch, list | tuple) else patch
    if hasattr(backbone, "depths"):
        stride *= 2 ** (len(backbone.depths) - 1)
    grid = tuple(side // stride for side in pictures.shape[1:3])
    num_tokens = features.shape[1] or prod(grid)
    if num_tokens > prod(grid):
        # Class and register tokens stand in front of those of the patches.
        features = keras.layers.Cropping1D((num_tokens - prod(grid), 0))(features)
    return keras.layers.Reshape((*grid, features.shape[-1]))(features)


def _first_input(backbone: Any) -> Any:
    given = backbone.input
    return next(iter(given.values())) if isinstance(given, dict) else given
