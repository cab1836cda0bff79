"""Long histories, endless lines and unclaimed runs: what following a run from the window needs of its files."""

from __future__ import annotations

import datetime
from pathlib import Path

from tests.app.run_writer import RunWriter
from trainer.runs import events as e
from trainer.runs.follow import RunFollower
from trainer.runs.line_file import LineReader
from trainer.runs.state import RECENT_RESOURCES, RunState


def test_slices_give_the_same_lines_as_one_read_wherever_they_cut(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    lines = [b"x" * (number % 23) for number in range(200)]
    path.write_bytes(b"\n".join(lines) + b"\nhalf")
    for limit_bytes in (1, 2, 7, 64, 1 << 20):
        reader, found = LineReader(path), []
        while not reader.at_end:
            found += reader.read(limit_bytes)
        assert found == lines
    with path.open("ab") as file:
        file.write(b" done\n")
    assert reader.read() == [b"half done"]


def test_a_line_that_never_ends_keeps_only_its_end_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_bytes(b"".join(b"%d/9999\r" % step for step in range(10_000)) + b"9999 done\n")
    reader = LineReader(path, longest_line_bytes=100)
    found: list[bytes] = []
    while not reader.at_end:
        found += reader.read(64)
        assert sum(map(len, reader._pieces)) <= 264
    assert len(found) == 1
    assert found[0].endswith(b"9999/9999\r9999 done")


def test_a_follower_reads_events_in_slices_to_the_end(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    run.prepare()
    run.train([1.0] * 10)
    follower, num_polls = RunFollower(run.folder), 0
    while not follower.events_at_end:
        follower.poll(300)
        num_polls += 1
    assert num_polls > 5
    assert len(follower.state.epochs) == 10


def test_a_state_keeps_the_recent_measurements_only() -> None:
    state = RunState()
    for second in range(5 * RECENT_RESOURCES):
        state.apply(e.ResourcesMeasured(time=second, cpu_percent=1, memory_bytes=1, machine_memory_bytes=1))
    assert RECENT_RESOURCES <= len(state.resources) <= 2 * RECENT_RESOURCES
    assert state.resources[-1].time == 5 * RECENT_RESOURCES - 1


def test_only_a_young_run_without_a_worker_awaits_one(tmp_path: Path) -> None:
    run = RunWriter(tmp_path)
    assert not run.folder.read_record().awaits_worker()
    run.set_process(None)
    record = run.folder.read_record()
    assert record.awaits_worker()
    old = datetime.datetime.now().astimezone() - datetime.timedelta(hours=1)
    assert not record.model_copy(update={"created": old.isoformat()}).awaits_worker()
