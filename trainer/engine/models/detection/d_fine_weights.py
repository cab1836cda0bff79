"""What the weights of a D-FINE start from."""

from __future__ import annotations

from typing import Any

import keras

from trainer.engine.models.detection.d_fine import DFineNetwork
from trainer.engine.models.detection.hub import from_preset
from trainer.errors import DataError

_RARE = -4.6
_OF_DATA = {"image_shape", "data_format", "name", "trainable", "dtype"}
_OF_TRAINING = {"labels", "seed", "num_denoising", "label_noise_ratio", "box_noise_scale"}


def start_from_random(network: DFineNetwork, edge_scale: float | None) -> None:
    """Let the scores of a new D-FINE start at 0.01, and its dense layers with the spread that their width asks for.

    KerasHub 0.32 starts scores at one part in (classes + 1), and dense layers at 0.01 throughout, as for weights that
    are loaded afterwards. Its normalization settles within some hundred steps more than small data give.

    Args:
        network: The new network.
        edge_scale: What a side of a reference is divided by to measure distances; `None` keeps KerasHub's.
    """
    for head in (*network.decoder.class_embed, network.trunk.get_layer("enc_score_head")):
        head.bias.assign(0 * head.bias + _RARE)
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
        elif _starts_small(layer):
            layer.kernel.assign(keras.initializers.GlorotUniform()(layer.kernel.shape))
    if edge_scale is not None:
        network.decoder.reg_scale.assign([edge_scale])


def pretrained(preset: str, num_channels: int) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A pretrained D-FINE of KerasHub, and the arguments `features` and `network` of a `DFineNetwork` like it.

    Args:
        preset: A name from KerasHub's list, or a folder.
        num_channels: Of the pictures.

    Raises:
        DataError: It cannot be loaded, or is for pictures with other channels.
    """
    from keras_hub.models import DFineBackbone

    source = from_preset(DFineBackbone, preset)
    own, inner = source.get_config(), source.backbone.get_config()
    features = {key: value for key, value in inner.items() if key not in _OF_DATA}
    left_out = _OF_DATA | _OF_TRAINING | {"backbone", "num_labels", "anchor_image_size"}
    network = {key: value for key, value in own.items() if key not in left_out}
    if inner["stem_channels"][0] != num_channels:
        expected = inner["stem_channels"][0]
        raise DataError(
            f"'{preset}' is for pictures with {expected} channels, received {num_channels}. "
            "Set data.color_mode to rgb, or leave 'preset' empty to start from random weights."
        )
    return source, features, network


def take_weights(network: DFineNetwork, source: Any) -> None:
    """Copy the weights of KerasHub's D-FINE; those that depend on the number of classes only where it is the same."""
    pairs = [(layer, source.get_layer(layer.name)) for layer in network.trunk.layers if layer.name != "features"]
    pairs += [(network.trunk.get_layer("features"), source.backbone), (network.decoder, source.decoder)]
    for mine, theirs in pairs:
        for variable, value in zip(mine.weights, theirs.weights, strict=True):
            if variable.shape == value.shape:
                variable.assign(value)


def _starts_small(layer: Any) -> bool:
    is_dense = isinstance(layer, keras.layers.Dense | keras.layers.EinsumDense)
    return is_dense and isinstance(layer.kernel_initializer, keras.initializers.RandomNormal)
