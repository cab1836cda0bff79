"""One session of training: from a configuration to a trained model in the run folder."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from trainer.config.config import Config
from trainer.engine.components import build
from trainer.engine.data.load import load_data
from trainer.engine.data.prepared import PreparedData
from trainer.engine.models.build import build_model
from trainer.engine.runtime import Machine, apply_runtime, runtime_of
from trainer.engine.training.callbacks import BatchControl, EarlyStopping, ReduceOnPlateau
from trainer.engine.training.checkpointing import Checkpointer, restore_checkpoint
from trainer.engine.training.compiling import compile_model
from trainer.engine.training.control import StoppedNow, TrainingControl
from trainer.engine.training.custom_loop import CustomLoop
from trainer.engine.training.data_report import report_data
from trainer.engine.training.detection_figures import watch_task
from trainer.engine.training.fitting import OutputFit, fit_data, fit_task
from trainer.engine.training.freezing import GradualUnfreezing
from trainer.engine.training.late_data import late_data_callbacks
from trainer.engine.training.monitoring import BestFigure, is_validated, resolve_mode, resolve_monitor
from trainer.engine.training.preparing_layers import prepare_layers
from trainer.engine.training.recorder import EpochRecorder
from trainer.engine.training.replicas import distribute, train_in_shares
from trainer.engine.training.standard_loop import StandardLoop
from trainer.engine.training.variables import restore_metrics
from trainer.runs.checkpoints import CheckpointManifest
from trainer.runs.events import (
    CheckpointSaved,
    LearningRateChanged,
    ModelBuilt,
    Paused,
    Phase,
    Resumed,
    TrainingStarted,
)
from trainer.runs.folder import RunFolder
from trainer.runs.output import RunOutput


@dataclass(frozen=True, slots=True)
class StartPoint:
    """Where training starts: at the beginning, or at a checkpoint."""

    folder: Path | None = None
    manifest: CheckpointManifest | None = None

    @property
    def epoch(self) -> int:
        """Whole epochs done before."""
        return self.manifest.epoch if self.manifest else 0

    @property
    def step(self) -> int:
        """Batches done in the epoch after that."""
        return self.manifest.step if self.manifest else 0


class TrainingSession:
    """Prepares and runs one fit. The parts are attributes, for those who save and judge afterwards.

    Args:
        folder: The run folder; its `config.yaml` is `config`.
        config: The run's configuration, with absolute paths.
        control: Requests of the worker's main thread.
        output: Takes events and log lines.
        start: Where to start from.
    """

    def __init__(
        self, folder: RunFolder, config: Config, control: TrainingControl, output: RunOutput, start: StartPoint
    ) -> None:
        self.folder = folder
        self.config = config
        self.control = control
        self.output = output
        self.start = start
        self.machine = Machine("", "float32", False)
        """What is trained on, once it is chosen."""
        self.data: PreparedData | None = None
        self.model: Any = None
        self.recorder: EpochRecorder | None = None
        self.batches: BatchControl | None = None
        self.early_stopping: EarlyStopping | None = None
        self.unfreezing: GradualUnfreezing | None = None
        self.engine_callbacks: list[Any] = []
        """What changes layers, weights or the learning rate between epochs."""
        self.steps_of_fit = 0
        """Steps of each epoch of the fit that is running; fewer than usual where an epoch is continued."""
        self.all_callbacks: list[Any] = []
        """Callbacks of the fit, once it has begun."""
        self.ended_because = ""
        """Why training ended before its last epoch, where neither a stop nor early stopping ended it."""
        self.is_state_saved = False
        """Whether the state at the end was saved; from then on the model may hold its best weights."""
        self.checkpointer = Checkpointer(folder.checkpoints_path, self._checkpoint_saved, self._checkpoint_failed)
        self._fit = OutputFit("softmax", one_hot=False)

    @property
    def output_fit(self) -> OutputFit:
        """What the loss needs of labels and output layer."""
        return self._fit

    @property
    def steps_per_epoch(self) -> int:
        """Batches of a whole epoch."""
        assert self.data is not None
        steps = self.data.train.num_batches(self.config.data.batch_size)
        most = self.config.training.max_train_batches
        return min(steps, most) if most else steps

    def prepare(self) -> None:
        """Read the data, build and compile the model, set up the callbacks.

        Raises:
            GardenerError: The data, the configuration or the user's code does not allow it.
            StoppedNow: A stop was asked for meanwhile.
        """
        self.machine = apply_runtime(runtime_of(self.config, self.output), self.output)
        self._fit = fit_task(self.config, self.folder.functions_path)
        self._load_data()
        self._check_stop()
        with self.machine.scope():
            self._build_model()
            self._check_stop()
            self._compile()
            self._set_up_callbacks()
        self._check_stop()

    def train(self) -> None:
        """Run the fit to its end.

        Raises:
            StoppedNow: 'Stop now' or 'discard' was asked for.
            LossNotFinite: The loss became NaN or infinite.
        """
        with self.machine.scope(), self._user_callbacks():
            self._announce()
            loop = StandardLoop(self) if self.config.training.training_loop is None else CustomLoop(self)
            loop.run()

    # ---------------------------------------------------------------- preparation

    def _load_data(self) -> None:
        self.output.phase(Phase.READING_DATA)
        self.output.log("TRAINING", "Loading datasets...")
        self.data = data = load_data(
            self.config,
            self.folder.path,
            self.folder.functions_path,
            _Interruptible(self.output, self.control),
            one_hot=self._fit.one_hot,
        )
        self.engine_callbacks += late_data_callbacks(data)
        self._fit = fit_data(self._fit, self.config, data.target_kind, len(data.class_names))
        report_data(data, self.folder, self.output)

    def _build_model(self) -> None:
        assert self.data is not None
        self.output.phase(Phase.BUILDING_MODEL)
        self.output.log("MODEL", "Building model...")
        self.model = build_model(
            self.config,
            self.data,
            self._fit,
            self.folder.functions_path,
            log=functools.partial(self.output.log, "MODEL"),
        )
        prepare_layers(self)
        count = self.model.count_params()
        trainable = sum(int(keras.ops.size(weight)) for weight in self.model.trainable_weights)
        self.output.log("MODEL", f"Model built successfully: {self.model.name}")
        self.output.log("MODEL", f"Model parameters: {count:,}")
        self.output.emit(ModelBuilt(name=self.model.name, num_parameters=count, num_trainable_parameters=trainable))

    def _compile(self) -> None:
        self.output.phase(Phase.COMPILING)
        compile_model(self)
        if self.machine.num_replicas > 1 or self.config.training.training_loop is not None:
            self._build_metrics()
            self.model.reset_metrics()
        if self.machine.num_replicas > 1:
            train_in_shares(self.model)
        self.output.log("MODEL", "Model compiled successfully")

    def _set_up_callbacks(self) -> None:
        assert self.data is not None
        self.output.log("TRAINING", "Setting up callbacks...")
        training, has_validation = self.config.training, self.data.validation is not None
        preferred = watch_task(self)
        monitor = resolve_monitor(self.config.checkpoints.monitor, has_validation=has_validation, preferred=preferred)
        best = BestFigure(monitor, resolve_mode(self.config.checkpoints.mode, monitor))
        self.recorder = EpochRecorder(
            self.config, best, self.output, self.control, self.checkpointer, self.folder.history_csv_path
        )
        self.batches = BatchControl(
            self.control,
            self._emit_batches,
            steps_per_epoch=self.steps_per_epoch,
            batch_size=self.config.data.batch_size,
            first_step=self.start.step,
            stop_on_nan=training.stop_on_nan,
            steps_per_execution=training.steps_per_execution,
            save_state=self.recorder.save_now,
            hold=self._hold,
        )
        validated = functools.partial(is_validated, training)
        if training.early_stopping.enabled:
            self.early_stopping = EarlyStopping(
                training.early_stopping,
                has_validation=has_validation,
                is_validated=validated,
                preferred=preferred,
            )
            self.recorder.remembering.append(self.early_stopping)
        if training.reduce_on_plateau.enabled:
            plateau = ReduceOnPlateau(
                training.reduce_on_plateau,
                has_validation=has_validation,
                changed=self._learning_rate_changed,
                is_validated=validated,
                preferred=preferred,
            )
            self.recorder.remembering.append(plateau)
        self._restore()

    def _restore(self) -> None:
        assert self.recorder is not None
        folder, manifest = self.start.folder, self.start.manifest
        if folder is None or manifest is None:
            return
        history = restore_checkpoint(folder, manifest, self.model, self.recorder.remembering)
        spent = float(manifest.callbacks.get("recorder", {}).get("epoch_spent_s", 0.0)) if manifest.step else 0.0
        self.recorder.resume(history, manifest.epoch, spent)
        if manifest.step:
            self._build_metrics()
            self.recorder.restore_metrics = lambda: restore_metrics(self.model, folder)
        self.output.log("TRAINING", f"Continuing after epoch {manifest.epoch}, batch {manifest.step}")

    def _build_metrics(self) -> None:
        """Keras makes the variables of metrics at the first batch; restoring needs them before."""
        assert self.data is not None
        if self.data.target_kind not in ("classes", "label_sets", "masks") or self.config.training.outputs:
            inputs, labels, *weights = next(iter(self.train_dataset(0, 0, whole=True).take(1)))
            self.model.test_on_batch(inputs, labels, *weights)
            return
        pixels = self.model.output_shape[1:3] if self.data.target_kind == "masks" else ()
        scores = keras.ops.zeros((1, *pixels, len(self.data.class_names)))
        labels = scores if self._fit.one_hot else keras.ops.zeros((1, *pixels), "int32")
        self.model.compute_metrics(None, labels, scores)

    # ---------------------------------------------------------------- training

    def _callbacks(self) -> list[Any]:
        assert self.recorder is not None and self.batches is not None
        own = [item for item in self.recorder.remembering if item is not self.recorder]
        summaries = []
        if self.config.output.tensorboard:
            from trainer.engine.training.summaries import EpochSummaries

            summaries.append(EpochSummaries(self.folder.tensorboard_path))
        return [self.batches, *self.engine_callbacks, *self._chosen_callbacks, *own, *summaries, self.recorder]

    @contextlib.contextmanager
    def _user_callbacks(self) -> Iterator[None]:
        """Build the chosen callbacks, and let them end properly when training is left by an exception."""
        functions = self.folder.functions_path
        self._chosen_callbacks = [build("callback", item, functions) for item in self.config.training.callbacks]
        self.all_callbacks = self._callbacks()
        self.output.log("TRAINING", f"Setup {len(self.all_callbacks)} callbacks for training")
        try:
            yield
        except BaseException:
            for callback in self.all_callbacks:
                with contextlib.suppress(Exception):
                    callback.on_train_end()
            raise

    def _announce(self) -> None:
        assert self.recorder is not None and self.data is not None
        steps, epochs = self.steps_per_epoch, self.config.training.epochs
        self.output.emit(
            TrainingStarted(
                epochs=epochs,
                steps_per_epoch=steps,
                batch_size=self.config.data.batch_size,
                initial_epoch=self.start.epoch,
                initial_step=min(self.start.step, steps),
                monitor=self.recorder.best.monitor,
                mode=self.recorder.best.mode,
                device=self.machine.description,
            )
        )
        kind = "standard" if self.config.training.training_loop is None else "custom"
        self.output.log("TRAINING", f"Starting {kind} training for {epochs} epoch{'' if epochs == 1 else 's'}")
        self.output.phase(Phase.FIRST_BATCH)
        self._is_first_batch = True

    # ---------------------------------------------------------------- data

    def train_dataset(self, epoch: int, step: int, *, whole: bool = False) -> Any:
        """Batches of the training data from a batch of an epoch on, without end.

        They are divided among the devices unless they are to stay `whole`.
        """
        assert self.data is not None
        data = self.config.data
        dataset = self.data.train.dataset(
            batch_size=data.batch_size,
            epoch=epoch,
            step=step,
            shuffle=data.shuffle,
            seed=self.config.runtime.seed,
            augmentation=data.augmentation,
            one_hot=self._fit.one_hot,
            repeat=True,
            max_batches=self.config.training.max_train_batches,
        )
        return dataset if whole else self._divided(dataset)

    def validation_dataset(self, *, whole: bool = False) -> Any:
        """The validation data once, or `None` without any."""
        assert self.data is not None
        return None if self.data.validation is None else self.evaluation_dataset(self.data.validation, whole=whole)

    def evaluation_dataset(self, split: Any, *, whole: bool = False) -> Any:
        """All samples of a split once, in order, as they are."""
        dataset = split.dataset(
            batch_size=self.config.data.batch_size,
            shuffle=False,
            seed=self.config.runtime.seed,
            augmentation=None,
            one_hot=self._fit.one_hot,
            repeat=False,
        )
        return dataset if whole else self._divided(dataset)

    def _divided(self, dataset: Any) -> Any:
        return distribute(dataset, self.machine.strategy) if self.machine.num_replicas > 1 else dataset

    # ---------------------------------------------------------------- reactions

    def _emit_batches(self, event: Any) -> None:
        if self._is_first_batch:
            self._is_first_batch = False
            self.output.phase(Phase.TRAINING)
        self.output.emit(event)

    def _hold(self, epoch: int, step: int) -> None:
        assert self.recorder is not None
        self.recorder.save_now(epoch, step)
        self.output.log("TRAINING", f"Paused in epoch {epoch} after batch {step}")
        self.output.emit(Paused(epoch=epoch, step=step))
        self.control.wait_while_paused()
        if not self.control.stop:
            self.output.log("TRAINING", "Resumed")
        self.output.emit(Resumed())

    def _learning_rate_changed(self, rate: float, cause: str) -> None:
        self.output.log("TRAINING", f"Learning rate lowered to {rate:.3g}: {cause}")
        self.output.emit(LearningRateChanged(learning_rate=rate, cause=cause))

    def _checkpoint_saved(self, name: str, epoch: int, step: int) -> None:
        self.output.emit(CheckpointSaved(name=name, epoch=epoch, step=step))

    def _checkpoint_failed(self, message: str) -> None:
        self.output.notice("error", message)

    def _check_stop(self) -> None:
        if self.control.stop:
            raise StoppedNow


class _Interruptible:
    """A reporter under which a long preparation can be stopped."""

    def __init__(self, output: RunOutput, control: TrainingControl) -> None:
        self._output = output
        self._control = control
        self.log = output.log
        self.notice = output.notice

    def progress(self, done: int, total: int, unit: str = "") -> None:
        """Pass progress on.

        Raises:
            StoppedNow: A stop was asked for.
        """
        self._output.progress(done, total, unit)
        if self._control.stop:
            raise StoppedNow
