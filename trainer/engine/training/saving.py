"""What a session leaves in its run folder: models, history, curves, final figures."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from trainer.engine.models.detection.detector import BoxDetector
from trainer.engine.training.averaging import averaged_weights
from trainer.engine.training.callbacks import BatchControl, plain_metrics
from trainer.engine.training.checkpointing import STATE_FILE
from trainer.engine.training.detection_figures import detection_figures
from trainer.engine.training.late_data import end_late_data
from trainer.engine.training.model_input import model_input
from trainer.engine.training.outputs import output_names
from trainer.engine.training.recorder import EpochRecorder
from trainer.engine.training.variables import restore_snapshot, take_snapshot
from trainer.runs.atomic import write_atomically
from trainer.runs.checkpoints import find_checkpoint
from trainer.runs.events import Evaluated, Phase

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession

MODEL_INFO_NAME = "model.json"


def save_results(
    session: TrainingSession, *, stopped_early: bool, inside_epoch: tuple[int, int] | None = None
) -> tuple[str, ...]:
    """Save the state, the final and the best model, history and curves; look at the test data.

    Args:
        session: A session that trained at least one batch.
        stopped_early: Whether early stopping ended it.
        inside_epoch: Epoch (from 1) and batches done in it, when it was stopped there.

    Returns:
        What is on disk, relative to the run folder.
    """
    saver = _Saver(session)
    saver.save_state(inside_epoch)
    session.is_state_saved = True
    restore_best = session.config.training.early_stopping
    use_best = restore_best.enabled and restore_best.restore_best_weights and not session.control.stop
    saver.save_models(final_is_best=use_best)
    saver.write_history(stopped_early)
    if inside_epoch is None and not session.control.stop:
        saver.evaluate_test()
    if session.data is not None:
        end_late_data(session.data)
    return tuple(saver.saved)


def save_what_there_is(session: TrainingSession | None, *, with_state: bool) -> tuple[str, ...]:
    """After a failure, save what can be saved; never raises.

    Args:
        session: The failed session, if it came that far.
        with_state: Save the state at the failing batch too; not after a loss that is no number.
    """
    if session is None or session.recorder is None or session.batches is None or session.batches.epoch == 0:
        return ()
    saver = _Saver(session)
    position = _position(session.recorder, session.batches)
    at_start = position == (session.start.epoch + 1, session.start.step)
    with_state = with_state and not session.is_state_saved and not at_start
    steps: list[Callable[[], None]] = [lambda: saver.save_state(position)] if with_state else []
    steps += [lambda: saver.write_history(False), saver.save_best_only, saver.list_checkpoints]
    for step in steps:
        try:
            step()
        except Exception as error:
            session.output.notice("error", f"Not everything could be saved: {error}")
    return tuple(dict.fromkeys(saver.saved))


def _position(recorder: EpochRecorder, batches: BatchControl) -> tuple[int, int]:
    """Epoch, from 1, and batches done in it; an epoch that was recorded is over."""
    done = recorder.epochs_done
    return (done + 1, 0) if done >= batches.epoch else (batches.epoch, batches.step)


class _Saver:
    def __init__(self, session: TrainingSession) -> None:
        assert session.recorder is not None
        self._session = session
        self._recorder = session.recorder
        self._folder = session.folder
        self.saved: list[str] = []

    def save_state(self, inside_epoch: tuple[int, int] | None) -> None:
        """Save `last` unless the state at the end of this epoch was saved already."""
        if inside_epoch is not None:
            self._recorder.save_now(*inside_epoch)
        else:
            self._session.checkpointer.wait()
            found = find_checkpoint(self._folder.checkpoints_path, "last")
            if found is None or found[1].epoch != self._recorder.epochs_done or found[1].step:
                self._recorder.save_now(self._recorder.epochs_done + 1, 0)
        self.list_checkpoints()

    def list_checkpoints(self) -> None:
        """Name the checkpoints that are on disk."""
        self._session.checkpointer.wait()
        if self._folder.checkpoints_path.is_dir():
            names = sorted(path.name for path in self._folder.checkpoints_path.iterdir() if path.name[0] != ".")
            self.saved += [f"checkpoints/{name}" for name in names]

    def save_models(self, *, final_is_best: bool) -> None:
        """Write `final.keras` and `best.keras`."""
        model = self._session.model
        best = find_checkpoint(self._folder.checkpoints_path, "best")
        if not (final_is_best and best):
            self._save_model("final.keras")
        if best is None:
            return
        current = take_snapshot(model, with_training_state=False)
        restore_snapshot(model, best[0] / STATE_FILE)
        self._save_model("best.keras")
        if final_is_best:
            self._save_model("final.keras")
            return
        for variable, value in zip(model.variables, current.values(), strict=True):
            variable.assign(value)

    def save_best_only(self) -> None:
        """Write `best.keras` from its checkpoint, if there is one."""
        best = find_checkpoint(self._folder.checkpoints_path, "best")
        if best is not None:
            restore_snapshot(self._session.model, best[0] / STATE_FILE)
            self._save_model("best.keras")

    def _save_model(self, name: str) -> None:
        folder = self._folder.model_path
        folder.mkdir(exist_ok=True)
        aside = folder / f".{name.removesuffix('.keras')}.{os.getpid()}.keras"
        try:
            with averaged_weights(self._session.model):
                name = self._write_model(aside, name)
            aside.with_name(f"{aside.stem}{_ending(name)}").replace(folder / name)
        finally:
            aside.unlink(missing_ok=True)
        self._write_model_info(folder)
        self.saved.append(f"model/{name}")
        self._session.output.log("MODEL", f"Saved model/{name}")

    def _write_model(self, aside: Path, name: str) -> str:
        """Save the network, or only its weights where a user's class cannot be saved; returns the file's name."""
        try:
            _bare(self._session.model).save(aside)
        except (NotImplementedError, TypeError, ValueError) as error:
            if self._session.config.model.architecture.file is None:
                raise
            first_line = str(error).strip().splitlines()[0]
            self._session.output.notice(
                "warning",
                f"The model cannot be saved whole, so its weights are saved: {first_line} A class of your own needs a "
                "get_config() that returns the arguments of its __init__.",
            )
            name = f"{name.removesuffix('.keras')}{_WEIGHTS_ENDING}"
            self._session.model.save_weights(aside.with_name(f"{aside.stem}{_WEIGHTS_ENDING}"))
        return name

    def _write_model_info(self, folder: Path) -> None:
        data, config = self._session.data, self._session.config
        assert data is not None
        architecture = config.model.architecture
        info = {
            "class_names": list(data.class_names),
            "input": model_input(config, data),
            "output": {"activation": self._session.output_fit.activation},
        }
        if config.training.outputs:
            info["output"] = {"names": list(output_names(self._session.model))}
        if architecture.file is not None:
            info["code"] = {"file": architecture.file, "name": architecture.name}
        write_atomically(folder / MODEL_INFO_NAME, json.dumps(info, indent=2).encode())

    def write_history(self, stopped_early: bool) -> None:
        """Write `history.csv`, `history.json` and `curves.png`."""
        history, best = self._recorder.history, self._recorder.best
        if not history.rows:
            return
        history.write_csv(self._folder.history_csv_path)
        history.write_json(self._folder.history_json_path, self._result(stopped_early))
        self.saved += ["history.csv", "history.json"]
        history.draw_curves(self._folder.curves_path, best.epoch or None)
        self.saved.append("curves.png")

    def _result(self, stopped_early: bool) -> dict[str, Any]:
        """The result dictionary: what was trained, for how long, and how well."""
        history, best = self._recorder.history, self._recorder.best
        accuracy = [v for v in history.series("val_accuracy") if v == v]
        accuracy = accuracy or [v for v in history.series("accuracy") if v == v]
        return {
            "epochs_trained": len(history.rows),
            "best_epoch": best.epoch or None,
            "best_monitor": best.monitor,
            "best_value": best.value,
            "best_accuracy": max(accuracy) if accuracy else None,
            "training_time": sum(history.series("duration_s")),
            "stopped_early": stopped_early,
            "experiment_dir": str(self._folder.path),
        }

    def evaluate_test(self) -> None:
        """Report the figures of the best model on the test data, if there is any."""
        session = self._session
        assert session.data is not None
        if session.data.test is None:
            return
        session.output.phase(Phase.TESTING)
        best = find_checkpoint(self._folder.checkpoints_path, "best")
        if best is not None:
            restore_snapshot(session.model, best[0] / STATE_FILE)
        with averaged_weights(session.model):
            figures = session.model.evaluate(session.evaluation_dataset(session.data.test), verbose=0, return_dict=True)
            boxes = detection_figures(session, session.data.test)
        metrics = plain_metrics(figures) | boxes
        listed = " - ".join(f"{name}: {value:.4f}" for name, value in metrics.items())
        session.output.log("TRAINING", f"Test: {listed}")
        session.output.emit(Evaluated(split="test", metrics=metrics))


_WEIGHTS_ENDING = ".weights.h5"


def _ending(name: str) -> str:
    return _WEIGHTS_ENDING if name.endswith(_WEIGHTS_ENDING) else ".keras"


def _bare(model: Any) -> Any:
    """The network without optimizer, loss and metrics: what a user of the model needs, loadable anywhere."""
    if isinstance(model, BoxDetector):
        return model.bare()
    with contextlib.suppress(AttributeError, ValueError):
        return keras.Model(model.inputs, model.outputs, name=model.name)
    return model
