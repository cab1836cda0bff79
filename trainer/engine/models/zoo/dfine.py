"""D-FINE from KerasHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

TASKS = ("object_detection",)

PRESETS = {
    "DFine": {
        "low": {"size": "nano"},
        "medium": {"size": "small"},
        "high": {"size": "large"},
    }
}
"""Sizes for a machine: low without a GPU or with little memory, high with a large GPU."""

_MULTIPLE = 32


def DFine(
    input_shape: tuple[int, int, int],
    num_classes: int,
    scale: Callable[[Any], Any],
    size: Literal["tiny", "nano", "small", "medium", "large", "extra_large"] = "nano",
    num_queries: Annotated[int, "min 1", "max 1000"] = 300,
    num_noisy_queries: Annotated[int, "min 0", "max 1000", "advanced"] = 100,
    preset: Annotated[str, "advanced"] = "",
) -> Any:
    """D-FINE (https://arxiv.org/abs/2410.13842): a transformer that refines boxes edge by edge. Made for a GPU.

    Pictures of any size: they are padded with zeros at the right and at the bottom to multiples of 32 pixels.

    Args:
        input_shape: Height, width and channels.
        num_classes: Number of classes of objects.
        scale: Preprocessing and scaling of pixels, as a function of a tensor.
        size: From 0.5 (tiny) over 3.8 (nano), 10, 20 and 31 to 63 million weights; tiny is for small pictures of plain
            things. Starts from random weights.
        num_queries: The most objects that can be found in a picture.
        num_noisy_queries: True objects with noise that it learns to correct besides. 0 switches this off, which takes
            less time and learns more slowly.
        preset: Name of a pretrained D-FINE of KerasHub, such as dfine_nano_coco, or of a folder with one; it brings its
            own size, and expects normalization "zero_to_one" and 3 channels.

    Returns:
        A model from pixels 0–255 to boxes and scores, with its own loss.

    Raises:
        ConfigError: The backend is not TensorFlow.
        DataError: The pretrained weights cannot be loaded, or are for other channels.
    """
    import keras

    from trainer.engine.models._full_size import padded_at_end
    from trainer.engine.models.detection.d_fine import NETWORK, DFineDetector, DFineNetwork
    from trainer.engine.models.detection.d_fine_sizes import network_of
    from trainer.engine.models.detection.d_fine_weights import pretrained, start_from_random, take_weights
    from trainer.errors import ConfigError, Problem

    if keras.backend.backend() != "tensorflow":
        problem = "D-FINE learns with TensorFlow only. Set backend to tensorflow."
        raise ConfigError((Problem("runtime.backend", problem),))
    pixels = keras.Input(input_shape, name="pixels")
    scaled = padded_at_end(scale(pixels), _MULTIPLE)
    shape = list(scaled.shape[1:])
    if preset:
        source, features, network = pretrained(preset, shape[-1])
        edge_scale = None
    else:
        features, network, edge_scale = network_of(size, shape[-1])
    num_points = sum((shape[0] // stride) * (shape[1] // stride) for stride in network["feat_strides"])
    network["num_queries"] = min(num_queries, num_points)
    layer = DFineNetwork(features, network, num_classes, shape, num_noisy_queries, name=NETWORK)
    start_from_random(layer, edge_scale)
    if preset:
        take_weights(layer, source)
    return DFineDetector(pixels, layer(scaled), name="d_fine_detector")
