"""The folder `custom_functions` beside a project's file."""

from __future__ import annotations

import os
import typing
from pathlib import Path

import pytest

from trainer.catalog.discovery import discover, functions_for
from trainer.catalog.entry import ComponentKind


def write(base_dir: Path, name: str, source: str) -> Path:
    path = base_dir / "custom_functions" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


def found(base_dir: Path) -> list[tuple[str, str, str | None]]:
    return [(item.file, item.name, item.kind) for item in discover(base_dir)]


LOSS = "def focal(y_true, y_pred, gamma: float = 2.0):\n    '''Hard ones first.'''\n"


def test_a_project_without_the_folder_has_no_functions(tmp_path: Path) -> None:
    assert discover(tmp_path) == ()


def test_a_file_dropped_in_appears_and_disappears(tmp_path: Path) -> None:
    path = write(tmp_path, "losses.py", LOSS)
    assert found(tmp_path) == [("custom_functions/losses.py", "focal", "loss")]
    (item,) = functions_for("loss", tmp_path)
    assert item.entry is not None and item.line == 1
    assert (item.entry.description, item.entry.argument("gamma").kind) == ("Hard ones first.", "float")
    assert functions_for("metric", tmp_path) == ()
    path.unlink()
    assert discover(tmp_path) == ()


def test_folders_inside_are_looked_through_and_hidden_names_are_not(tmp_path: Path) -> None:
    for name in ("b/c/losses.py", "a_losses.py", "_losses.py", ".losses.py", "__pycache__/losses.py", ".git/losses.py"):
        write(tmp_path, name, LOSS)
    write(tmp_path, "losses.txt", LOSS)
    assert [file for file, _, _ in found(tmp_path)] == [
        "custom_functions/a_losses.py",
        "custom_functions/b/c/losses.py",
    ]


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "losses.py", LOSS)
    other = write(tmp_path, "other_losses.py", LOSS)
    before = discover(tmp_path)
    read = []
    parse = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or parse(path))
    assert discover(tmp_path) == before
    assert read == []
    other.write_text(LOSS + "\n\ndef dice(y_true, y_pred): ...\n", encoding="utf-8")
    assert [name for _, name, _ in found(tmp_path)] == ["focal", "focal", "dice"]
    assert read == [other]


def test_a_file_that_is_no_python_is_told_with_its_line_and_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, "bad.py", "x = 1\ndef f(:\n")
    write(tmp_path, "losses.py", LOSS)
    bad, good = discover(tmp_path)
    assert (bad.file, bad.entry, bad.kind, bad.line) == ("custom_functions/bad.py", None, None, 2)
    assert bad.problem.endswith("bad.py:2: Not valid Python: invalid syntax.")
    assert good.name == "focal"


def test_a_file_that_vanished_since_has_no_entry(tmp_path: Path) -> None:
    path = write(tmp_path, "losses.py", LOSS)
    (item,) = discover(tmp_path)
    path.unlink()
    assert item.entry is None


def test_nothing_is_executed(tmp_path: Path) -> None:
    write(tmp_path, "losses.py", f"open({str(tmp_path / 'trap')!r}, 'w')\n{LOSS}")
    (item,) = discover(tmp_path)
    assert item.entry is not None
    assert not (tmp_path / "trap").exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a file that this user may not read")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, "losses.py", LOSS).chmod(0)
    (item,) = discover(tmp_path)
    assert "cannot be read" in item.problem


@pytest.mark.parametrize(
    ("file", "definition", "kinds"),
    [
        ("own.py", "def f(y_true, y_pred)", ["loss", "metric"]),
        ("losses.py", "def f(y_true, y_pred)", ["loss"]),
        ("my_metrics.py", "def f(y_true, y_pred)", ["metric"]),
        ("own.py", "def dice_loss(y_true, y_pred)", ["loss"]),
        ("own.py", "def dice_score(y_true, y_pred)", ["metric"]),
        ("own.py", "def f(image, seed)", ["augmentation"]),
        ("own.py", "def f(images, labels)", ["augmentation"]),
        ("own.py", "def f(image)", ["preprocessing", "augmentation"]),
        ("augmentation.py", "def f(image)", ["augmentation"]),
        ("own.py", "def f(epoch, learning_rate)", ["schedule"]),
        ("own.py", "def f(learning_rate)", ["optimizer"]),
        ("own.py", "def f(input_shape, num_classes)", ["model"]),
        ("own.py", "def f(data_dir)", ["loader"]),
        ("own.py", "def f(model, train_dataset, val_dataset, epochs, callbacks)", ["training_loop"]),
        ("own.py", "class F(keras.callbacks.Callback)", ["callback"]),
        ("own.py", "class F(Unknown)", []),
        ("callbacks.py", "class F(Unknown)", ["callback"]),
        ("losses.py", "def helper(values)", []),
    ],
)
def test_what_is_found_is_offered_as_what_it_is_meant_for(
    tmp_path: Path, file: str, definition: str, kinds: list[str]
) -> None:
    write(tmp_path, file, f"{definition}: ...\n")
    assert [item.kind for item in discover(tmp_path)] == kinds


def test_the_description_tells_where_the_names_do_not(tmp_path: Path) -> None:
    write(tmp_path, "own.py", 'def dice(y_true, y_pred):\n    """A metric for overlap.\n\n    A loss too.\n    """\n')
    assert [kind for _, _, kind in found(tmp_path)] == ["metric"]


def test_the_examples_are_discovered_each_as_one_kind_and_all_kinds_are_there(repository: Path) -> None:
    items = discover(repository)
    assert [item.problem for item in items if item.problem] == []
    assert {item.kind for item in items} == {*typing.get_args(ComponentKind)} - {"output"}
    assert len({(item.file, item.name) for item in items}) == len(items)
    assert all(item.entry is not None and item.entry.description for item in items)
