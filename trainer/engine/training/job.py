"""The training job: one session and its end, whatever that is. All errors funnel through here."""

from __future__ import annotations

from trainer.catalog.check_monitoring import monitor_problems
from trainer.config.document import load_file
from trainer.engine.training.control import LossNotFinite, StoppedNow, TrainingControl
from trainer.engine.training.data_check import check_data_once
from trainer.engine.training.ending import end_of_error, end_of_loss
from trainer.engine.training.own_functions import own_functions
from trainer.engine.training.saving import save_results, save_what_there_is
from trainer.engine.training.session import StartPoint, TrainingSession
from trainer.errors import ConfigError
from trainer.runs.checkpoints import newest_checkpoint
from trainer.runs.events import Outcome, Phase, Reason, SessionEnded
from trainer.runs.folder import RunFolder
from trainer.runs.output import RunOutput


def run_training(folder: RunFolder, control: TrainingControl, output: RunOutput, *, resume: bool) -> SessionEnded:
    """Train the run in `folder`, from its start or from its newest checkpoint, and save what came of it.

    Never raises: the returned event says how it ended.
    """
    session: TrainingSession | None = None
    try:
        config = load_file(folder.config_path).require(folder.config_path)
        start = _start_point(folder) if resume else StartPoint()
        if not resume:
            for note in folder.read_record().migration_notes:
                output.log("CONFIG", note)
        for sentence in own_functions(config):
            output.log("CONFIG", sentence)
        session = TrainingSession(folder, config, control, output, start)
        return _train(session)
    except LossNotFinite as error:
        return end_of_loss(error, save_what_there_is(session, with_state=False))
    except BaseException as error:
        saved = save_what_there_is(session, with_state=True)
        return end_of_error(error, session, saved)
    finally:
        if session is not None:
            session.checkpointer.wait()


def _train(session: TrainingSession) -> SessionEnded:
    try:
        session.prepare()
        _require_watched_figures(session)
        check_data_once(session)
        session.train()
    except StoppedNow:
        return _stopped(session)
    return _completed(session)


def _require_watched_figures(session: TrainingSession) -> None:
    """Now, and not after the first epoch, which may take hours."""
    assert session.data is not None
    if found := tuple(monitor_problems(session.config, has_validation=session.data.validation is not None)):
        raise ConfigError(found)


def _start_point(folder: RunFolder) -> StartPoint:
    found = newest_checkpoint(folder.checkpoints_path)
    return StartPoint(*found) if found else StartPoint()


def _completed(session: TrainingSession) -> SessionEnded:
    control, early = session.control, session.early_stopping
    assert session.recorder is not None
    session.output.phase(Phase.SAVING)
    done, epochs = session.recorder.epochs_done, session.config.training.epochs
    stopped_early = (early is not None and bool(early.message)) or (done < epochs and not control.stop)
    saved = save_results(session, stopped_early=stopped_early)
    if control.stop and done < epochs:
        reason = Reason.TERMINATED if control.is_terminated else Reason.STOPPED_AFTER_EPOCH
        message = f"Stopped after epoch {done} of {epochs}, as asked."
        advice = _how_to_continue(session)
        return SessionEnded(outcome=Outcome.STOPPED, reason=reason, message=message, advice=advice, saved=saved)
    session.output.log("TRAINING", "Training completed")
    if stopped_early:
        cause = early.message if early is not None else ""
        cause = cause or session.ended_because or "one of the callbacks ended training."
        return SessionEnded(
            outcome=Outcome.COMPLETED,
            reason=Reason.STOPPED_EARLY,
            message=f"Stopped early in epoch {done} of {epochs}: {cause}",
            advice="The trained network is model/best.keras. "
            "To train longer, raise the patience and the epochs and continue.",
            saved=saved,
        )
    return SessionEnded(
        outcome=Outcome.COMPLETED,
        reason=Reason.ALL_EPOCHS_DONE,
        message="The epoch is done." if epochs == 1 else f"All {epochs} epochs are done.",
        advice="The trained network is model/best.keras. To train longer, raise the epochs and continue.",
        saved=saved,
    )


_CONTINUE = "Continue goes on exactly where it stopped."
_CONTINUE_EARLIER = "The state could not be saved: Continue goes on from the last complete checkpoint."


def _how_to_continue(session: TrainingSession) -> str:
    return _CONTINUE_EARLIER if session.checkpointer.has_failed else _CONTINUE


def _stopped(session: TrainingSession) -> SessionEnded:
    if session.control.stop == "discard":
        session.output.log("TRAINING", "Discarded")
        return SessionEnded(
            outcome=Outcome.STOPPED,
            reason=Reason.DISCARDED,
            message="Stopped without saving, as asked.",
            advice="Earlier checkpoints are still in the run's folder; move the run to the trash to remove them.",
        )
    reason = Reason.TERMINATED if session.control.is_terminated else Reason.STOPPED_NOW
    cause = "because the system asked the worker to end" if session.control.is_terminated else "as asked"
    if session.batches is None or session.recorder is None or session.batches.epoch == 0:
        return SessionEnded(
            outcome=Outcome.STOPPED,
            reason=reason,
            message=f"Stopped before the first batch, {cause}.",
            advice=_CONTINUE if session.start.manifest else "Continue starts from the beginning.",
        )
    session.output.phase(Phase.SAVING)
    epoch, step = session.batches.epoch, session.batches.step
    session.output.log("TRAINING", f"Stopping in epoch {epoch} after batch {step}")
    saved = save_results(session, stopped_early=False, inside_epoch=(epoch, step))
    return SessionEnded(
        outcome=Outcome.STOPPED,
        reason=reason,
        message=f"Stopped in epoch {epoch} of {session.config.training.epochs} after batch {step}, {cause}.",
        advice=_how_to_continue(session),
        saved=saved,
    )
