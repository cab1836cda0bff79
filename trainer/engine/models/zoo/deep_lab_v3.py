"""DeepLabV3 and DeepLabV3+ of KerasHub."""

from __future__ import annotations

from typing import Any, Literal

TASKS = ("image_segmentation",)


def DeepLabV3(
    input_shape: tuple[int, int, int],
    encoder: Literal["resnet_18", "resnet_34", "resnet_50", "resnet_101"] = "resnet_18",
    version: Literal["v3", "v3_plus"] = "v3_plus",
) -> Any:
    """Pictures seen at several distances at once by dilated convolutions, on top of a ResNet.

    Chen et al., "Rethinking Atrous Convolution" (2017) and "Encoder-Decoder with Atrous Separable Convolution" (2018),
    as KerasHub builds them, with random weights. Batch normalization has a momentum of 0.9, which settles within the
    few hundred steps that small data gives. Choosing it takes some 15 seconds more at the start, as KerasHub is
    imported. Pictures of any size: inside they are padded with zeros to a multiple of 32, and cropped again.

    Args:
        input_shape: Height, width and channels.
        encoder: The ResNet.
        version: `v3_plus` joins fine features of the ResNet to the coarse ones, for sharper outlines.

    Returns:
        A model from scaled pixels to features (batch, height, width, 256).
    """
    import keras
    import keras_hub

    from trainer.engine.models._full_size import cropped, padded
    from trainer.engine.models._hub_architectures import resnet

    inputs = keras.Input(input_shape)
    pictures = padded(inputs, 32)
    shape = tuple(pictures.shape[1:])
    chosen = resnet(int(encoder.removeprefix("resnet_")))
    deep_lab = keras_hub.models.DeepLabV3Backbone(
        image_encoder=getattr(keras_hub.models, chosen.backbone)(image_shape=shape, **chosen.arguments),
        spatial_pyramid_pooling_key="P5",
        low_level_feature_key="P2" if version == "v3_plus" else None,
        projection_filters=48,
        upsampling_size=8,
        dilation_rates=[6, 12, 18],
        image_shape=shape,
    )
    for layer in deep_lab._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    return keras.Model(inputs, cropped(deep_lab(pictures), input_shape), name="deep_lab_v3")
