"""RetinaNet from KerasHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

TASKS = ("object_detection",)

_FINEST, _COARSEST = 3, 7

PRESETS = {
    "RetinaNet": {
        "low": {"backbone": "resnet18", "num_head_layers": 2},
        "medium": {"backbone": "resnet18", "num_head_layers": 4},
        "high": {"backbone": "resnet50", "num_head_layers": 4},
    }
}
"""Sizes for a machine: low without a GPU or with little memory, high with a large GPU."""


def RetinaNet(
    input_shape: tuple[int, int, int],
    num_classes: int,
    scale: Callable[[Any], Any],
    backbone: Literal["resnet18", "resnet34", "resnet50"] = "resnet18",
    num_head_layers: Annotated[int, "min 1", "max 8"] = 4,
    anchor_size: Annotated[float, "min 1", "max 8"] = 2.0,
    preset: Annotated[str, "advanced"] = "",
) -> Any:
    """RetinaNet (https://arxiv.org/abs/1708.02002): anchors at five scales, focal loss. Large: made for a GPU.

    Pictures of any size: they are padded with zeros at the right and at the bottom to multiples of 32 pixels.

    Args:
        input_shape: Height, width and channels.
        num_classes: Number of classes of objects.
        scale: Preprocessing and scaling of pixels, as a function of a tensor.
        backbone: Network that gives the features; starts from random weights.
        num_head_layers: 3 × 3 convolutions before the scores and before the boxes.
        anchor_size: Side of the smallest anchor of each level in cells of that level, whose sides are 8, 16, … pixels.
            The paper has 4; 2 finds objects from about 12 pixels on.
        preset: Name of a pretrained RetinaNet of KerasHub, such as retinanet_resnet50_fpn_coco, or of a folder with
            one; it brings its own backbone and heads, and expects normalization "imagenet".

    Returns:
        A model from pixels 0–255 to boxes and scores, with its own loss.

    Raises:
        DataError: The pretrained weights cannot be loaded.
    """
    import keras
    import keras_hub

    from trainer.engine.models._full_size import padded_at_end
    from trainer.engine.models.detection.anchor_detector import MULTIPLE, AnchorDetector
    from trainer.engine.models.detection.hub import from_preset

    pixels = keras.Input(input_shape, name="pixels")
    scaled = padded_at_end(scale(pixels), MULTIPLE)
    options: dict[str, Any] = {"num_classes": num_classes, "bounding_box_format": "xyxy", "name": "retina_net"}
    if preset:
        network = from_preset(keras_hub.models.RetinaNetObjectDetector, preset, **options)
    else:
        options |= {"pre_logits_num_conv_layers": num_head_layers}
        network = _untrained(tuple(scaled.shape[1:]), int(backbone.removeprefix("resnet")), anchor_size, options)
    return AnchorDetector(pixels, network(scaled), name="retina_net_detector")


def _untrained(shape: tuple[int, int, int], depth: int, anchor_size: float, options: dict[str, Any]) -> Any:
    """KerasHub's RetinaNet for pictures of a shape, on a ResNet of a depth."""
    import keras_hub

    from trainer.engine.models.detection.hub import resnet, start_as_rare

    pyramid = keras_hub.models.RetinaNetBackbone(
        image_encoder=resnet(shape, depth),
        min_level=_FINEST,
        max_level=_COARSEST,
        use_p5=False,
        image_shape=shape,
    )
    anchors = keras_hub.layers.AnchorGenerator(
        "xyxy",
        min_level=_FINEST,
        max_level=_COARSEST,
        num_scales=3,
        aspect_ratios=[0.5, 1.0, 2.0],
        anchor_size=anchor_size,
    )
    network = keras_hub.models.RetinaNetObjectDetector(
        backbone=pyramid, anchor_generator=anchors, use_prediction_head_norm=True, **options
    )
    start_as_rare(network)
    return network
