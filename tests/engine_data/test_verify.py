from __future__ import annotations

from pathlib import Path

import pytest

from trainer.data.pictures.image_folder import scan_image_folder
from trainer.engine.data import verify
from trainer.engine.data.decode_folder import Decoded
from trainer.engine.data.picture_format import PictureFormat

pytestmark = pytest.mark.keras


def verified(folder: Path, channels: int = 3) -> tuple[dict[str, str], set[str], list[int]]:
    index = scan_image_folder(folder)
    done: list[int] = []
    decoded: Decoded = verify.verify_folder(folder, index.paths, PictureFormat(8, 8, channels), done.append)
    unreadable = {index.paths[position]: reason for position, reason in decoded.unreadable.items()}
    return unreadable, {index.paths[position] for position in decoded.by_pillow}, done


@pytest.mark.parametrize("most_decoded", [20_000, 5], ids=["decoding all", "looking at ends"])
def test_cut_off_and_foreign_files_are_found(pets: Path, monkeypatch: pytest.MonkeyPatch, most_decoded: int) -> None:
    monkeypatch.setattr(verify, "MOST_DECODED", most_decoded)
    for name in ("cats/00.png", "cats/01.jpg", "cats/02.bmp", "cats/03.gif"):
        (pets / name).write_bytes((pets / name).read_bytes()[:-60])
    (pets / "dogs/00.png").write_bytes(b"hello")
    (pets / "dogs/01.jpg").write_bytes(b"")
    unreadable, by_pillow, done = verified(pets)
    assert unreadable["dogs/00.png"] == "it is not a picture in a known format"
    assert unreadable["dogs/01.jpg"] == "the file is empty"
    assert {"cats/00.png", "cats/01.jpg", "cats/02.bmp", "dogs/00.png", "dogs/01.jpg"} <= unreadable.keys()
    assert {name for name in unreadable if name.startswith("owls")} == set()
    assert "dogs/02.bmp" in by_pillow
    assert done[-1] == 27


def test_damage_in_the_middle_is_found_by_decoding_all(pets: Path) -> None:
    file = pets / "cats/00.png"
    content = bytearray(file.read_bytes())
    content[60:70] = bytes(10)
    file.write_bytes(content)
    assert list(verified(pets)[0]) == ["cats/00.png"]


@pytest.mark.parametrize("broken", ["cats/00.png", "dogs/01.jpg"], ids=["looked at", "not looked at"])
def test_of_very_many_only_some_are_looked_at_until_one_is_broken(
    pets: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(verify, "MOST_DECODED", 0)
    monkeypatch.setattr(verify, "MOST_LOOKED_AT", 2)
    for file in (*pets.glob("*/*.gif"), *pets.glob("*/*.bmp")):
        file.unlink()
    opened: list[str] = []
    look = verify._looks_odd
    monkeypatch.setattr(verify, "_looks_odd", lambda path, channels: opened.append(path.name) or look(path, channels))
    assert verified(pets)[0] == {}
    assert len(opened) == 2
    (pets / broken).write_bytes(b"hello")
    found = verified(pets)[0]
    assert list(found) == ([broken] if broken == "cats/00.png" else [])


def test_of_very_many_odd_but_readable_files_only_some_are_decoded(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MOST_DECODED", 0)
    monkeypatch.setattr(verify, "MOST_LOOKED_AT", 2)
    for file in (file for file in pets.glob("*/*.*") if file.suffix != ".bmp"):
        file.unlink()
    unreadable, by_pillow, done = verified(pets)
    assert unreadable == {}
    assert by_pillow == {"cats/02.bmp", "owls/02.bmp"}
    assert done[-1] == len(list(pets.glob("*/*.*"))) == 6
