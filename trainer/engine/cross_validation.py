"""Cross-validation: trains the folds as runs of their own, one after the other, each by a worker of its own.

This is what the worker of the cross-validation does. It imports no Keras, so that it costs next to nothing beside the
fold's worker. Its events and log are its own and, in between, those of the fold that is being trained: whoever follows
it sees training as it happens.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
import traceback
from typing import Any, Literal

from pydantic import ValidationError

from trainer.config.config import Config
from trainer.config.document import load_file, resolved_yaml
from trainer.config.overrides import with_overrides
from trainer.config.validate import validate
from trainer.errors import GardenerError
from trainer.launch import prepare_continue, start_worker
from trainer.runs import commands as c
from trainer.runs import events as e
from trainer.runs.folder import RunFolder
from trainer.runs.folds import spreads, write_folds
from trainer.runs.follow import RunFollower, read_run
from trainer.runs.line_file import LineReader
from trainer.runs.output import RunOutput, capture_output
from trainer.runs.process import ProcessIdentity
from trainer.runs.state import RunState, Status

_TICK_S = 0.1
_SAVED = "cross_validation.json"
_NOT_TOLD = (e.SessionStarted, e.SessionEnded, e.StopRequested)
"""What a fold says of its own sessions; the cross-validation has its own."""
_STOPS: dict[type, Literal["after_epoch", "now", "discard"]] = {
    c.StopAfterEpoch: "after_epoch",
    c.StopNow: "now",
    c.Discard: "discard",
    c.Terminate: "now",
}
_GO_ON = "Continue goes on with this fold."


def train_folds(folder: RunFolder, *, resume: bool, commands_offset: int) -> e.Outcome:
    """Train all folds that are not done yet; returns how it ended.

    Args:
        folder: The run of the cross-validation, locked by this process.
        resume: Whether it goes on.
        commands_offset: Where in `commands.jsonl` the commands for this session begin, in bytes.
    """
    capture_output(folder.log_path)
    return _CrossValidation(folder, commands_offset).run(resume=resume)


class _CrossValidation:
    def __init__(self, folder: RunFolder, commands_offset: int) -> None:
        self._folder = folder
        self._commands = LineReader(folder.commands_path, offset=commands_offset)
        self._output = RunOutput(folder.events_path)
        self._results: dict[int, e.FoldEnded] = {}
        self._num_folds = 0
        self._child: RunFolder | None = None
        self._has_stopped = False
        self._is_terminated = False
        self._has_told_termination = False

    def run(self, *, resume: bool) -> e.Outcome:
        self._results = dict(read_run(self._folder.path).state.fold_results)
        self._open_session(resume=resume)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._hear_termination)
        try:
            ending = self._train_all()
        except GardenerError as error:
            ending = _failed(e.Reason.CONFIG_ERROR, str(error), "Correct this and start again.")
        except Exception as error:
            print(traceback.format_exc(), flush=True)
            ending = _failed(e.Reason.INTERNAL_ERROR, f"{type(error).__name__}: {error}", "The log has the details.")
        self._output.log(ending.outcome.value.upper(), ending.message)
        self._output.emit(ending)
        return ending.outcome

    def _open_session(self, *, resume: bool) -> None:
        record = self._folder.read_record()
        session = record.session + 1
        changes = {"session": session, "process": ProcessIdentity.current()}
        self._folder.write_record(record.model_copy(update=changes))
        self._output.emit(e.SessionStarted(session=session, process_id=os.getpid(), resumed=resume))
        if not resume:
            for note in record.migration_notes:
                self._output.log("CONFIG", note)

    def _train_all(self) -> e.SessionEnded:
        config = load_file(self._folder.config_path).require(self._folder.config_path)
        self._num_folds = config.data.split.num_folds
        for fold in range(1, self._num_folds + 1):
            if fold in self._results:
                continue
            self._obey()
            if self._has_stopped:
                return self._stopped_before(fold)
            state, status = self._train_fold(fold, config)
            if status is not Status.COMPLETED:
                return self._ended_within(fold, state, status)
            self._take_result(fold, state)
        return self._completed()

    # ------------------------------------------------------------------ one fold

    def _train_fold(self, fold: int, config: Config) -> tuple[RunState, Status]:
        """Train a fold, or go on with it, or only watch it where its worker outlived ours; its state at the end."""
        child = self._child = self._folder.fold_folder(fold)
        is_new = not child.record_path.is_file()
        if is_new:
            self._folder.create_fold(fold, _config_of_fold(config, fold))
        self._output.emit(e.FoldStarted(fold=fold, num_folds=self._num_folds, run=child.name))
        self._output.log("FOLD", f"Fold {fold} of {self._num_folds}: {child.name}")
        follower = RunFollower(child, log_offset=child.log_path.stat().st_size)
        self._tell(follower)
        status = Status.STARTING if is_new else follower.status()
        worker = None
        if not status.is_active and status is not Status.COMPLETED:
            prepare_continue(child)
        if is_new or not (status.is_active or status is Status.COMPLETED):
            worker = start_worker(child, resume=not is_new)
            follower.state.end = None
        status = self._watch(follower, worker)
        self._child = None
        return follower.state, status

    def _watch(self, follower: RunFollower, worker: subprocess.Popen[bytes] | None) -> Status:
        while True:
            self._obey()
            has_ended = worker is not None and worker.poll() is not None
            self._tell(follower)
            status = follower.status()
            if not status.is_active or (has_ended and follower.state.end is None):
                self._tell(follower)
                return follower.status()
            time.sleep(_TICK_S)

    def _tell(self, follower: RunFollower) -> None:
        """Say what the fold has said since the last time."""
        while True:
            for event in follower.poll():
                if not isinstance(event, _NOT_TOLD):
                    self._output.emit(event)
            for line in follower.poll_log():
                print(line, flush=True)
            if follower.events_at_end and follower.log_at_end:
                return

    def _take_result(self, fold: int, state: RunState) -> None:
        best = state.best_epoch or state.epochs[-1]
        tested = {f"test_{name}": value for name, value in state.evaluations.get("test", {}).items()}
        result = e.FoldEnded(
            fold=fold,
            run=self._folder.fold_folder(fold).name,
            metrics=best.metrics | tested,
            best_epoch=best.epoch,
            epochs=len(state.epochs),
            duration_s=sum(record.duration_s for record in state.epochs),
        )
        self._results[fold] = result
        self._output.emit(result)
        figures = ", ".join(f"{name} {value:.4f}" for name, value in result.metrics.items())
        self._output.log("FOLD", f"Fold {fold} of {self._num_folds} is done; its best epoch is {best.epoch}: {figures}")
        write_folds(self._folder.cross_validation_path, self._results.values(), self._num_folds)

    # ------------------------------------------------------------------ commands

    def _hear_termination(self, *_: Any) -> None:
        """Only note it: the signal may have come in the middle of anything."""
        self._is_terminated = True

    def _obey(self) -> None:
        """Pass commands on to the fold that is being trained; a stop also ends the cross-validation."""
        if self._is_terminated and not self._has_told_termination:
            self._has_told_termination = True
            self._pass_on(c.StopNow())
        for line in self._commands.read():
            if not line.strip():
                continue
            try:
                command = c.decode_command(line)
            except ValidationError:
                self._output.notice("warning", f"An unknown command was ignored: {line[:200]!r}")
                continue
            self._pass_on(command)

    def _pass_on(self, command: c.Command) -> None:
        when = _STOPS.get(type(command))
        if when is not None:
            self._has_stopped = True
            self._output.emit(e.StopRequested(when=when))
        if self._child is not None:
            self._child.send(command)

    # ------------------------------------------------------------------ the end

    def _completed(self) -> e.SessionEnded:
        folds = [self._results[fold] for fold in sorted(self._results)]
        for name, spread in spreads(folds).items():
            self._output.log("FOLD", f"{name}: {spread.mean:.4f} ± {spread.deviation:.4f}")
        return e.SessionEnded(
            outcome=e.Outcome.COMPLETED,
            reason=e.Reason.ALL_FOLDS_DONE,
            message=f"Each of the {self._num_folds} parts of the data was validated on once.",
            advice="± is the standard deviation over the folds. Each fold is a run of its own, with its network; to "
            "train one on all the data, set the folds to 0 and start again.",
            saved=(_SAVED,),
        )

    def _stopped_before(self, fold: int) -> e.SessionEnded:
        reason = e.Reason.TERMINATED if self._is_terminated else e.Reason.STOPPED_NOW
        return e.SessionEnded(
            outcome=e.Outcome.STOPPED,
            reason=reason,
            message=f"Stopped before fold {fold} of {self._num_folds}.",
            advice=_GO_ON,
            saved=self._saved(),
        )

    def _ended_within(self, fold: int, state: RunState, status: Status) -> e.SessionEnded:
        """The end of a cross-validation whose fold was stopped, failed or was lost."""
        end, run = state.end, self._folder.fold_folder(fold).name
        place = f"fold {fold} of {self._num_folds}"
        if status is Status.LOST or end is None:
            message = f"The worker of {place} ended without saying why (killed or crashed)."
            return _failed(e.Reason.INTERNAL_ERROR, message, _GO_ON, saved=self._saved())
        verb = "Stopped" if status is Status.STOPPED else "Failed"
        changes = {
            "time": time.time(),
            "reason": e.Reason.TERMINATED if self._is_terminated else end.reason,
            "message": f"{verb} in {place} ({run}): {end.message}",
            "advice": f"{end.advice} {_GO_ON}" if status is Status.FAILED else _GO_ON,
            "saved": self._saved(),
        }
        return end.model_copy(update=changes)

    def _saved(self) -> tuple[str, ...]:
        return (_SAVED,) if self._folder.cross_validation_path.exists() else ()


def _failed(reason: e.Reason, message: str, advice: str, *, saved: tuple[str, ...] = ()) -> e.SessionEnded:
    return e.SessionEnded(outcome=e.Outcome.FAILED, reason=reason, message=message, advice=advice, saved=saved)


def _config_of_fold(config: Config, fold: int) -> str:
    """The configuration of one fold: the same, but for the fold."""
    return resolved_yaml(validate(with_overrides(config.to_dict(), {"data.split.fold": fold})))
