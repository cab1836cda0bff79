"""A small convolutional network that trains in about a minute on a CPU."""

from __future__ import annotations

from typing import Any

PRESETS = {
    "SmallCNN": {
        "low": {"filters": 16, "num_blocks": 2},
        "medium": {"filters": 32, "num_blocks": 3},
        "high": {"filters": 64, "num_blocks": 4},
    }
}
"""Sizes for a machine: low without a GPU or with little memory, high with a large GPU."""


def SmallCNN(input_shape: tuple[int, int, int], filters: int = 32, num_blocks: int = 3) -> Any:
    """Blocks of two 3 × 3 convolutions; each block halves the size and doubles the filters.

    Batch normalization uses a momentum of 0.9, which settles within the few hundred steps that small data gives.

    Args:
        input_shape: Height, width and channels.
        filters: Filters of the first block.
        num_blocks: Blocks, each followed by 2 × 2 max pooling while the picture is at least 4 pixels wide.

    Returns:
        A model from scaled pixels to a feature map (batch, height, width, filters).
    """
    import keras

    inputs = keras.Input(input_shape)
    features = inputs
    for block in range(num_blocks):
        width = filters * 2**block
        for _ in range(2):
            features = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(features)
            features = keras.layers.BatchNormalization(momentum=0.9)(features)
            features = keras.layers.Activation("relu")(features)
        if min(features.shape[1:3]) >= 4:
            features = keras.layers.MaxPooling2D()(features)
    return keras.Model(inputs, features, name="small_cnn")
