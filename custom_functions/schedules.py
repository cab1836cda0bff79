"""Schedules of your own.

Three forms: a function of the epoch, a function of the step, or a `LearningRateSchedule`.

In the configuration:

    training:
      learning_rate_schedule: {file: custom_functions/schedules.py, name: halved, arguments: {every: 5}}
"""

from typing import Annotated

import keras


def halved(epoch: int, learning_rate: float, every: Annotated[int, "min 1", "unit: epochs"] = 10) -> float:
    """Halves the learning rate every few epochs.

    Args:
        epoch: The epoch that begins, from 0.
        learning_rate: The rate until now.
        every: Epochs from one halving to the next.
    """
    return learning_rate / 2 if epoch > 0 and epoch % every == 0 else learning_rate


def inverse_root(step, learning_rate: float, warmup_steps: Annotated[int, "min 1", "unit: steps"] = 100):
    """Rises in a straight line, then falls with the square root of the steps, as for transformers.

    Args:
        step: Training steps done, as a tensor: use `keras.ops`, not `if`.
        learning_rate: The highest rate.
        warmup_steps: Steps until the highest rate.
    """
    done = keras.ops.cast(step, "float32") + 1.0
    return learning_rate * keras.ops.minimum(done / warmup_steps, keras.ops.sqrt(warmup_steps / done))


@keras.saving.register_keras_serializable("custom_functions")
class Triangular(keras.optimizers.schedules.LearningRateSchedule):
    """Swings between a low and a high rate (Smith, Cyclical Learning Rates, 2017).

    Args:
        initial_learning_rate: The highest rate.
        steps_per_epoch: Training steps of an epoch; given by the trainer, as it is an argument of that name.
        cycle_epochs: Length of a swing up and down.
        low_fraction: The lowest rate as a share of the highest.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        steps_per_epoch: int,
        cycle_epochs: Annotated[float, "min 0.01", "unit: epochs"] = 4.0,
        low_fraction: Annotated[float, "0..1"] = 0.1,
    ):
        super().__init__()
        self.arguments = {
            "initial_learning_rate": initial_learning_rate,
            "steps_per_epoch": steps_per_epoch,
            "cycle_epochs": cycle_epochs,
            "low_fraction": low_fraction,
        }
        self.half_cycle = cycle_epochs * steps_per_epoch / 2
        self.low, self.high = low_fraction * initial_learning_rate, initial_learning_rate

    def __call__(self, step):
        """The rate at a training step."""
        position = keras.ops.cast(step, "float32") / self.half_cycle
        rise = 1.0 - keras.ops.abs(1.0 - position % 2.0)
        return self.low + (self.high - self.low) * rise

    def get_config(self):
        """Arguments of the constructor."""
        return dict(self.arguments)
