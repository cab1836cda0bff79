"""Everything a run can say. One frozen class per event; the class is also its wire format.

Events are appended to `events.jsonl`, one JSON object per line. The window, the command line and every
later reader understand a run only through these.
"""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Phase(StrEnum):
    """What a run is doing, in the order in which it happens."""

    IMPORTING = "importing"
    READING_DATA = "reading_data"
    BUILDING_MODEL = "building_model"
    COMPILING = "compiling"
    FIRST_BATCH = "first_batch"
    TRAINING = "training"
    VALIDATING = "validating"
    SAVING = "saving"
    TESTING = "testing"


class Outcome(StrEnum):
    """How a session of a run ended."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a session of a run ended."""

    ALL_EPOCHS_DONE = "all_epochs_done"
    ALL_FOLDS_DONE = "all_folds_done"
    STOPPED_EARLY = "stopped_early"
    STOPPED_AFTER_EPOCH = "stopped_after_epoch"
    STOPPED_NOW = "stopped_now"
    TERMINATED = "terminated"
    DISCARDED = "discarded"
    LOSS_NOT_FINITE = "loss_not_finite"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    CONFIG_ERROR = "config_error"
    DATA_ERROR = "data_error"
    USER_CODE_ERROR = "user_code_error"
    INTERNAL_ERROR = "internal_error"


class _Event(BaseModel):
    # Built when first used: the window starts faster.
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings", defer_build=True)

    time: float = Field(default_factory=time.time)


class SessionStarted(_Event):
    """A worker took the run: at its first start, and again at every Continue."""

    event: Literal["SessionStarted"] = "SessionStarted"
    session: int
    process_id: int
    resumed: bool = False


class PhaseStarted(_Event):
    """The run does something else from here on. The previous phase ends."""

    event: Literal["PhaseStarted"] = "PhaseStarted"
    phase: Phase


class PhaseProgressed(_Event):
    """How far the current phase is, where it counts something."""

    event: Literal["PhaseProgressed"] = "PhaseProgressed"
    done: int
    total: int
    unit: str = ""


class DataLoaded(_Event):
    """The data is ready."""

    event: Literal["DataLoaded"] = "DataLoaded"
    num_train: int
    num_validation: int
    num_test: int = 0
    class_names: tuple[str, ...] = ()
    num_unreadable: int = 0
    cache: str = "off"


class ModelBuilt(_Event):
    """The network exists."""

    event: Literal["ModelBuilt"] = "ModelBuilt"
    name: str
    num_parameters: int
    num_trainable_parameters: int


class TrainingStarted(_Event):
    """Everything is set up; the first batch comes next.

    `initial_epoch` counts the epochs done by earlier sessions, `initial_step` the batches done in the
    epoch that follows. `monitor` is the resolved name of the figure that decides what is best.
    """

    event: Literal["TrainingStarted"] = "TrainingStarted"
    epochs: int
    steps_per_epoch: int
    batch_size: int
    initial_epoch: int = 0
    initial_step: int = 0
    monitor: str = "loss"
    mode: Literal["min", "max"] = "min"
    device: str = ""


class EpochStarted(_Event):
    """An epoch begins. Epochs count from 1."""

    event: Literal["EpochStarted"] = "EpochStarted"
    epoch: int


class BatchesEnded(_Event):
    """Progress inside an epoch, at most ten times a second.

    `metrics` are Keras' running means since the start of the epoch; `step` counts batches done in it.
    """

    event: Literal["BatchesEnded"] = "BatchesEnded"
    epoch: int
    step: int
    steps_per_epoch: int
    samples_per_second: float
    metrics: dict[str, float]


class EpochEnded(_Event):
    """An epoch is done. `metrics` holds training figures and, with the prefix `val_`, validation figures."""

    event: Literal["EpochEnded"] = "EpochEnded"
    epoch: int
    metrics: dict[str, float]
    learning_rate: float
    duration_s: float
    is_best: bool = False


