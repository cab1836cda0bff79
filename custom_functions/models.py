"""Models of your own.

A model may be a function that returns one, a subclass of `keras.Model`, or a layer: a layer gives features, and the
output that fits the classes is put behind it. All get pixels scaled as `data.normalization` says, 0 to 1 by itself.

In the configuration:

    model:
      architecture: {file: custom_functions/models.py, name: wide_cnn, arguments: {width: 64}}
"""

from typing import Annotated, Literal

import keras

PRESETS = {
    "wide_cnn": {
        "easy": {"width": 16, "dropout_rate": 0.1},
        "medium": {"width": 32, "dropout_rate": 0.2},
        "advanced": {"width": 64, "dropout_rate": 0.4, "activation": "swish"},
    },
}


def wide_cnn(
    input_shape: tuple,
    num_classes: int,
    width: Annotated[int, "min 1", "max 512"] = 32,
    activation: Literal["relu", "swish", "gelu"] = "relu",
    dropout_rate: Annotated[float, "0..0.9", "group: regularization"] = 0.0,
):
    """Two wide convolutions and a softmax.

    Args:
        input_shape: Height, width and channels.
        num_classes: Number of classes.
        width: Filters of the first convolution; the second has twice as many.
        activation: Activation of the convolutions.
        dropout_rate: Share of features dropped at random before the output.
    """
    inputs = keras.Input(input_shape)
    features = keras.layers.Conv2D(width, 3, strides=2, padding="same", activation=activation)(inputs)
    features = keras.layers.Conv2D(2 * width, 3, strides=2, padding="same", activation=activation)(features)
    features = keras.layers.GlobalAveragePooling2D()(features)
    features = keras.layers.Dropout(dropout_rate)(features)
    outputs = keras.layers.Dense(num_classes, activation="softmax", dtype="float32")(features)
    return keras.Model(inputs, outputs, name="wide_cnn")


@keras.saving.register_keras_serializable("custom_functions")
class ResidualNet(keras.Model):
    """A few residual blocks, written as a subclass: layers in the constructor, their order in `call`.

    `get_config` and the decorator let the saved `.keras` file be loaded again.

    Args:
        num_classes: Number of classes.
        num_blocks: Residual blocks.
        filters: Filters of every block.
    """

    def __init__(
        self, num_classes: int, num_blocks: Annotated[int, "1..50"] = 3, filters: Annotated[int, "min 1"] = 16, **kwargs
    ):
        super().__init__(**kwargs)
        self.config = {"num_classes": num_classes, "num_blocks": num_blocks, "filters": filters}
        self.first = keras.layers.Conv2D(filters, 3, strides=2, padding="same")
        self.blocks = [
            keras.layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block_{number}")
            for number in range(num_blocks)
        ]
        self.pooling = keras.layers.GlobalAveragePooling2D()
        self.scores = keras.layers.Dense(num_classes, activation="softmax", dtype="float32")

    def call(self, inputs):
        """Class scores, shape (batch, num_classes), of pictures."""
        features = self.first(inputs)
        for block in self.blocks:
            features = features + block(features)
        return self.scores(self.pooling(features))

    def get_config(self):
        """Arguments of the constructor."""
        return {**super().get_config(), **self.config}


@keras.saving.register_keras_serializable("custom_functions")
class PatchFeatures(keras.layers.Layer):
    """A backbone as a layer: patches become vectors, which a small network mixes.

    Args:
        patch_size: Side of a patch.
        width: Length of a patch's vector.
    """

    def __init__(self, patch_size: Annotated[int, "1..64", "unit: px"] = 4, width: int = 32, **kwargs):
        super().__init__(**kwargs)
        self.patch_size = patch_size
        self.width = width
        self.patches = keras.layers.Conv2D(width, patch_size, strides=patch_size, padding="same")
        self.mixing = keras.layers.DepthwiseConv2D(3, padding="same", activation="gelu")

    def build(self, input_shape):
        """Make the weights, which a saved model needs before it can be loaded."""
        self.patches.build(input_shape)
        self.mixing.build(self.patches.compute_output_shape(input_shape))

    def call(self, inputs):
        """A feature map, shape (batch, height / patch_size, width / patch_size, width), of pictures."""
        patches = self.patches(inputs)
        return patches + self.mixing(patches)

    def get_config(self):
        """Arguments of the constructor."""
        return {**super().get_config(), "patch_size": self.patch_size, "width": self.width}
