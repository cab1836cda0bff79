"""Losses of your own.

In the configuration:

    training:
      loss: {file: custom_functions/losses.py, name: FocalLoss, arguments: {gamma: 1.5}}
"""

from typing import Annotated

import keras

PRESETS = {
    "FocalLoss": {
        "gentle": {"gamma": 1.0},
        "usual": {"gamma": 2.0, "alpha": 0.25},
    },
}


def smoothed_crossentropy(y_true, y_pred, smoothing: Annotated[float, "0..1"] = 0.1):
    """Crossentropy against labels that leave some room for doubt.

    Args:
        y_true: One-hot labels, shape (batch, classes).
        y_pred: Probabilities, shape (batch, classes).
        smoothing: Share of the probability spread over all classes.
    """
    num_classes = y_pred.shape[-1]
    smoothed = y_true * (1.0 - smoothing) + smoothing / num_classes
    return keras.losses.categorical_crossentropy(smoothed, y_pred)


class FocalLoss(keras.losses.Loss):
    """Crossentropy that counts pictures less the surer the network already is (Lin et al., Focal Loss, 2017).

    Args:
        gamma: How strongly sure answers are played down; 0 is plain crossentropy.
        alpha: Factor on the loss of every picture.
    """

    def __init__(self, gamma: Annotated[float, "min 0"] = 2.0, alpha: Annotated[float, "0..1", "advanced"] = 1.0):
        super().__init__(name="focal_loss")
        self.gamma = gamma
        self.alpha = alpha

    def call(self, y_true, y_pred):
        """One value per picture, shape (batch,)."""
        sure = keras.ops.sum(y_true * y_pred, axis=-1)
        crossentropy = -keras.ops.log(keras.ops.maximum(sure, 1e-7))
        return self.alpha * (1.0 - sure) ** self.gamma * crossentropy
