from __future__ import annotations

import datetime
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.conftest import DEAD
from trainer.errors import RunError
from trainer.runs import folder as folder_module
from trainer.runs.commands import Pause, StopAfterEpoch, decode_command
from trainer.runs.events import EpochStarted, Noticed, Outcome, Reason, SessionEnded, SessionStarted, encode_event
from trainer.runs.folder import CLAIM_GRACE_S, RUN_SCHEMA_VERSION, RunFolder, RunRecord
from trainer.runs.line_file import LineReader, append_line
from trainer.runs.process import ProcessIdentity


def create(runs_dir: Path, **others: Any) -> RunFolder:
    return RunFolder.create(runs_dir, "project: {}\n", project="pets", seed=3, **others)


def test_a_new_run_has_its_record_and_configuration(tmp_path: Path) -> None:
    folder = create(tmp_path / "deep" / "runs", config_path=tmp_path / "pets.yaml")
    record = folder.read_record()
    assert (record.name, record.project, record.seed, record.session) == ("exp1", "pets", 3, 0)
    assert record.schema_version == RUN_SCHEMA_VERSION
    assert record.config_path == str(tmp_path / "pets.yaml")
    assert {"modelgardener", "python", "keras", "tensorflow", "numpy"} <= record.versions.keys()
    assert datetime.datetime.fromisoformat(record.created).tzinfo is not None
    assert folder.config_path.read_bytes() == b"project: {}\n"
    assert sorted(entry.name for entry in folder.path.iterdir()) == [
        "commands.jsonl",
        "config.yaml",
        "log.txt",
        "run.json",
    ]


def test_names_count_up_and_pass_over_other_folders(tmp_path: Path) -> None:
    assert [create(tmp_path).name for _ in range(2)] == ["exp1", "exp2"]
    for name in ("exp9", "exp007x", "experiment40", "exp"):
        (tmp_path / name).mkdir()
    (tmp_path / "exp11").touch()
    assert create(tmp_path).name == "exp12"


def test_runs_created_at_the_same_time_never_share_a_folder(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def create_some(_number: int) -> list[str]:
        barrier.wait(10)
        return [create(tmp_path).name for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        names = [name for found in pool.map(create_some, range(8)) for name in found]
    assert sorted(names, key=lambda name: int(name[3:])) == [f"exp{number}" for number in range(1, 41)]
    assert {entry.name for entry in tmp_path.iterdir()} == set(names)


def test_a_folder_that_cannot_be_written_says_so_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_module, "write_atomically", full)
    with pytest.raises(RunError, match=r"Cannot write to .*: No space left on device\. Choose another runs folder"):
        create(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_runs_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_arguments: object, **_others: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunError, match=r"Cannot write to .*: Permission denied\."):
        create(tmp_path)


def test_a_file_in_the_place_of_the_runs_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(RunError, match="Cannot write to"):
        create(tmp_path / "runs")


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff\xfe", b'{"name": 5}'])
def test_a_damaged_record_is_refused(tmp_path: Path, content: bytes | None) -> None:
    folder = create(tmp_path)
    folder.record_path.unlink()
    if content is not None:
        folder.record_path.write_bytes(content)
    with pytest.raises(RunError, match=r"exp1 is not a run folder: run\.json is missing or damaged\."):
        folder.read_record()


def test_a_record_of_a_newer_format_asks_for_an_update(tmp_path: Path) -> None:
    folder = create(tmp_path)
    folder.write_record(folder.read_record().model_copy(update={"schema_version": RUN_SCHEMA_VERSION + 1}))
    with pytest.raises(RunError, match=r"has format 2; this version of ModelGardener reads up to 1\. Update"):
        folder.read_record()


def test_a_record_keeps_its_values_and_ignores_what_it_does_not_know(tmp_path: Path) -> None:
    folder = create(tmp_path)
    record = folder.read_record().model_copy(update={"process": ProcessIdentity.current(), "session": 4})
    folder.write_record(record)
    assert folder.read_record() == record
    values = json.loads(folder.record_path.read_text(encoding="utf-8")) | {"weather": "fine"}
    folder.record_path.write_text(json.dumps(values), encoding="utf-8")
    assert folder.read_record() == record


@pytest.mark.parametrize(("process", "is_alive"), [(None, False), (DEAD, False), (ProcessIdentity.current(), True)])
def test_a_run_is_alive_while_its_process_is(tmp_path: Path, process: ProcessIdentity | None, is_alive: bool) -> None:
    folder = create(tmp_path)
    folder.write_record(folder.read_record().model_copy(update={"process": process}))
    assert folder.is_alive() == is_alive


def test_a_young_run_without_worker_awaits_one() -> None:
    def record(age_s: float, **others: Any) -> RunRecord:
        created = datetime.datetime.now().astimezone() - datetime.timedelta(seconds=age_s)
        return RunRecord(name="exp1", created=created.isoformat(), **others)

    assert record(0).awaits_worker()
    assert not record(CLAIM_GRACE_S + 1).awaits_worker()
    assert not record(0, process=DEAD).awaits_worker()
    assert not RunRecord(name="exp1", created="yesterday").awaits_worker()


def test_a_second_writer_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    folder = create(tmp_path)
    lock = folder.acquire()
    with pytest.raises(RunError, match="exp1 is already being written by another worker"):
        RunFolder(folder.path).acquire()
    lock.release()
    RunFolder(folder.path).acquire().release()


def test_commands_arrive_in_order(tmp_path: Path) -> None:
    folder = create(tmp_path)
    sent = [Pause(), StopAfterEpoch()]
    for command in sent:
        folder.send(command)
    assert [decode_command(line) for line in LineReader(folder.commands_path).read()] == sent


def test_a_command_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="Cannot write to"):
        RunFolder(tmp_path / "gone").send(Pause())


def test_a_run_has_ended_when_its_last_event_says_so(tmp_path: Path) -> None:
    folder = create(tmp_path)
    assert not folder.has_ended()
    end = SessionEnded(outcome=Outcome.STOPPED, reason=Reason.STOPPED_NOW, message="m")
    for event, has_ended in [
        (SessionStarted(session=1, process_id=1), False),
        (Noticed(message=encode_event(end).decode()), False),
        (end, True),
        (SessionStarted(session=2, process_id=2), False),
        (EpochStarted(epoch=1), False),
        (end, True),
    ]:
        append_line(folder.events_path, encode_event(event))
        assert folder.has_ended() == has_ended


@pytest.mark.parametrize("packed", [False, True])
def test_the_commit_of_the_project_is_recorded(tmp_path: Path, packed: bool) -> None:
    git = tmp_path / "project" / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert create(tmp_path / "runs", config_path=tmp_path / "project" / "a" / "c.yaml").read_record().git_commit is None
    if packed:
        (git / "packed-refs").write_text("# pack-refs\nabc123 refs/heads/main\n")
    else:
        (git / "refs" / "heads" / "main").write_text("abc123\n")
    record = create(tmp_path / "runs", config_path=tmp_path / "project" / "a" / "c.yaml").read_record()
    assert record.git_commit == "abc123"
