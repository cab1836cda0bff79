from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.errors import RunError
from trainer.runs.checkpoints import (
    CheckpointManifest,
    find_checkpoint,
    newest_checkpoint,
    verify_checkpoint,
    write_checkpoint,
)
from trainer.runs.functions import copy_functions, copy_of


def writing(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def write(folder: Path, name: str, epoch: int, step: int = 0, content: bytes = b"weights") -> None:
    manifest = CheckpointManifest(epoch=epoch, step=step, created=1.0, metrics={"loss": 0.5})
    write_checkpoint(folder, name, manifest, {"model.h5": writing(content), "state.json": writing(b"{}")})


def epoch_of(folder: Path, name: str) -> int | None:
    found = find_checkpoint(folder, name)
    return found[1].epoch if found else None


def test_a_checkpoint_is_found_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path, "last", 3, 7)
    found = find_checkpoint(tmp_path, "last")
    assert found is not None
    folder, manifest = found
    assert folder == tmp_path / "last"
    assert (manifest.epoch, manifest.step, manifest.metrics) == (3, 7, {"loss": 0.5})
    assert set(manifest.files) == {"model.h5", "state.json"}
    verify_checkpoint(folder, manifest)
    assert {entry.name for entry in tmp_path.iterdir()} == {"last"}


def test_there_is_no_checkpoint_before_the_first(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path / "none", "last") is None
    assert newest_checkpoint(tmp_path / "none") is None


def test_a_later_checkpoint_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    write(tmp_path, "last", 1)
    write(tmp_path, "last", 2)
    assert epoch_of(tmp_path, "last") == 2
    assert {entry.name for entry in tmp_path.iterdir()} == {"last"}


def test_figures_that_are_not_finite_survive(tmp_path: Path) -> None:
    manifest = CheckpointManifest(epoch=1, created=1.0, metrics={"loss": float("nan"), "top": float("inf")})
    write_checkpoint(tmp_path, "last", manifest, {})
    json.loads((tmp_path / "last" / "manifest.json").read_text(), parse_constant=pytest.fail)
    found = find_checkpoint(tmp_path, "last")
    assert found is not None
    assert repr(found[1].metrics) == "{'loss': nan, 'top': inf}"


def test_a_write_that_fails_leaves_the_old_one_and_nothing_aside(tmp_path: Path) -> None:
    write(tmp_path, "last", 1)

    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path, "last", CheckpointManifest(epoch=2, created=1.0), {"a": writing(b"a"), "b": fail})
    assert epoch_of(tmp_path, "last") == 1
    assert {entry.name for entry in tmp_path.iterdir()} == {"last"}


class PowerCut(BaseException):
    pass


@pytest.mark.parametrize("renames_done", [0, 1])
def test_after_a_crash_between_renames_the_previous_one_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames_done: int
) -> None:
    write(tmp_path, "last", 1)
    crash_after(monkeypatch, renames_done)
    with pytest.raises(PowerCut):
        write(tmp_path, "last", 2)
    monkeypatch.undo()
    assert epoch_of(tmp_path, "last") == 1
    found = newest_checkpoint(tmp_path)
    assert found is not None and found[1].epoch == 1
    verify_checkpoint(*found)
    write(tmp_path, "last", 3)
    assert epoch_of(tmp_path, "last") == 3


def test_two_crashes_in_a_row_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "last", 1)
    for renames_done in (1, 0):
        crash_after(monkeypatch, renames_done)
        with pytest.raises(PowerCut):
            write(tmp_path, "last", 2)
        monkeypatch.undo()
        assert epoch_of(tmp_path, "last") == 1


def crash_after(monkeypatch: pytest.MonkeyPatch, renames_done: int) -> None:
    """Let the process "die" at a rename; what it would have cleaned up afterwards stays as well."""
    rename, left = Path.rename, [renames_done]

    def count_down(path: Path, target: Path) -> Path:
        if left[0] == 0:
            monkeypatch.setattr("trainer.runs.checkpoints.shutil.rmtree", lambda *_, **__: None)
            raise PowerCut
        left[0] -= 1
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", count_down)


@pytest.mark.parametrize("damage", ["manifest cut", "manifest gone", "file gone"])
def test_an_incomplete_checkpoint_is_none(tmp_path: Path, damage: str) -> None:
    write(tmp_path, "last", 1)
    manifest = tmp_path / "last" / "manifest.json"
    if damage == "manifest cut":
        manifest.write_bytes(manifest.read_bytes()[:-20])
    elif damage == "manifest gone":
        manifest.unlink()
    else:
        (tmp_path / "last" / "model.h5").unlink()
    assert find_checkpoint(tmp_path, "last") is None
    assert newest_checkpoint(tmp_path) is None


def test_a_file_that_changed_on_disk_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, "last", 1)
    (tmp_path / "last" / "model.h5").write_bytes(b"weightz")
    found = find_checkpoint(tmp_path, "last")
    assert found is not None
    with pytest.raises(RunError, match=r"is damaged: model\.h5 is not what was written"):
        verify_checkpoint(*found)


def test_the_newest_checkpoint_is_the_one_that_got_furthest(tmp_path: Path) -> None:
    write(tmp_path, "best", 4)
    write(tmp_path, "last", 4, 3)
    write(tmp_path, "epoch_0005", 3)
    (tmp_path / ".aside_last").mkdir()
    found = newest_checkpoint(tmp_path)
    assert found is not None
    assert found[0].name == "last"
    write(tmp_path, "last", 4)
    found = newest_checkpoint(tmp_path)
    assert found is not None
    assert found[0].name == "last", "of two that got as far, the one that training continues from"


def test_user_files_are_copied_with_their_checksum(tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "losses.py", tmp_path / "b" / "losses.py"
    for number, file in enumerate((first, second)):
        file.parent.mkdir()
        file.write_text(f"NUMBER = {number}\n")
    functions = tmp_path / "functions"
    copy_functions([first, second, first], functions)
    for file in (first, second):
        copy = copy_of(file, functions)
        assert copy.parent == functions
        assert copy.read_text() == file.read_text()
    assert len(list(functions.glob("losses_*.py"))) == 2
    first.write_text("NUMBER = 99\n")
    assert copy_of(first, functions).read_text() == "NUMBER = 0\n"


def test_a_file_without_a_copy_is_itself(tmp_path: Path) -> None:
    file = tmp_path / "models.py"
    assert copy_of(file, tmp_path / "functions") == file
    copy_functions([], tmp_path / "functions")
    assert not (tmp_path / "functions").exists()
