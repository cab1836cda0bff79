from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from trainer.data.pictures.image_folder import scan_image_folder
from trainer.engine.data import verify
from trainer.engine.data.disk_cache import cache_key
from trainer.engine.data.picture_format import PictureFormat
from trainer.engine.data.prepare import PreparedData

pytestmark = pytest.mark.keras
Prepare = Callable[..., PreparedData]
SMALL = PictureFormat(8, 8, 3)


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").iterdir())


def test_the_second_time_nothing_is_decoded(prepare: Prepare, tmp_path: Path, heard, monkeypatch) -> None:
    first = prepare(cache="disk")
    made = entries(tmp_path)
    monkeypatch.setattr("trainer.engine.data.picture_files.decode_folder", None)
    second = prepare(cache="disk")
    assert entries(tmp_path) == made
    assert np.array_equal(first.train.images(range(21)), second.train.images(range(21)))
    assert "decoded before" in " ".join(heard.lines)


def test_unreadable_pictures_are_remembered(prepare: Prepare, pets: Path, tmp_path: Path, monkeypatch) -> None:
    (pets / "cats" / "00.png").write_bytes(b"x")
    first = prepare(cache="disk", max_unreadable_fraction=0.1)
    monkeypatch.setattr("trainer.engine.data.picture_files.decode_folder", None)
    second = prepare(cache="disk", max_unreadable_fraction=0.1)
    assert (
        first.unreadable
        == second.unreadable
        == ((str(pets / "cats" / "00.png"), "it is not a picture in a known format"),)
    )


def test_the_name_of_an_entry_follows_files_and_format(pets: Path) -> None:
    index = scan_image_folder(pets)
    key = cache_key(index.folder, index.paths, SMALL)
    assert key == cache_key(index.folder, index.paths, PictureFormat(8, 8, 3))
    others = {
        cache_key(index.folder, index.paths, other)
        for other in (PictureFormat(8, 9, 3), PictureFormat(8, 8, 1), PictureFormat(8, 8, 3, "crop"))
    }
    others.add(cache_key(index.folder, index.paths[1:], SMALL))
    changed = pets / "cats" / "00.png"
    os.utime(changed, ns=(1, 1))
    others.add(cache_key(index.folder, index.paths, SMALL))
    changed.unlink()
    others.add(cache_key(index.folder, index.paths, SMALL))
    assert len(others - {key}) == 6


def test_a_damaged_entry_is_made_again(prepare: Prepare, tmp_path: Path) -> None:
    expected = prepare(cache="disk").train.images(range(21))
    (entries(tmp_path)[0] / "decoded.json").unlink()
    again = prepare(cache="disk")
    assert again.cache == "disk"
    assert np.array_equal(again.train.images(range(21)), expected)


@pytest.mark.parametrize("num_noted", [None, 26], ids=["empty", "of other pictures"])
def test_an_entry_with_a_damaged_note_of_what_is_there_is_made_again(
    prepare: Prepare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_noted: int | None
) -> None:
    monkeypatch.setattr(verify, "MOST_DECODED", 0)
    expected = prepare(cache="disk").train.images(range(21))
    note = io.BytesIO()
    if num_noted is not None:
        np.save(note, np.ones(num_noted, dtype=bool))
    (entries(tmp_path)[0] / "there.npy").write_bytes(note.getvalue())
    again = prepare(cache="disk")
    assert again.cache == "disk"
    assert np.array_equal(again.train.images(range(21)), expected)
    assert len(np.load(entries(tmp_path)[0] / "there.npy")) == 27


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_full_disk_leaves_no_half_file_and_training_goes_on(prepare: Prepare, tmp_path: Path, heard) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        prepared = prepare(cache="disk")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert prepared.cache == "off"
    assert prepared.train.num_samples + prepared.validation.num_samples == 27
    assert entries(tmp_path) == []
    assert "cannot be kept on disk" in heard.notices[0]
    assert "File too large" in heard.notices[0]


def test_a_cache_folder_that_cannot_be_made_is_no_end(prepare: Prepare, tmp_path: Path, heard) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert prepare(cache="disk").cache == "off"
    assert "decoded again in every epoch" in heard.notices[0]


def test_entries_unused_for_a_month_are_cleared(prepare: Prepare, tmp_path: Path) -> None:
    long_ago = time.time() - 40 * 24 * 3600
    for name, when in (("old", long_ago), (".left.1.part", long_ago), ("recent", time.time())):
        folder = tmp_path / "cache" / name
        folder.mkdir(parents=True)
        os.utime(folder, (when, when))
    prepare(cache="disk")
    names = {entry.name for entry in entries(tmp_path)}
    assert "recent" in names
    assert not names & {"old", ".left.1.part"}
