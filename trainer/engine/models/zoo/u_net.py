"""U-Net: an encoder and a decoder of the same depth, joined at every size."""

from __future__ import annotations

from typing import Annotated, Any, Literal

TASKS = ("image_segmentation",)

PRESETS = {
    "UNet": {
        "low": {"filters": 8, "depth": 3},
        "medium": {"filters": 16, "depth": 4},
        "high": {"filters": 64, "depth": 4},
    }
}
"""Sizes for a machine: low without a GPU or with little memory, high with a large GPU."""


def UNet(
    input_shape: tuple[int, int, int],
    filters: Annotated[int, "min 1", "max 512"] = 16,
    depth: Annotated[int, "min 1", "max 7"] = 4,
    upsampling: Literal["bilinear", "transposed"] = "transposed",
    dropout_rate: Annotated[float, "0..0.9"] = 0.0,
    batch_normalization: bool = True,
) -> Any:
    """Convolutions at falling and growing sizes, with the features of the way down joined to those of the way up.

    After Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation" (2015): two
    3 × 3 convolutions at each size, here padded, so that the features have the size of the picture, and with batch
    normalization, whose momentum of 0.9 settles within the few hundred steps that small data gives. Pictures of any
    size: inside they are padded with zeros to a multiple of 2 to the power of the depth, and cropped again.

    Args:
        input_shape: Height, width and channels.
        filters: Filters at full size; they double each time the size is halved.
        depth: How often the size is halved. 4 with 16 filters is a network of 16 to 256 filters.
        upsampling: How features grow on the way up: transposed convolution, or bilinear and a convolution after it.
        dropout_rate: Share of features that is dropped at the two smallest sizes while training.
        batch_normalization: Whether each convolution is followed by batch normalization.

    Returns:
        A model from scaled pixels to features (batch, height, width, filters).
    """
    import keras

    from trainer.engine.models._full_size import cropped, padded

    inputs = keras.Input(input_shape)
    features = padded(inputs, 2**depth)
    skipped = []
    for level in range(depth):
        features = _convolved(features, filters * 2**level, batch_normalization)
        features = _dropped(features, dropout_rate if level == depth - 1 else 0.0)
        skipped.append(features)
        features = keras.layers.MaxPooling2D()(features)
    features = _convolved(features, filters * 2**depth, batch_normalization)
    features = _dropped(features, dropout_rate)
    for level in reversed(range(depth)):
        features = _grown(features, filters * 2**level, upsampling)
        features = keras.layers.Concatenate()([skipped[level], features])
        features = _convolved(features, filters * 2**level, batch_normalization)
    return keras.Model(inputs, cropped(features, input_shape), name="u_net")


def _convolved(features: Any, filters: int, batch_normalization: bool) -> Any:
    import keras

    for _ in range(2):
        features = keras.layers.Conv2D(
            filters, 3, padding="same", kernel_initializer="he_normal", use_bias=not batch_normalization
        )(features)
        if batch_normalization:
            features = keras.layers.BatchNormalization(momentum=0.9)(features)
        features = keras.layers.Activation("relu")(features)
    return features


def _dropped(features: Any, rate: float) -> Any:
    import keras

    return keras.layers.Dropout(rate)(features) if rate else features


def _grown(features: Any, filters: int, upsampling: str) -> Any:
    import keras

    if upsampling == "transposed":
        return keras.layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(features)
    features = keras.layers.UpSampling2D(interpolation="bilinear")(features)
    return keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(features)
