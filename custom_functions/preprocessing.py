"""Preprocessing of your own.

Applied to training, validation and test pictures alike. A function takes one `image`, shape (height, width, channels),
or a batch of `images`, float32 from 0 to 255. It runs as a part of TensorFlow's data pipeline: use TensorFlow's
operations, not NumPy's. A `keras.layers.Layer` is the other form.

In the configuration:

    data:
      preprocessing:
        - {file: custom_functions/preprocessing.py, name: gray_world}
"""

from typing import Annotated

import keras
import tensorflow as tf


def gray_world(images, strength: Annotated[float, "0..1"] = 1.0):
    """Takes a tint out of each picture: its channels get the same mean.

    Args:
        images: Pictures, shape (batch, height, width, channels).
        strength: 0 leaves the pictures as they are, 1 takes the whole tint out.
    """
    means = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
    gray = tf.reduce_mean(means, axis=-1, keepdims=True)
    balanced = images * gray / tf.maximum(means, 1.0)
    return tf.clip_by_value(images + strength * (balanced - images), 0.0, 255.0)


def without_border(image, border: Annotated[int, "min 0", "unit: px"] = 1):
    """Cuts the border off a picture, such as a microscope's frame; the result is smaller.

    Args:
        image: One picture, shape (height, width, channels).
        border: Pixels cut off on every side.
    """
    return image[border : image.shape[0] - border, border : image.shape[1] - border]


@keras.saving.register_keras_serializable("custom_functions")
class Contrast(keras.layers.Layer):
    """Stretches each picture to a given mean and spread.

    As a layer it becomes a part of the saved model.

    Args:
        spread: Standard deviation of the pixels afterwards.
    """

    def __init__(self, spread: Annotated[float, "1..127"] = 50.0, **kwargs):
        super().__init__(**kwargs)
        self.spread = spread

    def call(self, inputs):
        """Pictures of the same shape."""
        mean = keras.ops.mean(inputs, axis=(1, 2, 3), keepdims=True)
        deviation = keras.ops.std(inputs, axis=(1, 2, 3), keepdims=True)
        stretched = 127.5 + self.spread * (inputs - mean) / keras.ops.maximum(deviation, 1.0)
        return keras.ops.clip(stretched, 0.0, 255.0)

    def get_config(self):
        """Arguments of the constructor."""
        return {**super().get_config(), "spread": self.spread}
