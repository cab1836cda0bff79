"""The layers of the light detector: residual blocks, a feature pyramid, and heads that all its levels share.

Batch normalization uses a momentum of 0.9, which settles within the few hundred steps that small data gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

_RARE = -4.6
"""Bias of the scores: at first a point finds each class with a probability of 0.01, as most points are background."""


def unit(features: Any, width: int, size: int = 3, stride: int = 1) -> Any:
    """Convolution, batch normalization and rectifier."""
    features = layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False)(features)
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(features))


def residual_block(features: Any, width: int, stride: int = 1) -> Any:
    """Two 3 × 3 convolutions beside a shortcut; it starts as the identity: https://arxiv.org/abs/1706.02677."""
    shortcut = features
    if stride > 1 or features.shape[-1] != width:
        shortcut = layers.Conv2D(width, 1, strides=stride, padding="same", use_bias=False)(features)
        shortcut = layers.BatchNormalization(momentum=0.9)(shortcut)
    inner = layers.Conv2D(width, 3, padding="same", use_bias=False)(unit(features, width, stride=stride))
    inner = layers.BatchNormalization(momentum=0.9, gamma_initializer="zeros")(inner)
    return layers.Activation("relu")(layers.Add()([inner, shortcut]))


def feature_pyramid(levels: Sequence[Any], width: int) -> list[Any]:
    """Give each level, fine to coarse, what the coarser ones saw: https://arxiv.org/abs/1612.03144."""
    above = unit(levels[-1], width, size=1)
    result = [above]
    for level in reversed(levels[:-1]):
        grown = layers.UpSampling2D()(above)
        surplus = [(0, grown.shape[axis] - level.shape[axis]) for axis in (1, 2)]
        if any(rest for _, rest in surplus):
            grown = layers.Cropping2D(surplus)(grown)
        above = unit(layers.Add()([grown, unit(level, width, size=1)]), width)
        result.insert(0, above)
    return result


def shared_head(levels: Sequence[Any], num_outputs: int, num_layers: int, name: str) -> Any:
    """Numbers at every point of all levels, float32 of shape (B, points, num_outputs).

    The levels share their convolutions, but not their normalization: their features are spread differently.

    Args:
        levels: Feature maps of the same width, fine to coarse.
        num_outputs: Numbers per point. Those of a head named `scores` start as rare.
        num_layers: 3 × 3 convolutions before the last.
        name: Of the layer that joins the levels.
    """
    width = levels[0].shape[-1]
    convolutions = [layers.Conv2D(width, 3, padding="same", use_bias=False) for _ in range(num_layers)]
    bias = keras.initializers.Constant(_RARE) if name == "scores" else "zeros"
    last = layers.Conv2D(num_outputs, 1, bias_initializer=bias, dtype="float32")
    found = []
    for features in levels:
        for convolution in convolutions:
            features = layers.BatchNormalization(momentum=0.9)(convolution(features))
            features = layers.Activation("relu")(features)
        found.append(layers.Reshape((-1, num_outputs), dtype="float32")(last(features)))
    return layers.Concatenate(axis=1, dtype="float32", name=name)(found)
