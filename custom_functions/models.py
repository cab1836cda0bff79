"""Models of your own: give one as `model.architecture: {file: custom_functions/models.py, name: wide_cnn}`."""

import keras


def wide_cnn(input_shape: tuple, num_classes: int, width: int = 32, activation: str = "relu"):
    """Two wide convolutions and a softmax.

    Args:
        input_shape: Height, width and channels; pixels arrive scaled to 0–1.
        num_classes: Number of classes.
        width: Filters of the first convolution; the second has twice as many.
        activation: Activation of the convolutions.
    """
    inputs = keras.Input(input_shape)
    features = keras.layers.Conv2D(width, 3, strides=2, padding="same", activation=activation)(inputs)
    features = keras.layers.Conv2D(2 * width, 3, strides=2, padding="same", activation=activation)(features)
    features = keras.layers.GlobalAveragePooling2D()(features)
    outputs = keras.layers.Dense(num_classes, activation="softmax", dtype="float32")(features)
    return keras.Model(inputs, outputs, name="wide_cnn")
