from __future__ import annotations

import json
import math
import types
import typing
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from trainer.runs import commands as c
from trainer.runs import events as e

EVENTS: list[Any] = [
    e.SessionStarted(session=2, process_id=17, resumed=True),
    e.PhaseStarted(phase=e.Phase.COMPILING),
    e.PhaseProgressed(done=3, total=10, unit="pictures"),
    e.DataLoaded(num_train=10, num_validation=2, num_test=1, class_names=("a", "ü"), num_unreadable=1, cache="memory"),
    e.ModelBuilt(name="SmallCNN", num_parameters=10, num_trainable_parameters=9),
    e.TrainingStarted(epochs=5, steps_per_epoch=4, batch_size=8, monitor="val_loss", mode="max", device="CPU"),
    e.EpochStarted(epoch=1),
    e.BatchesEnded(epoch=1, step=2, steps_per_epoch=4, samples_per_second=99.5, metrics={"loss": 0.5}),
    e.EpochEnded(epoch=1, metrics={"loss": 0.5, "val_loss": 0.6}, learning_rate=0.1, duration_s=2.5, is_best=True),
    e.LearningRateChanged(learning_rate=0.01, cause="plateau"),
    e.CheckpointSaved(name="last", epoch=1, step=2),
    e.ResourcesMeasured(cpu_percent=50.0, memory_bytes=1, machine_memory_bytes=2, gpu_percent=3.0),
    e.StopRequested(when="after_epoch"),
    e.Paused(epoch=1, step=2),
    e.Resumed(),
    e.Noticed(level="error", message='two\nlines and "quotes" \u2028'),
    e.Evaluated(split="test", metrics={"accuracy": 0.5}),
    e.FoldStarted(fold=1, num_folds=5, run="exp1_fold1"),
    e.FoldEnded(fold=1, run="exp1_fold1", metrics={"val_loss": 0.5}, best_epoch=2, epochs=3, duration_s=1.5),
    e.SessionEnded(
        outcome=e.Outcome.FAILED, reason=e.Reason.USER_CODE_ERROR, message="m", file="f.py", line=3, saved=("a", "b")
    ),
]
COMMANDS: list[Any] = [
    c.StopAfterEpoch(),
    c.StopNow(),
    c.Discard(),
    c.Pause(),
    c.Resume(),
    c.SaveCheckpoint(),
    c.Terminate(),
]


def members(union: object) -> set[type]:
    options, _discriminator = typing.get_args(union)
    assert isinstance(options, types.UnionType)
    return set(typing.get_args(options))


def test_these_are_all_events_and_commands_there_are() -> None:
    assert {type(event) for event in EVENTS} == members(e.Event)
    assert {type(command) for command in COMMANDS} == members(c.Command)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_written_and_read_is_the_same(event: BaseModel) -> None:
    line = e.encode_event(event)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert e.decode_event(line) == event
    assert json.loads(line)["event"] == type(event).__name__


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_written_and_read_is_the_same(command: BaseModel) -> None:
    line = c.encode_command(command)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert c.decode_command(line) == command


def test_every_event_and_command_says_when_it_was() -> None:
    for item in (*EVENTS, *COMMANDS):
        assert item.time > 1_600_000_000


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_figures_that_are_not_finite_are_valid_json_and_come_back(value: float) -> None:
    event = e.EpochEnded(epoch=1, metrics={"loss": value}, learning_rate=0.1, duration_s=1.0)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    line = e.encode_event(event)
    json.loads(line, parse_constant=refuse)
    read = e.decode_event(line)
    assert isinstance(read, e.EpochEnded)
    assert repr(read.metrics["loss"]) == repr(value)


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"{", b"5", b'{"event":"Unheard"}', b'{"event":"EpochStarted"}', b"\xff\xfe", b'{"epoch":1}']
)
def test_a_line_that_is_no_event_is_refused(line: bytes) -> None:
    with pytest.raises(ValidationError):
        e.decode_event(line)


def test_an_event_of_a_later_version_may_hold_more() -> None:
    line = e.encode_event(e.EpochStarted(epoch=3)).replace(b"{", b'{"weather":"fine",', 1)
    read = e.decode_event(line)
    assert isinstance(read, e.EpochStarted)
    assert read.epoch == 3


@pytest.mark.parametrize("line", [b"", b"{}", b'{"command":"explode"}', b"stop"])
def test_a_line_that_is_no_command_is_refused(line: bytes) -> None:
    with pytest.raises(ValidationError):
        c.decode_command(line)


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        EVENTS[0].session = 3
