"""SegFormer of KerasHub."""

from __future__ import annotations

from typing import Any, Literal

TASKS = ("image_segmentation",)


def SegFormer(input_shape: tuple[int, int, int], size: Literal["b0", "b1", "b2", "b3", "b5"] = "b0") -> Any:
    """A transformer that sees the picture at four sizes, and a light decoder.

    Xie et al., "SegFormer: Simple and Efficient Design for Semantic Segmentation with Transformers" (2021), as KerasHub
    builds it, with random weights: transformers want many pictures or many epochs. Choosing it takes some 15 seconds
    more at the start, as KerasHub is imported. The features are made at a quarter of the size and enlarged. Pictures of
    any size: inside they are padded with zeros to a square whose side is a multiple of 32, at least 64, and cropped
    again.

    Args:
        input_shape: Height, width and channels.
        size: Of the network, from b0 with 3.7 million weights to b5 with 82 million.

    Returns:
        A model from scaled pixels to features (batch, height, width, 256), from b2 on 768.
    """
    import keras
    import keras_hub

    from trainer.engine.models._full_size import cropped, padded
    from trainer.engine.models._hub_architectures import mit

    inputs = keras.Input(input_shape)
    chosen = mit(size)
    pictures = padded(inputs, chosen.multiple, square=chosen.square, least_side=chosen.least_side)
    shape = tuple(pictures.shape[1:])
    seg_former = keras_hub.models.SegFormerBackbone(
        image_encoder=getattr(keras_hub.models, chosen.backbone)(image_shape=shape, **chosen.arguments),
        projection_filters=256 if size in ("b0", "b1") else 768,
    )
    features = keras.layers.UpSampling2D(4, interpolation="bilinear")(seg_former(pictures))
    return keras.Model(inputs, cropped(features, input_shape), name="seg_former")
