from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trainer.data.pictures.image_folder import scan_image_folder
from trainer.errors import DataError

MakePicture = Callable[..., Path]


def test_sub_folders_become_classes_and_their_pictures_are_sorted(cats_and_dogs: Path) -> None:
    index = scan_image_folder(cats_and_dogs)
    assert index.class_names == ("cats", "dogs")
    assert list(index.paths) == ["cats/a.png", "cats/b.JPG", "cats/more/c.bmp", "dogs/a.gif", "dogs/b.jpeg"]
    assert index.labels.tolist() == [0, 0, 0, 1, 1]
    assert index.labels.dtype == "int32"
    assert index.class_counts.tolist() == [3, 2]
    assert index.missing_classes == ()


def test_hidden_files_and_other_files_are_passed_over(cats_and_dogs: Path) -> None:
    expected = list(scan_image_folder(cats_and_dogs).paths)
    for name in (".hidden/x.png", "cats/.x.png", "cats/.thumbs/x.png", "cats/notes.txt", "__MACOSX/cats/x.png"):
        file = cats_and_dogs / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    assert list(scan_image_folder(cats_and_dogs).paths) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_are_followed_but_not_in_circles(cats_and_dogs: Path, make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("elsewhere/far.png")
    (cats_and_dogs / "cats" / "linked").symlink_to(tmp_path / "elsewhere")
    (cats_and_dogs / "cats" / "circle").symlink_to(cats_and_dogs / "cats")
    (tmp_path / "elsewhere" / "back").symlink_to(cats_and_dogs / "cats" / "more")
    (cats_and_dogs / "cats" / "more" / "forth").symlink_to(tmp_path / "elsewhere")
    names = list(scan_image_folder(cats_and_dogs).paths)
    assert "cats/linked/far.png" in names
    assert not [name for name in names if "circle" in name]
    assert len(names) == len(set(names)) < 15


def test_labels_of_a_second_folder_count_in_the_first_ones_classes(
    cats_and_dogs: Path, make_picture: MakePicture
) -> None:
    make_picture("val/dogs/a.png")
    index = scan_image_folder(cats_and_dogs.parent / "val", class_names=("cats", "dogs"))
    assert index.labels.tolist() == [1]
    assert index.class_names == ("cats", "dogs")
    assert index.missing_classes == ("cats",)


def test_an_unknown_class_in_a_second_folder_is_named(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("val/dog/a.png")
    make_picture("val/cats/a.png")
    with pytest.raises(DataError, match=r"the class dog that the training folder does not have\. It lacks dogs\."):
        scan_image_folder(tmp_path / "val", class_names=("cats", "dogs"))


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist"):
        scan_image_folder(tmp_path / "nowhere")


def test_a_file_instead_of_a_folder_says_so(cats_and_dogs: Path) -> None:
    with pytest.raises(DataError, match="is a file, not a folder"):
        scan_image_folder(cats_and_dogs / "cats" / "a.png")


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is empty.*one sub-folder of pictures per class"):
        scan_image_folder(tmp_path)


def test_pictures_without_class_folders_say_so(cats_and_dogs: Path) -> None:
    with pytest.raises(DataError, match=r"lie directly in .*sort the pictures into such sub-folders"):
        scan_image_folder(cats_and_dogs / "cats" / "more")


def test_a_single_class_says_so(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("pets/cats/a.png")
    with pytest.raises(DataError, match=r"only one class \(cats\)"):
        scan_image_folder(tmp_path / "pets")


def test_an_empty_class_folder_is_named(cats_and_dogs: Path) -> None:
    (cats_and_dogs / "birds").mkdir()
    with pytest.raises(DataError, match=r"The class folder birds in .* holds no picture"):
        scan_image_folder(cats_and_dogs)


def test_the_parts_of_a_data_set_are_not_taken_for_classes(make_picture: MakePicture, tmp_path: Path) -> None:
    make_picture("set/train/cats/a.png")
    make_picture("set/test/cats/a.png")
    with pytest.raises(DataError, match=r"parts of a data set \(test, train\).*Choose .*train as the training folder"):
        scan_image_folder(tmp_path / "set")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_permission_says_so(cats_and_dogs: Path) -> None:
    cats_and_dogs.chmod(0)
    try:
        with pytest.raises(DataError, match="permission denied"):
            scan_image_folder(cats_and_dogs)
    finally:
        cats_and_dogs.chmod(0o700)


def test_a_folder_that_the_system_refuses_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"cannot be read: permission denied. Change its permissions"):
        scan_image_folder(tmp_path)
