"""Backbones of KerasHub for classification: vision transformers and convolutional networks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

TASKS = ("image_classification",)


def KerasHubBackbone(
    input_shape: tuple[int, int, int],
    architecture: Literal[
        "vit_tiny",
        "vit_small",
        "vit_base",
        "deit_tiny",
        "deit_small",
        "deit_base",
        "dinov2_small",
        "dinov3_small",
        "swin_tiny",
        "swin_small",
        "swin_base",
        "mit_b0",
        "mit_b2",
        "mobilenet_v3_small",
        "efficientnet_b0",
        "hgnetv2_b0",
        "csp_darknet_53",
        "resnet_18",
        "resnet_34",
    ] = "vit_tiny",
    patch_size: Annotated[int, "min 1", "unit: px"] | None = None,
    preset: str = "",
) -> Any:
    """A backbone of KerasHub: vision transformers, Swin, MobileNet and others.

    Choosing it takes some 15 seconds more at the start, as KerasHub is imported. Pictures of any size: they are padded
    with zeros to what the architecture takes; pretrained weights of a fixed size get resized pictures. The features of
    transformers are those of their patches, without class tokens.

    Args:
        input_shape: Height, width and channels.
        architecture: What to build, with random weights.
        patch_size: Side of the patches of ViT, DeiT and DINO. Small pictures need small ones: 4 for 32 × 32. Empty: 16,
            and 14 for DINOv2.
        preset: Name of a KerasHub preset such as `vit_base_patch16_224_imagenet`, or a folder that holds one, instead
            of an architecture: it comes with pretrained weights, which are downloaded at the first use.

    Returns:
        A model from pixels scaled to 0–1 to a feature map (batch, height, width, features).

    Raises:
        DataError: The preset cannot be loaded.
        ValueError: The architecture does not take these pictures or arguments.
    """
    import keras

    from trainer.engine.models._hub_backbones import built_backbone, feature_map, loaded_backbone

    inputs = keras.Input(input_shape)
    if preset:
        backbone, pictures = loaded_backbone(preset, inputs)
    else:
        backbone, pictures = built_backbone(architecture, inputs, patch_size)
    return keras.Model(inputs, feature_map(backbone, pictures), name="keras_hub_backbone")
