"""Augmentation of your own.

Applied to training pictures only, anew in every epoch. Draw random numbers from `seed` with TensorFlow's stateless
functions: then a run that is stopped and continued sees the same pictures as one that was not.

In the configuration:

    data:
      augmentation:
        steps:
          - {file: custom_functions/augmentations.py, name: cutout}
"""

from typing import Annotated

import tensorflow as tf


def cutout(image, side_fraction: Annotated[float, "0..1"] = 0.25, seed=None):
    """Blackens a square at a random place (DeVries and Taylor, Cutout, 2017).

    Args:
        image: One picture, float32 from 0 to 255, shape (height, width, channels).
        side_fraction: Side of the square as a share of the picture's.
        seed: Two whole numbers, other ones for every picture and epoch.
    """
    height, width = image.shape[0], image.shape[1]
    center = tf.random.stateless_uniform((2,), seed)
    rows = tf.abs((tf.range(height, dtype=tf.float32) + 0.5) / height - center[0]) < side_fraction / 2
    columns = tf.abs((tf.range(width, dtype=tf.float32) + 0.5) / width - center[1]) < side_fraction / 2
    is_inside = rows[:, None] & columns[None, :]
    return tf.where(is_inside[:, :, None], 0.0, image)


def blended_pairs(images, labels, most: Annotated[float, "0..0.5"] = 0.3, seed=None):
    """Blends every picture with the next one of its batch, and the labels alike, as MixUp does.

    Args:
        images: A batch, shape (batch, height, width, channels).
        labels: One-hot labels, shape (batch, classes).
        most: Largest share of the other picture.
        seed: Two whole numbers, other ones for every batch.
    """
    share = most * tf.random.stateless_uniform((tf.shape(images)[0],), seed)
    mixed = images + share[:, None, None, None] * (tf.roll(images, 1, axis=0) - images)
    return mixed, labels + share[:, None] * (tf.roll(labels, 1, axis=0) - labels)
