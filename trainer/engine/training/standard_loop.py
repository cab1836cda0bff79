"""Keras' `fit` over the epochs that are left, from any batch on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras

from trainer.engine.training.callbacks import plain_metrics
from trainer.engine.training.monitoring import is_validated
from trainer.engine.training.step_function import make_train_function

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession


class StandardLoop:
    """Trains the session's model with `model.fit`.

    Args:
        session: A prepared session.
    """

    def __init__(self, session: TrainingSession) -> None:
        self._session = session
        self._training = session.config.training

    def run(self) -> None:
        """Train until all epochs are done or the model is told to stop.

        Raises:
            StoppedNow: 'Stop now' or 'discard' was asked for.
            LossNotFinite: The loss became NaN or infinite.
        """
        session = self._session
        steps = session.steps_per_epoch
        epochs = session.config.training.epochs
        epoch, step = session.start.epoch, session.start.step
        if step >= steps:
            self._finish_epoch(epoch)
            epoch, step = epoch + 1, 0
        elif step > 0:
            self._fit(epoch, step, epoch + 1, steps - step)
            epoch, step = epoch + 1, 0
        if epoch < epochs and not session.model.stop_training:
            self._fit(epoch, step, epochs, steps)

    def _fit(self, epoch: int, step: int, last_epoch: int, steps: int) -> None:
        session = self._session
        session.steps_of_fit = steps
        if session.config.training.steps_per_execution > 1:
            make_train_function(session.model, steps)
        session.model.fit(
            session.train_dataset(epoch, step),
            validation_data=session.validation_dataset(),
            validation_freq=self._validated_epochs(),
            initial_epoch=epoch,
            epochs=last_epoch,
            steps_per_epoch=steps,
            callbacks=session.all_callbacks,
            shuffle=False,
            verbose=0,
        )

    def _validated_epochs(self) -> int | list[int]:
        training = self._training
        if training.validate_every_epochs == 1:
            return 1
        return [epoch for epoch in range(1, training.epochs + 1) if is_validated(training, epoch)]

    def _finish_epoch(self, epoch: int) -> None:
        """All batches of the epoch were done when it was stopped; only its validation is left."""
        session = self._session
        callbacks = keras.callbacks.CallbackList(session.all_callbacks, model=session.model)
        callbacks.on_train_begin()
        callbacks.on_epoch_begin(epoch)
        logs: dict[str, Any] = plain_metrics(session.model.get_metrics_result())
        validation = session.validation_dataset()
        if validation is not None and is_validated(self._training, epoch + 1):
            figures = session.model.evaluate(validation, verbose=0, return_dict=True, callbacks=callbacks)
            logs |= {f"val_{name}": value for name, value in figures.items()}
        callbacks.on_epoch_end(epoch, logs)
        callbacks.on_train_end(logs)
