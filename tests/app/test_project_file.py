"""The project's file: bytes kept, changes of others noticed, unsaved work never lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from app.project import Project
from app.project.recent import RecentFiles
from app.project.recovery import Recovery, RecoveryFile, discard, recoverable
from trainer.errors import ConfigError
from trainer.runs.process import ProcessIdentity


@pytest.fixture
def project(tmp_path: Path, qapp) -> Iterator[Project]:
    project = Project(recovery_folder=tmp_path / "recovery")
    yield project
    project.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"training:\n  epochs: 5\n")
    return path


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    end=st.sampled_from(["\n", "\r\n"]),
    comment=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
)
def test_saving_what_was_not_edited_keeps_every_byte(qapp, tmp_path: Path, mark: bytes, end: str, comment: str) -> None:
    content = mark + f"training:{end}  epochs: 5 # {comment}{end}".encode()
    path, copy = tmp_path / "a.yaml", tmp_path / "b.yaml"
    path.write_bytes(content)
    project = Project(recovery_folder=tmp_path / "recovery")
    project.open(path)
    project.save()
    project.save_as(copy)
    assert path.read_bytes() == copy.read_bytes() == content
    project.close()


def test_an_edit_keeps_byte_order_mark_and_line_ends(project: Project, path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf# a\r\ntraining:\r\n  epochs: 5\r\n")
    project.open(path)
    project.set_value("training.epochs", 6)
    project.save()
    assert path.read_bytes() == b"\xef\xbb\xbf# a\r\ntraining:\r\n  epochs: 6\r\n"
    assert not project.is_dirty


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00\x01", "not UTF-8 text"),
        (b"a: b\0c", "not text"),
        (b"a: 1\n" * 300_000, "at most 1,000,000"),
        (None, "cannot be read"),
    ],
    ids=["binary", "null bytes", "megabytes", "missing"],
)
def test_what_is_no_configuration_is_refused_and_nothing_changes(
    project: Project, path: Path, tmp_path: Path, content: bytes | None, words: str
) -> None:
    project.open(path)
    other = tmp_path / "other.yaml"
    if content is not None:
        other.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        project.open(other)
    assert project.path == path
    assert project.value("training.epochs") == 5
    assert content is None or other.read_bytes() == content


def test_saving_without_a_file_says_what_to_do(project: Project) -> None:
    with pytest.raises(ConfigError, match="Save as"):
        project.save()


def test_a_failed_save_leaves_the_file_and_stays_dirty(
    project: Project, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    project.open(path)
    project.set_value("training.epochs", 6)
    monkeypatch.setattr("app.project.config_file.write_atomically", full_disk)
    with pytest.raises(OSError, match="No space left"):
        project.save()
    assert project.is_dirty
    assert path.read_bytes() == b"training:\n  epochs: 5\n"
    project.close()


def test_a_replaced_file_is_noticed_and_reload_can_be_undone(project: Project, path: Path, qtbot) -> None:
    project.open(path)
    project.set_value("training.epochs", 6)
    aside = path.with_name("aside")
    aside.write_text("training:\n  epochs: 99\n")
    with qtbot.waitSignal(project.file_changed_outside):
        aside.replace(path)
    project.reload()
    assert project.value("training.epochs") == 99
    assert not project.is_dirty
    project.undo()
    assert project.value("training.epochs") == 6
    project.close()


def test_a_file_changed_in_place_is_noticed_every_time(project: Project, path: Path, qtbot) -> None:
    project.open(path)
    for epochs in (8, 9):
        with qtbot.waitSignal(project.file_changed_outside):
            path.write_text(f"training:\n  epochs: {epochs}\n")


def test_a_deleted_file_is_noticed_and_saved_anew(project: Project, path: Path, qtbot) -> None:
    project.open(path)
    with qtbot.waitSignal(project.file_changed_outside):
        path.unlink()
    assert project.file_is_missing
    project.save()
    assert path.read_bytes() == b"training:\n  epochs: 5\n"


def test_own_saves_are_not_taken_for_those_of_others(project: Project, path: Path, qtbot) -> None:
    project.open(path)
    project.set_value("training.epochs", 6)
    with qtbot.assertNotEmitted(project.file_changed_outside, wait=400):
        project.save()


def test_an_unnoticed_change_is_not_overwritten_at_once(project: Project, path: Path) -> None:
    project.open(path)
    project.set_value("training.epochs", 6)
    path.write_text("training:\n  epochs: 99\n")
    with pytest.raises(ConfigError, match="Another program changed this file"):
        project.save()
    assert path.read_text() == "training:\n  epochs: 99\n"
    project.save()
    assert path.read_text() == "training:\n  epochs: 6\n"


def test_unsaved_work_is_kept_aside_until_it_is_saved(project: Project, path: Path, tmp_path: Path, qtbot) -> None:
    folder = tmp_path / "recovery"
    project.open(path)
    project.set_value("training.epochs", 6)
    qtbot.waitUntil(lambda: len(list(folder.glob("*.json"))) == 1)
    assert recoverable(folder) == {}, "the work of a living window is not offered"
    project.save()
    assert list(folder.glob("*.json")) == []


def test_work_of_a_window_that_died_is_offered_and_continued(project: Project, path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "recovery"
    lost = Recovery(
        path=path,
        text="training:\n  epochs: 77\n",
        saved_at=1.0,
        owner=ProcessIdentity(process_id=2**22 + 1, start_time=1.0),
    )
    folder.mkdir()
    (folder / "dead.json").write_text(lost.model_dump_json())
    (folder / "broken.json").write_text("{")
    ((file, found),) = recoverable(folder).items()
    project.recover(found)
    discard(file)
    assert project.value("training.epochs") == 77
    assert project.path == path
    assert project.is_dirty
    assert recoverable(folder) == {}
    project.close()


def test_closing_cleanly_leaves_no_recovery_file(tmp_path: Path) -> None:
    file = RecoveryFile(tmp_path)
    file.write(None, "a: 1")
    assert len(list(tmp_path.glob("*.json"))) == 1
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_recent_files_are_newest_first_without_repetition(tmp_path: Path) -> None:
    stored = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    recent = RecentFiles(stored)
    for name in ("a", "b", "a"):
        recent.add(tmp_path / name)
    assert RecentFiles(stored).paths() == [tmp_path / "a", tmp_path / "b"]
    recent.remove(tmp_path / "a")
    assert recent.paths() == [tmp_path / "b"]
