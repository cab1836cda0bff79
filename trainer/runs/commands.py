"""What a person can tell a run while it runs: appended to `commands.jsonl`, read by the worker."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Command(BaseModel):
    # Built when first used: the window starts faster.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    time: float = Field(default_factory=time.time)


class StopAfterEpoch(_Command):
    """Finish this epoch with its validation, save everything, end."""

    command: Literal["stop"] = "stop"


class StopNow(_Command):
    """Finish this batch, save everything, end without validation."""

    command: Literal["stop_now"] = "stop_now"


class Discard(_Command):
    """End after this batch without saving."""

    command: Literal["discard"] = "discard"


class Pause(_Command):
    """Finish this batch, save, hold."""

    command: Literal["pause"] = "pause"


class Resume(_Command):
    """Go on after a pause."""

    command: Literal["resume"] = "resume"


class SaveCheckpoint(_Command):
    """Save the complete state after this batch and go on."""

    command: Literal["checkpoint"] = "checkpoint"


class Terminate(_Command):
    """End at once, whatever the trainer is doing: for a run that does not react. Keeps what is on disk."""

    command: Literal["terminate"] = "terminate"


Command = Annotated[
    StopAfterEpoch | StopNow | Discard | Pause | Resume | SaveCheckpoint | Terminate, Field(discriminator="command")
]
_ADAPTER: TypeAdapter[Command] = TypeAdapter(Command, config=ConfigDict(defer_build=True))


def encode_command(command: Any) -> bytes:
    """The line of `commands.jsonl` for a command, with its newline."""
    return bytes(command.__pydantic_serializer__.to_json(command)) + b"\n"


def decode_command(line: bytes) -> Command:
    """Read one line of `commands.jsonl`.

    Raises:
        pydantic.ValidationError: The line is no command this version knows.
    """
    return _ADAPTER.validate_json(line)
