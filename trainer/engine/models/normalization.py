"""Scaling of pixel values as the first layers of a model, so that a saved model takes plain 0–255 pixels."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class PixelScaling:
    """`output = scale * pixel + offset`, per channel, after reversing the channels where `reverse` is set."""

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    reverse: bool = False

    @property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return not self.reverse and all(s == 1 for s in self.scale) and all(o == 0 for o in self.offset)


def named_scaling(name: str, num_channels: int) -> PixelScaling:
    """The scaling of a `data.normalization` other than `auto`."""
    if name == "imagenet" and num_channels >= 3:
        extra = (0.5,) * (num_channels - 3)
        mean = np.array(IMAGENET_MEAN + extra)
        deviation = np.array(IMAGENET_DEVIATION + (0.25,) * (num_channels - 3))
    elif name == "imagenet":
        mean, deviation = np.array([np.mean(IMAGENET_MEAN)]), np.array([np.mean(IMAGENET_DEVIATION)])
    else:
        simple = {"none": (1.0, 0.0), "zero_to_one": (1 / 255, 0.0), "minus_one_to_one": (1 / 127.5, -1.0)}
        scale, offset = simple[name]
        return PixelScaling((scale,) * num_channels, (offset,) * num_channels)
    return PixelScaling(_floats(1 / (255 * deviation)), _floats(-mean / deviation))


def expected_scaling(application: Any, num_channels: int) -> PixelScaling:
    """What a function of `keras.applications` expects, found by probing its module's `preprocess_input`.

    Models that scale by themselves come out as the identity. Pictures with other than three channels get
    the mean of the three channels' values.
    """
    preprocess = sys.modules[application.__module__].preprocess_input
    black, white, red = np.zeros((1, 1, 3)), np.full((1, 1, 3), 255.0), np.zeros((1, 1, 3))
    red[..., 0] = 255.0
    low = _probe(preprocess, black)
    scale = (_probe(preprocess, white) - low) / 255
    reverse = not np.isclose(_probe(preprocess, red)[0], low[0] + 255 * scale[0])
    if num_channels != 3:
        scale, low, reverse = np.full(num_channels, scale.mean()), np.full(num_channels, low.mean()), False
    return PixelScaling(_floats(scale), _floats(low), bool(reverse))


def _probe(preprocess: Any, pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray(preprocess(pixels.astype("float32").copy())).reshape(-1).astype("float64")


def _floats(values: np.ndarray[Any, Any]) -> tuple[float, ...]:
    return tuple(float(f"{value:.7g}") for value in values)


def apply_scaling(pixels: Any, scaling: PixelScaling) -> Any:
    """Add the scaling to a functional model. `pixels`: (batch, height, width, channels), 0–255."""
    import keras

    if scaling.reverse:
        pixels = keras.ops.flip(pixels, axis=-1)
    if scaling.is_identity:
        return pixels
    uniform = len(set(scaling.scale)) == 1 and len(set(scaling.offset)) == 1
    scale = scaling.scale[0] if uniform else list(scaling.scale)
    offset = scaling.offset[0] if uniform else list(scaling.offset)
    return keras.layers.Rescaling(scale, offset, name="normalization")(pixels)
