"""From an exception to a typed end with a message a person can act on."""

from __future__ import annotations

import errno
import traceback
from typing import TYPE_CHECKING

from trainer.catalog.check import components_of
from trainer.engine.data.failures import explain_decode_failure, explain_shape_failure
from trainer.engine.training.control import LossNotFinite
from trainer.engine.user_errors import as_user_error, error_in_text, find_user_frame
from trainer.errors import ConfigError, DataError, GardenerError, UserCodeError
from trainer.runs.events import Outcome, Reason, SessionEnded

if TYPE_CHECKING:
    from trainer.engine.training.session import TrainingSession

_ADVICE = {
    Reason.CONFIG_ERROR: "Correct the setting and start again.",
    Reason.DATA_ERROR: "Correct the data or the data settings and start again.",
    Reason.USER_CODE_ERROR: "Correct the line in your file and start again.",
    Reason.OUT_OF_MEMORY: "Lower the batch size or the image size, or choose a smaller model.",
    Reason.DISK_FULL: "Free some space, then continue from the last checkpoint.",
    Reason.INTERNAL_ERROR: "The log has the details. Continue goes on from the last checkpoint.",
}


def end_of_loss(error: LossNotFinite, saved: tuple[str, ...]) -> SessionEnded:
    """The end of a run whose loss became NaN or infinite."""
    is_healthy = any(path.startswith("checkpoints/") for path in saved)
    return SessionEnded(
        outcome=Outcome.FAILED,
        reason=Reason.LOSS_NOT_FINITE,
        message=str(error),
        advice="Lower the learning rate (try a tenth), check the data for extreme values, or clip the gradients "
        "with the optimizer's clipnorm." + (" The checkpoints hold the last healthy state." if is_healthy else ""),
        saved=saved,
    )


def end_of_error(error: BaseException, session: TrainingSession | None, saved: tuple[str, ...]) -> SessionEnded:
    """The end of a run that raised."""
    error = _understood(error, session)
    reason = _reason(error)
    if reason is Reason.INTERNAL_ERROR or isinstance(error, UserCodeError):
        trace = getattr(error, "trace", "") or "".join(traceback.format_exception(error))
        print(trace, flush=True)
    print(f"[ERROR] {_message(error, reason)}", flush=True)
    return SessionEnded(
        outcome=Outcome.FAILED,
        reason=reason,
        message=_message(error, reason),
        advice=_ADVICE[reason],
        file=getattr(error, "file", ""),
        line=getattr(error, "line", None),
        trace=getattr(error, "trace", "") or ("" if isinstance(error, GardenerError) else _short_trace(error)),
        saved=saved,
    )


def _understood(error: BaseException, session: TrainingSession | None) -> BaseException:
    """The user's own failure or the broken picture behind an error that TensorFlow or Keras raised."""
    if isinstance(error, GardenerError) or session is None or _is_out_of_memory(error):
        return error
    files = tuple(c.file for _, _, c in components_of(session.config) if c.file)
    if file := find_user_frame(error, files):
        return as_user_error(error, file)
    if told := error_in_text(str(error), files):
        return told
    if unlike := explain_shape_failure(error, session.config, session.folder.functions_path):
        return unlike
    if session.data is not None and (explained := explain_decode_failure(error, session.data)):
        return explained
    return error


def _reason(error: BaseException) -> Reason:
    known: list[tuple[type[BaseException], Reason]] = [
        (ConfigError, Reason.CONFIG_ERROR),
        (DataError, Reason.DATA_ERROR),
        (UserCodeError, Reason.USER_CODE_ERROR),
    ]
    for kind, reason in known:
        if isinstance(error, kind):
            return reason
    if _is_out_of_memory(error):
        return Reason.OUT_OF_MEMORY
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Reason.DISK_FULL
    return Reason.INTERNAL_ERROR


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError"


def _message(error: BaseException, reason: Reason) -> str:
    if isinstance(error, GardenerError):
        return str(error)
    if reason is Reason.OUT_OF_MEMORY:
        return "There was not enough memory for this model with this batch size."
    if reason is Reason.DISK_FULL:
        return f"The disk is full: {error}."
    first_line = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first_line[:500]}" if first_line else type(error).__name__


def _short_trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-6000:]
