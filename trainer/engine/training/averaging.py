"""Averaged weights: where the optimizer keeps a moving average, models that are judged or saved have it.

Training itself, and every checkpoint, keeps the plain weights and the average beside them, so that a continued
run goes on exactly where it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras


@contextlib.contextmanager
def averaged_weights(model: Any) -> Iterator[None]:
    """Inside the block the model has its averaged weights, afterwards its own; without averaging nothing happens."""
    averaged = AveragedValidation()
    averaged.set_model(model)
    averaged.on_test_begin()
    try:
        yield
    finally:
        averaged.on_test_end()


class AveragedValidation(keras.callbacks.Callback):  # type: ignore[misc]
    """Validates with the averaged weights, so that what is called best is what will be saved."""

    def __init__(self) -> None:
        super().__init__()
        self._plain: list[tuple[Any, Any]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Keep Keras from ending every fit by putting the average in the place of the weights."""
        if is_averaged(self.model):
            self.model.optimizer.finalize_variable_values = lambda _: None

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Put the average in the place of the weights."""
        pairs = _averages(self.model)
        self._plain = [(variable, keras.ops.convert_to_numpy(variable)) for variable, _ in pairs]
        for variable, average in pairs:
            variable.assign(average)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Put the weights back."""
        for variable, value in self._plain:
            variable.assign(value)
        self._plain = []

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Put the weights back where validation was left by an exception."""
        self.on_test_end()


def is_averaged(model: Any) -> bool:
    """Whether the optimizer of a compiled model averages its weights."""
    return _averaging_optimizer(model) is not None


def _averages(model: Any) -> list[tuple[Any, Any]]:
    """Each variable with its average; empty where nothing is averaged, or no step was made yet."""
    optimizer = _averaging_optimizer(model)
    if optimizer is None or not optimizer.built or int(keras.ops.convert_to_numpy(optimizer._iterations)) == 0:
        return []
    pairs = zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
    return [(variable, average) for variable, average in pairs if average is not None]


def _averaging_optimizer(model: Any) -> Any:
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # inside that of mixed_float16
    return optimizer if getattr(optimizer, "use_ema", False) else None
