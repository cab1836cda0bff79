"""KerasHub, whose import takes some ten seconds and whose pretrained weights come from the internet."""

from __future__ import annotations

from typing import Any

from trainer.errors import DataError


def resnet(image_shape: tuple[int, int, int], depth: int) -> Any:
    """KerasHub's residual network without weights.

    Args:
        image_shape: Height, width and channels.
        depth: 18, 34 or 50.
    """
    from keras_hub.models import ResNetBackbone

    return ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128, 256, 512],
        stackwise_num_blocks=[2, 2, 2, 2] if depth == 18 else [3, 4, 6, 3],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="bottleneck_block" if depth == 50 else "basic_block",
        use_pre_activation=False,
        image_shape=image_shape,
        name=f"resnet{depth}",
    )


def start_as_rare(retina_net: Any) -> None:
    """Let the scores of a new RetinaNet start at 0.01, as its paper says, and its boxes at their anchors.

    KerasHub 0.32 gives that bias to the boxes instead, which then start at a hundredth of their anchors' size.
    """
    scores = retina_net.classification_head.prediction_layer.bias
    scores.assign(0 * scores - 4.6)
    sides = retina_net.box_head.prediction_layer.bias
    sides.assign(0 * sides)


def from_preset(kind: Any, preset: str, **options: Any) -> Any:
    """A pretrained object of KerasHub.

    Args:
        kind: A class of KerasHub.
        preset: A name from its list, or a folder.
        options: What to change of it.

    Raises:
        DataError: It is unknown, or cannot be downloaded.
    """
    try:
        return kind.from_preset(preset, **options)
    except Exception as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        known = ", ".join(sorted(kind.presets)) or "none"
        raise DataError(
            f"The pretrained weights '{preset}' could not be loaded: {first_line} KerasHub offers {known}. "
            "Connect to the internet for the first use, or leave 'preset' empty to start from random weights."
        ) from error
