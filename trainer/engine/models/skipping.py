"""Keeps TensorFlow from writing beyond its memory where a network on a CPU gets a batch of one sample."""

from __future__ import annotations

from typing import Any

import keras


def skip_pixels_first(model: Any) -> int:
    """Let 1 × 1 convolutions that skip pixels, as those of a ResNet, do that before they compute instead of while.

    The result is the same. On a CPU, the gradient that TensorFlow 2.21 takes from oneDNN ends the process ("double free
    or corruption") where batches of several samples and of one follow each other, as at the end of an epoch. What is
    saved of the model stays as it was.

    Args:
        model: A built network.

    Returns:
        How many convolutions there are.
    """
    skipping = [layer for layer in model._flatten_layers() if _skips(layer)]
    for layer in skipping:
        layer.convolution_op = _convolution(*layer.strides)
    return len(skipping)


def _skips(layer: Any) -> bool:
    is_plain = type(layer) is keras.layers.Conv2D and layer.data_format == "channels_last"
    return is_plain and layer.kernel_size == (1, 1) and max(layer.strides) > 1


def _convolution(rows: int, columns: int) -> Any:
    def convolve(inputs: Any, kernel: Any) -> Any:
        return keras.ops.conv(inputs[:, ::rows, ::columns], kernel, padding="valid", data_format="channels_last")

    return convolve