class LearningRateChanged(_Event):
    """The learning rate was changed between epochs."""

    event: Literal["LearningRateChanged"] = "LearningRateChanged"
    learning_rate: float
    cause: str


class CheckpointSaved(_Event):
    """A checkpoint is complete on disk. `name` is its folder below `checkpoints/`."""

    event: Literal["CheckpointSaved"] = "CheckpointSaved"
    name: str
    epoch: int
    step: int = 0


class ResourcesMeasured(_Event):
    """Heartbeat with what the worker uses, about once a second.

    `cpu_percent` is of the whole machine (0–100), memory in bytes, of this process and of the machine.
    GPU figures are of the first GPU and `None` without one.
    """

    event: Literal["ResourcesMeasured"] = "ResourcesMeasured"
    cpu_percent: float
    memory_bytes: int
    machine_memory_bytes: int
    gpu_percent: float | None = None
    gpu_memory_bytes: int | None = None
    gpu_total_memory_bytes: int | None = None


class StopRequested(_Event):
    """A command to stop arrived."""

    event: Literal["StopRequested"] = "StopRequested"
    when: Literal["after_epoch", "now", "discard"]


class Paused(_Event):
    """Training holds after a batch, with its state saved."""

    event: Literal["Paused"] = "Paused"
    epoch: int
    step: int


class Resumed(_Event):
    """Training goes on after a pause."""

    event: Literal["Resumed"] = "Resumed"


class Noticed(_Event):
    """Something a person should know, also written to the log."""

    event: Literal["Noticed"] = "Noticed"
    level: Literal["info", "warning", "error"] = "warning"
    message: str


class Evaluated(_Event):
    """Figures of the final look at a data set."""

    event: Literal["Evaluated"] = "Evaluated"
    split: Literal["validation", "test"]
    metrics: dict[str, float]


class FoldStarted(_Event):
    """A cross-validation turns to one of its folds; the events that follow are those of the fold's run."""

    event: Literal["FoldStarted"] = "FoldStarted"
    fold: int
    num_folds: int
    run: str


class FoldEnded(_Event):
    """A fold was trained to its end. `metrics` are those of its best epoch; those of a test have the prefix `test_`."""

    event: Literal["FoldEnded"] = "FoldEnded"
    fold: int
    run: str
    metrics: dict[str, float]
    best_epoch: int
    epochs: int
    duration_s: float


class SessionEnded(_Event):
    """The terminal event: exactly one ends every session that was not killed.

    `message` says why in one sentence; `advice` what to do next; `file`, `line` and `trace` point into a
    user's own code. `saved` names what is on disk, relative to the run folder.
    """

    event: Literal["SessionEnded"] = "SessionEnded"
    outcome: Outcome
    reason: Reason
    message: str
    advice: str = ""
    file: str = ""
    line: int | None = None
    trace: str = ""
    saved: tuple[str, ...] = ()


Event = Annotated[
    SessionStarted
    | PhaseStarted
    | PhaseProgressed
    | DataLoaded
    | ModelBuilt
    | TrainingStarted
    | EpochStarted
    | BatchesEnded
    | EpochEnded
    | LearningRateChanged
    | CheckpointSaved
    | ResourcesMeasured
    | StopRequested
    | Paused
    | Resumed
    | Noticed
    | Evaluated
    | FoldStarted
    | FoldEnded
    | SessionEnded,
    Field(discriminator="event"),
]

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))


def encode_event(event: Any) -> bytes:
    """The line of `events.jsonl` for an event, with its newline."""
    return bytes(event.__pydantic_serializer__.to_json(event)) + b"\n"


def decode_event(line: bytes) -> Event:
    """Read one line of `events.jsonl`.

    Raises:
        pydantic.ValidationError: The line is no event this version knows.
    """
    return _ADAPTER.validate_json(line)
