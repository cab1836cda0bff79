"""Trains with a person's own loop, `custom_training_loop(model, train_dataset, val_dataset, epochs, callbacks)`."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from trainer.engine.components import find_object
from trainer.engine.training.loop_context import GivenCallbacks, LoopContext
from trainer.engine.training.loop_epochs import LoopEpochs, LoopOver
from trainer.engine.training.loop_passes import EpochPasses, stoppable
from trainer.engine.user_errors import misfit, user_code

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession


class CustomLoop:
    """Calls the loop that the configuration names and keeps it under control.

    Args:
        session: A prepared session.
    """

    def __init__(self, session: TrainingSession) -> None:
        chosen = session.config.training.training_loop
        assert chosen is not None
        self._session = session
        self._chosen = chosen
        self._file = str(chosen.file)
        self._epochs = LoopEpochs(session)
        self._passes = EpochPasses(
            lambda epoch, step: session.train_dataset(epoch, step, whole=True), session.steps_per_epoch, self._epochs
        )

    def run(self) -> None:
        """Train until the loop returns or is to end.

        Raises:
            StoppedNow: 'Stop now' or 'discard' was asked for.
            LossNotFinite: The loss became NaN or infinite.
            UserCodeError: The loop cannot be called as it is to be, or returned without training.
        """
        self._epochs.begin()
        if self._epochs.epoch >= self._session.config.training.epochs:
            self._epochs.finish(None)
            return
        found, call = self._prepared()
        self._session.output.log("TRAINING", f"Training with {self._chosen.name} of {self._file}")
        result = self._call(call)
        if not self._epochs.finish(result):
            raise misfit(
                "The training loop returned without having trained: no weight of the model changed.", self._file, found
            )
        if self._epochs.epoch < self._session.config.training.epochs:
            self._session.ended_because = "the training loop returned."

    def _call(self, call: Any) -> Any:
        try:
            result = call()
        except BaseException as error:
            self._raise_what_ended_it(error)
            return None
        self._raise_what_ended_it(None)
        return result

    def _raise_what_ended_it(self, error: BaseException | None) -> None:
        self._epochs.settle_position()
        if isinstance(self._epochs.left_by, LoopOver):
            return
        cause = self._epochs.left_by or self._passes.failure
        if cause is not None and cause is not error:
            raise cause from error
        if error is not None:
            raise error

    def _prepared(self) -> tuple[Any, Any]:
        """The function or class as it is written, and what to call without arguments."""
        session, chosen = self._session, self._chosen
        found: Any = find_object("training_loop", chosen, session.folder.functions_path)
        own: dict[str, Any] = dict(chosen.arguments)
        target = found
        if inspect.isclass(found):
            with user_code(self._file, chosen.name, found):
                target, own = found(**own), {}
        given = self._given(target) | own
        try:
            inspect.signature(target).bind(**given)
        except TypeError as error:
            raise misfit(
                "A training loop is called with model, train_dataset, val_dataset, epochs and callbacks by name, and "
                f"with its own arguments: {error}.",
                self._file,
                found,
            ) from error
        return found, lambda: target(**given)

    def _given(self, target: Any) -> dict[str, Any]:
        session = self._session
        validation = session.validation_dataset(whole=True)
        given: dict[str, Any] = {
            "model": session.model,
            "train_dataset": self._passes.dataset(is_whole=session.start.step == 0),
            "val_dataset": stoppable(validation, self._epochs.before_validation_batch) if validation else None,
            "epochs": session.config.training.epochs - self._epochs.epoch,
            "callbacks": GivenCallbacks(session.model, self._epochs),
        }
        if "context" in inspect.signature(target).parameters:
            given["context"] = LoopContext(session, self._epochs)
        return given
