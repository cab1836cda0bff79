from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from trainer.runs.atomic import flush_folder, write_atomically
from trainer.runs.line_file import LineReader, append_line, last_line
from trainer.runs.process import ProcessIdentity


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines"


def test_a_missing_file_reads_as_empty_until_it_is_there(path: Path) -> None:
    reader = LineReader(path)
    assert reader.read() == []
    assert reader.at_end
    path.write_bytes(b"one\n")
    assert reader.read() == [b"one"]


def test_half_a_line_waits_for_its_end(path: Path) -> None:
    reader = LineReader(path)
    with path.open("ab", buffering=0) as file:
        for piece, lines in [
            (b"on", []),
            (b"e\ntw", [b"one"]),
            (b"", []),
            (b"o", []),
            (b"\n\nx\n", [b"two", b"", b"x"]),
        ]:
            file.write(piece)
            assert reader.read() == lines


def test_reading_begins_at_an_offset(path: Path) -> None:
    path.write_bytes(b"one\ntwo\n")
    assert LineReader(path, offset=4).read() == [b"two"]


def test_a_large_file_is_taken_in_slices_without_losing_a_line(path: Path) -> None:
    lines = [b"%d " % number + b"x" * (number % 300) for number in range(50_000)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    reader = LineReader(path)
    read: list[bytes] = []
    rounds = 0
    while True:
        found = reader.read(limit_bytes=1 << 20)
        read += found
        rounds += 1
        if reader.at_end:
            break
        assert sum(map(len, found)) <= 1 << 20
    assert read == lines
    assert rounds > 5


def test_a_line_longer_than_a_slice_is_whole(path: Path) -> None:
    line = b"y" * 5_000_000
    path.write_bytes(line + b"\nend\n")
    reader = LineReader(path)
    read: list[bytes] = []
    while not reader.at_end:
        read += reader.read(limit_bytes=1 << 20)
    assert read == [line, b"end"]


def test_a_line_that_never_ends_keeps_only_its_end(path: Path) -> None:
    reader = LineReader(path, longest_line_bytes=1000)
    with path.open("ab", buffering=0) as file:
        for number in range(500):
            file.write(b"\r%04d " % number + b"." * 100)
            assert reader.read() == []
        file.write(b"done\nnext\n")
    first, second = reader.read()
    assert first.endswith(b"done") and len(first) <= 2200
    assert second == b"next"


def test_a_file_that_was_cut_gives_nothing_more_and_does_not_fail(path: Path) -> None:
    path.write_bytes(b"one\ntwo\n")
    reader = LineReader(path)
    assert len(reader.read()) == 2
    path.write_bytes(b"one\n")
    assert reader.read() == []
    assert reader.at_end


def test_a_line_after_a_torn_one_starts_fresh(path: Path) -> None:
    path.write_bytes(b'{"event":"Epo')
    append_line(path, b"whole\n")
    append_line(path, b"next\n")
    assert path.read_bytes() == b'{"event":"Epo\nwhole\nnext\n'


def test_the_first_line_makes_the_file(path: Path) -> None:
    append_line(path, b"one\n")
    assert path.read_bytes() == b"one\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", b""),
        (b"torn", b""),
        (b"one\n", b"one"),
        (b"one\ntwo\n\n  \n", b"two"),
        (b"one\ntorn", b"one"),
        (b"x" * 3_000_000 + b"\nlast\n", b"last"),
    ],
    ids=["empty", "torn", "one", "blank at the end", "torn at the end", "large"],
)
def test_the_last_whole_line_is_found(path: Path, content: bytes, line: bytes) -> None:
    path.write_bytes(content)
    assert last_line(path) == line


def test_a_missing_file_has_no_last_line(path: Path) -> None:
    assert last_line(path) == b""


def test_a_file_is_replaced_whole(path: Path) -> None:
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    flush_folder(path.parent)
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in path.parent.iterdir()] == ["lines"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_aside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["lines"]


def test_this_process_is_alive() -> None:
    assert ProcessIdentity.current().is_alive()


def test_a_process_id_that_was_given_to_another_process_is_not_alive() -> None:
    current = ProcessIdentity.current()
    assert not ProcessIdentity(process_id=current.process_id, start_time=current.start_time - 100).is_alive()


@pytest.mark.parametrize("process_id", [2**22 + 1, 2**31 - 1])
def test_a_process_that_does_not_exist_is_not_alive(process_id: int) -> None:
    assert not ProcessIdentity(process_id=process_id, start_time=1.0).is_alive()


@pytest.mark.skipif(os.name == "nt", reason="needs zombies, which Windows does not have")
def test_a_process_that_ended_but_was_not_waited_for_is_not_alive() -> None:
    process = psutil.Popen(["sleep", "0"])
    identity = ProcessIdentity(process_id=process.pid, start_time=process.create_time())
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert process.status() == psutil.STATUS_ZOMBIE
        assert not identity.is_alive()
    finally:
        process.wait(10)
    assert not identity.is_alive()
