"""Optimizers of your own.

In the configuration:

    training:
      optimizer: {file: custom_functions/optimizers.py, name: steady_sgd}
"""

from typing import Annotated

import keras


def steady_sgd(learning_rate, momentum: Annotated[float, "0..0.999"] = 0.9, nesterov: bool = True):
    """Keras' SGD with the settings that suit convolutional networks.

    Args:
        learning_rate: A number, or the schedule that was chosen.
        momentum: Share of the last step that is kept.
        nesterov: Look ahead along the momentum.
    """
    return keras.optimizers.SGD(learning_rate, momentum=momentum, nesterov=nesterov)


@keras.saving.register_keras_serializable("custom_functions")
class CentralizedSGD(keras.optimizers.SGD):
    """SGD whose gradients have mean zero for every output unit (Yong et al., Gradient Centralization, 2020).

    Args:
        learning_rate: A number, or the schedule that was chosen.
        momentum: Share of the last step that is kept.
    """

    def __init__(self, learning_rate=0.01, momentum: Annotated[float, "0..0.999"] = 0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, momentum=momentum, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        """Take the mean off the gradient of a kernel, then step as SGD does."""
        if len(variable.shape) > 1:
            axes = list(range(len(variable.shape) - 1))
            gradient = gradient - keras.ops.mean(gradient, axis=axes, keepdims=True)
        super().update_step(gradient, variable, learning_rate)
