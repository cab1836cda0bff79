"""The epochs of a user's own loop: opened and closed by what the loop does, whether it calls callbacks or not.

A pass over the training data is an epoch. It is closed when the loop says so with `on_epoch_end`, and otherwise when
the next pass begins or the loop returns. A pass in which no weight changed is a look at the data and no epoch.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import keras

from trainer.engine.training.control import LossNotFinite, StoppedNow
from trainer.engine.training.loop_figures import LoopFigures

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession

_FEW_BATCHES = 4
_DRAIN_S = 10.0
_LOOK_AGAIN_S = 0.01


class LoopOver(Exception):  # noqa: N818
    """Leaves a user's loop between two epochs: it is to stop after the epoch, or all epochs are done."""


class LoopEpochs:
    """Follows a user's loop, records its epochs and obeys requests at every batch.

    Its methods are called from the thread of the loop and from TensorFlow's threads that read the data.

    Args:
        session: A prepared session whose callbacks are set up.
    """

    def __init__(self, session: TrainingSession) -> None:
        assert session.recorder is not None and session.batches is not None
        self._session = session
        self._model = session.model
        self._control = session.control
        self._recorder = session.recorder
        self._batches = session.batches
        self._callbacks = keras.callbacks.CallbackList(session.all_callbacks, model=session.model)
        self._figures = LoopFigures(session, self._callbacks)
        self._is_open = False
        self._is_told = False
        self._base = 0
        self._taken = 0
        self._captured = 0
        self._iterations = 0
        self._reset_metrics: Callable[[], None] = session.model.reset_metrics
        self._mark: tuple[int, tuple[float, ...]] = (0, ())
        self._start_mark: tuple[int, tuple[float, ...]] = (0, ())
        self._batch_logs: dict[str, float] = {}
        self._has_warned = False
        self.left_by: BaseException | None = None
        """What ended the loop from here, whatever the loop made of it."""

    @property
    def epoch(self) -> int:
        """The epoch that is being trained, from 0."""
        return self._recorder.epochs_done

    @property
    def _epochs(self) -> int:
        return self._session.config.training.epochs

    def begin(self) -> None:
        """Training begins."""
        self._model.stop_training = False
        self._mark = self._start_mark = self._weights_mark()
        self._callbacks.on_train_begin()
        self._reset_metrics = self._model.reset_metrics
        self._model.reset_metrics = self._metrics_reset_by_loop
        if self._session.start.step >= self._session.steps_per_epoch:
            self._open()
            self._close()

    def finish(self, result: Any) -> bool:
        """The loop has returned `result`; returns whether it trained at all.

        Raises:
            StoppedNow: 'Stop now' or 'discard' was asked for inside an epoch.
        """
        self._model.reset_metrics = self._reset_metrics
        if not self._is_open and self._recorder.epochs_done == self._session.start.epoch and self._has_trained():
            self._open()
        if self._is_open and self._has_trained():
            self._settle()
            if self._control.stop in ("now", "discard"):
                raise StoppedNow
            self._figures.take_result(result)
            self._close()
        self._callbacks.on_train_end()
        return self._weights_mark() != self._start_mark or self._recorder.epochs_done > self._session.start.epoch

    # ---------------------------------------------------------------- told by the data

    def begin_pass(self) -> tuple[int, int]:
        """A pass begins; returns the epoch and the batch of it to begin with."""
        with self._leaving():
            if self._is_open and not self._is_told and self._has_trained():
                self._settle()
                self._close()
            self._begin_epoch()
            if not self._is_open:
                self._mark = self._weights_mark()
            self._taken = self._captured = 0
            self._iterations = self._optimizer_steps()
            self._batches.step = self._base
        return self.epoch, self._base

    def before_batch(self) -> None:
        """The next batch is asked for, so the ones before are done."""
        with self._leaving():
            if self._is_open:
                self._settle()
                self._require_go_on()
                self._callbacks.on_train_batch_begin(self._taken)
            elif self._taken == 1:
                self._refuse_more_epochs()
            self._taken += 1

    def end_pass(self) -> None:
        """All batches of the pass are done."""
        with self._leaving():
            if self._is_open:
                self._drain()
                self._settle()
                self._captured = self._taken
                self._figures.take_training()
            else:
                self._refuse_more_epochs()

    def before_validation_batch(self) -> None:
        """'Stop now' does not wait for the rest of a validation."""
        with self._leaving():
            self._require_go_on()

    # ---------------------------------------------------------------- told by the loop

    def epoch_begun_by_loop(self) -> None:
        """The loop called `on_epoch_begin`."""
        with self._leaving():
            self._is_told = True
            self._begin_epoch()

    def epoch_ended_by_loop(self, logs: Mapping[str, Any] | None) -> None:
        """The loop called `on_epoch_end`."""
        with self._leaving():
            self._is_told = True
            self._figures.report(logs or {})
            if self._is_open:
                self._settle()
                self._close()

    def batch_ended_by_loop(self, logs: Mapping[str, Any] | None) -> None:
        """The loop called `on_train_batch_end`."""
        with self._leaving():
            self._batch_logs = self._figures.plain(logs or {})
            if self._is_open:
                self._settle()

    def _metrics_reset_by_loop(self) -> None:
        """Metrics are reset, so what they hold is over: training, or a validation after it."""
        if self._is_open and self._taken > self._captured:
            self._captured = self._taken
            self._figures.take_training()
        self._reset_metrics()

    def test_event(self, name: str, *arguments: Any) -> None:
        """The loop, or a `fit` inside it, called `on_test_...`."""
        with self._leaving():
            getattr(self._callbacks, name)(*arguments)

    def report(self, logs: Mapping[str, Any]) -> None:
        """The loop reported figures of the epoch."""
        self._figures.report(logs)

    # ---------------------------------------------------------------- epochs

    @contextlib.contextmanager
    def _leaving(self) -> Iterator[None]:
        """What is raised here ends the loop, even where the loop or TensorFlow makes something else of it."""
        if self.left_by is not None:
            raise self.left_by
        try:
            yield
        except BaseException as error:
            self.left_by = error
            raise

    def _begin_epoch(self) -> None:
        if self._is_open or self._recorder.epochs_done >= self._epochs:
            return
        if self._model.stop_training or self._control.stop == "after_epoch":
            raise LoopOver
        self._open()

    def _open(self) -> None:
        start = self._session.start
        self._base = min(start.step, self._session.steps_per_epoch) if self.epoch == start.epoch else 0
        self._taken = self._captured = 0
        self._mark = self._weights_mark()
        self._iterations = self._mark[0]
        self._figures.begin_epoch()
        self._callbacks.on_epoch_begin(self.epoch)
        self._is_open = True

    def _close(self) -> None:
        self._warn_of_own_optimizer()
        logs = self._figures.of_epoch(self.epoch)
        loss = logs.get("loss", 0.0)
        if self._session.config.training.stop_on_nan and not math.isfinite(loss):
            raise LossNotFinite("loss", loss, self._batches.epoch, self._batches.step)
        self._is_open = False
        self._callbacks.on_epoch_end(self.epoch, logs)

    def _refuse_more_epochs(self) -> None:
        """After the last epoch the data may be looked at, but not trained on."""
        if self._has_trained():
            self._session.output.log("TRAINING", "The training loop went on after its last epoch and was ended")
            raise LoopOver

    def _warn_of_own_optimizer(self) -> None:
        if not self._has_warned and self._optimizer_steps() == self._mark[0] and self._has_trained():
            self._has_warned = True
            self._session.output.notice(
                "warning",
                "The training loop changes the weights with an optimizer of its own. Checkpoints hold only the state "
                "of model.optimizer, so Continue starts the loop's own one anew.",
            )

    # ---------------------------------------------------------------- batches

    def _settle(self) -> None:
        """Tell of the batches that were done since the last time, and obey."""
        if self._control.is_pending:
            self._drain()
        done = self._base + self._num_done()
        if self._batches.step >= done:
            return
        self._batches.step = done - 1
        logs, self._batch_logs = self._batch_logs or self._running_logs(), {}
        self._callbacks.on_train_batch_end(done - 1 - self._base, logs)

    def settle_position(self) -> None:
        """After the loop was left: how many batches it really did, where the data was read ahead."""
        if self._is_open and self._session.machine.num_replicas > 1:
            self._batches.step = max(self._batches.step, self._base + self._num_done())

    def _running_logs(self) -> dict[str, float]:
        return self._figures.running() if self._batches.is_report_due else {}

    def _num_done(self) -> int:
        """Batches of this pass that were trained on; with several devices they are read ahead."""
        if self._session.machine.num_replicas == 1:
            return self._taken
        steps = self._optimizer_steps() - self._iterations
        return min(steps, self._taken) if steps or self._taken <= _FEW_BATCHES else self._taken

    def _drain(self) -> None:
        """Wait until what was read ahead is trained on, so that the state is that after a whole batch."""
        if self._session.machine.num_replicas == 1 or not self._taken:
            return
        deadline_s, never = time.monotonic() + _DRAIN_S, threading.Event()
        while self._optimizer_steps() - self._iterations < self._taken and time.monotonic() < deadline_s:
            never.wait(_LOOK_AGAIN_S)

    def _require_go_on(self) -> None:
        if self._control.is_pending and self._control.stop in ("now", "discard"):
            raise StoppedNow

    def _optimizer_steps(self) -> int:
        optimizer = self._model.optimizer
        done = int(keras.ops.convert_to_numpy(optimizer.iterations))
        return done * int(getattr(optimizer, "gradient_accumulation_steps", None) or 1)

    def _weights_mark(self) -> tuple[int, tuple[float, ...]]:
        sums = tuple(float(keras.ops.sum(variable)) for variable in self._model.trainable_variables)
        return self._optimizer_steps(), sums

    def _has_trained(self) -> bool:
        """Whether a weight changed since the epoch began."""
        steps, _ = self._mark
        return self._optimizer_steps() != steps or self._weights_mark() != self._mark
