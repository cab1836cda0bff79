"""The figures of an epoch of a user's own loop: reported, counted by the model's metrics, or measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from trainer.engine.training.callbacks import plain_metrics
from trainer.engine.training.monitoring import is_validated
from trainer.engine.training.variables import Arrays, take_metrics

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession


class LoopFigures:
    """Collects the figures of the epoch that is being trained.

    Args:
        session: A prepared session.
        callbacks: Told of a validation.
    """

    def __init__(self, session: TrainingSession, callbacks: Any) -> None:
        self._session = session
        self._model = session.model
        self._callbacks = callbacks
        self._reported: dict[str, float] = {}
        self._training: dict[str, float] = {}
        self._untouched: Arrays = {}
        self._has_told = False
        self._own_test_function: Any = None

    def begin_epoch(self) -> None:
        """Forget the epoch before."""
        self._model.reset_metrics()
        self._untouched = take_metrics(self._model)
        self._reported, self._training = {}, {}

    def report(self, logs: Mapping[str, Any]) -> None:
        """Take figures that the loop gives.

        Raises:
            TypeError: They are no dictionary of numbers by name.
        """
        self._reported |= self.plain(logs)

    def plain(self, logs: Mapping[str, Any]) -> dict[str, float]:
        """Figures as floats.

        Raises:
            TypeError: They are no dictionary of numbers by name.
        """
        if not isinstance(logs, Mapping):
            raise TypeError(f"Expected a dictionary of figures such as {{'loss': 0.5}}, received {logs!r}.")
        return {str(name): _number(name, value) for name, value in logs.items()}

    def take_result(self, result: Any) -> None:
        """Use the last values of a history that the loop returned, where it reported nothing of its last epoch."""
        history = getattr(result, "history", result)
        if self._reported or not isinstance(history, Mapping):
            return
        for name, values in history.items():
            last = values[-1] if isinstance(values, list | tuple) and values else values
            if isinstance(last, int | float | np.number) and not isinstance(last, bool):
                self._reported[str(name)] = float(last)

    def take_training(self) -> None:
        """All batches are done: what the model's metrics hold now is of training, whatever they are used for next."""
        self._training = self.running()

    def running(self) -> dict[str, float]:
        """What the model's metrics hold; empty where the loop does not use them."""
        now = take_metrics(self._model)
        # Keras makes the variables of compiled metrics at their first use; they begin at 0.
        is_used = any(
            not np.array_equal(value, self._untouched.get(key, np.zeros_like(value)), equal_nan=True)
            for key, value in now.items()
        )
        return plain_metrics(self._model.get_metrics_result()) if is_used else {}

    def of_epoch(self, epoch: int) -> dict[str, float]:
        """All figures of the epoch, counted from 0; what the loop did not give is measured."""
        session = self._session
        assert session.data is not None
        figures = (self._training or self.running()) | self._reported
        has_validation = any(name.startswith("val_") for name in figures)
        validation = session.validation_dataset()
        if validation is not None and not has_validation and is_validated(session.config.training, epoch + 1):
            self._tell("The training loop reports no validation figures: they are measured with model.evaluate.")
            figures |= {f"val_{name}": value for name, value in self._measure(validation).items()}
        if validation is None and not figures:
            self._tell("The training loop reports no figures: they are measured with model.evaluate after each epoch.")
            figures = self._measure(session.evaluation_dataset(session.data.train))
        return figures

    def _measure(self, dataset: Any) -> dict[str, float]:
        # TensorFlow would wait for ever where the loop is inside `evaluate` now: the same compiled function cannot read
        # a second data set before it has read from the first.
        model, of_loop = self._model, self._model.test_function
        model.test_function = self._own_test_function
        try:
            figures = model.evaluate(dataset, verbose=0, return_dict=True, callbacks=self._callbacks)
            self._own_test_function = model.test_function
        finally:
            model.test_function = of_loop
        return plain_metrics(figures)

    def _tell(self, message: str) -> None:
        if not self._has_told:
            self._has_told = True
            self._session.output.log("TRAINING", message)


def _number(name: Any, value: Any) -> float:
    try:
        return float(keras.ops.mean(keras.ops.convert_to_tensor(value, "float32")))
    except (TypeError, ValueError) as error:
        raise TypeError(f"Expected a number for the figure {name!r}, received {value!r}.") from error
