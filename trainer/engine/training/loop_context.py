"""What a user's own training loop is given besides the data: callbacks, and a context for those who ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras

if TYPE_CHECKING:
    from trainer.engine.training.loop_epochs import LoopEpochs
    from trainer.engine.training.session import TrainingSession


class LoopContext:
    """Passed to a training loop that has an argument named `context`. Using it is never needed."""

    def __init__(self, session: TrainingSession, epochs: LoopEpochs) -> None:
        self._session = session
        self._epochs = epochs

    @property
    def stop_requested(self) -> bool:
        """Whether the loop should end: the person asked for it, or a callback such as early stopping did."""
        return bool(self._session.control.stop) or bool(self._session.model.stop_training)

    @property
    def initial_epoch(self) -> int:
        """Whole epochs that earlier sessions of the run did; 0 unless it was continued."""
        return self._session.start.epoch

    @property
    def epoch(self) -> int:
        """The epoch of the run that is being trained, from 1."""
        return self._epochs.epoch + 1

    @property
    def steps_per_epoch(self) -> int:
        """Batches of a whole epoch."""
        return self._session.steps_per_epoch

    @property
    def batch_size(self) -> int:
        """Samples per batch; the last batch of an epoch may have fewer."""
        return self._session.config.data.batch_size

    @property
    def strategy(self) -> Any:
        """The `tf.distribute.Strategy`; TensorFlow's default one, with a single copy, on one device."""
        import tensorflow as tf

        return self._session.machine.strategy or tf.distribute.get_strategy()

    @property
    def learning_rate(self) -> float:
        """The present learning rate of `model.optimizer`."""
        return float(keras.ops.convert_to_numpy(self._session.model.optimizer.learning_rate))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Classes by label."""
        assert self._session.data is not None
        return self._session.data.class_names

    def report(self, logs: Mapping[str, Any], epoch: int | None = None) -> None:
        """Give figures of the present epoch, such as `{"loss": 0.5, "val_loss": 0.6}`.

        Args:
            logs: Numbers or scalar tensors by name; validation figures begin with `val_`.
            epoch: The loop's own count, for the reader of the loop; the present epoch is known anyway.

        Raises:
            TypeError: `logs` is no dictionary of numbers.
        """
        del epoch
        self._epochs.report(logs)

    def log(self, text: str) -> None:
        """Write a line to the run's log."""
        self._session.output.log("LOOP", str(text))


class _Bridge(keras.callbacks.Callback):  # type: ignore[misc]
    """Stands for all callbacks of the run. What it is told is counted once, at the right epoch."""

    def __init__(self, epochs: LoopEpochs) -> None:
        super().__init__()
        self._epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        self._epochs.epoch_begun_by_loop()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        self._epochs.epoch_ended_by_loop(logs)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        self._epochs.batch_ended_by_loop(logs)

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._epochs.test_event("on_test_begin", logs)

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._epochs.test_event("on_test_batch_end", batch, logs)

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._epochs.test_event("on_test_end", logs)


class GivenCallbacks(list[Any]):
    """The callbacks that a loop gets: a list for `model.fit`, which can also be called itself.

    `callbacks.on_epoch_end(epoch, logs)` and `for callback in callbacks: callback.on_epoch_end(epoch, logs)` do the
    same. One callback in it stands for all of the run, so that nothing is counted twice.
    """

    def __init__(self, model: Any, epochs: LoopEpochs) -> None:
        bridge = _Bridge(epochs)
        bridge.set_model(model)
        super().__init__([bridge])

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("on_", "set_")):
            return getattr(self[0], name)
        raise AttributeError(f"The callbacks have no {name!r}; they have on_epoch_end, on_train_batch_end and so on.")
