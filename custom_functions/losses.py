"""Losses of your own: give one as `training.loss: {file: custom_functions/losses.py, name: smoothed_crossentropy}`."""

import keras


def smoothed_crossentropy(y_true, y_pred, smoothing: float = 0.1):
    """Crossentropy against labels that leave some room for doubt.

    Args:
        y_true: One-hot labels, shape (batch, classes).
        y_pred: Probabilities, shape (batch, classes).
        smoothing: Share of the probability spread over all classes, 0 to 1.
    """
    num_classes = y_pred.shape[-1]
    smoothed = y_true * (1.0 - smoothing) + smoothing / num_classes
    return keras.losses.categorical_crossentropy(smoothed, y_pred)
