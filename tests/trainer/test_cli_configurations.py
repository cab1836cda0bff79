"""`new`, `sample` and `check` as a person types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.trainer.conftest import Gardener
from trainer.config.document import load_file

Captured = pytest.CaptureFixture[str]


def the_error(captured: Captured) -> str:
    """The one line on standard error; nothing was printed besides."""
    out, err = captured.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


def test_new_looks_at_a_folder_and_writes_what_it_saw(
    gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert gardener("new", pictures) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "20 pictures in 2 classes (10 each), all 24 × 20 pixels, in colour." in out
    assert out.splitlines()[-1] == "Wrote pets.yaml. Train it with: gardener train pets.yaml"
    config = load_file(tmp_path / "pets.yaml").require()
    assert config.project.name == "pets"
    assert config.data.train_dir == str(pictures)
    assert config.data.image_size == (20, 24)
    assert gardener("check", "pets.yaml") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "pets.yaml is in order."


def test_new_does_not_recommend_a_training_that_would_be_refused(
    gardener: Gardener, tmp_path: Path, capsys: Captured
) -> None:
    rows = "".join(f"{number},{number % 7 / 2},{'ab'[number % 2]}\n" for number in range(40))
    (tmp_path / "ragged.csv").write_text(f"size,weight,kind\n{rows}" + "1,2,a,4\n" * 9)
    assert gardener("new", "ragged.csv") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("9 of 49 rows do not fit the header: training is refused unless")
    assert lines[1] == "line 42: The row has 4 fields, expected 3; it is left out."
    assert lines[-2] == "Wrote ragged.yaml, but training is refused until this is corrected:"
    assert "9 of 49 rows have another number of fields" in lines[-1]
    prices = "".join(f"{number % 9},{number / 10}\n" for number in range(60))
    (tmp_path / "prices.csv").write_text(f"size,price\n{prices}")
    assert gardener("new", "prices.csv", "--set", "project.task=tabular_classification") == 0
    assert "Choose tabular_regression" in capsys.readouterr().out.splitlines()[-1]


def test_new_writes_where_it_is_told_with_the_settings_it_is_given(
    gardener: Gardener, pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine.yml"
    code = gardener("new", pictures, "--out", out, "--set", "training.epochs=3", "--set", "training.optimizer=SGD")
    assert code == 0
    config = load_file(out).require()
    assert (config.training.epochs, config.training.optimizer.name) == (3, "SGD")
    assert not (tmp_path / "pets.yaml").exists()


def test_new_does_not_replace_a_file_unless_it_is_told_to(
    gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured
) -> None:
    existing = tmp_path / "pets.yaml"
    existing.write_text("# precious\n")
    assert gardener("new", pictures) == 2
    assert the_error(capsys) == ("error: pets.yaml: The file exists already. Give another name with --out, or --force.")
    assert existing.read_text() == "# precious\n"
    assert gardener("new", pictures, "--force") == 0
    assert load_file(existing).require().project.name == "pets"


def test_new_uses_the_parts_of_a_data_set(gardener: Gardener, pictures: Path, tmp_path: Path) -> None:
    for part in ("train", "val", "test"):
        shutil.copytree(pictures, tmp_path / "set" / part)
    assert gardener("new", tmp_path / "set") == 0
    data = load_file(tmp_path / "set.yaml").require().data
    assert (data.train_dir, data.val_dir, data.test_dir) == tuple(
        str(tmp_path / "set" / part) for part in ("train", "val", "test")
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _folder: None, "does not exist"),
        (lambda folder: folder.touch(), "is no table and no file of arrays"),
        (lambda folder: folder.mkdir(), "is empty"),
        (lambda folder: (folder / "cats").mkdir(parents=True), "holds only one class (cats)"),
        (lambda folder: [(folder / name).mkdir(parents=True) for name in "ab"], "a, b in"),
    ],
    ids=["missing", "file", "empty", "one class", "classes without pictures"],
)
def test_new_refuses_a_folder_without_data(
    gardener: Gardener, tmp_path: Path, capsys: Captured, make: object, message: str
) -> None:
    folder = tmp_path / "data"
    make(folder)  # type: ignore[operator]
    assert gardener("new", folder) == 2
    line = the_error(capsys)
    assert line.startswith("error: ")
    assert str(folder) in line and message in line
    assert not list(tmp_path.glob("*.yaml"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "training.epoch=3"], "error: training.epoch: There is no such setting. Did you mean 'epochs'?"),
        (["--set", "training.epochs=many"], "Expected a whole number from 1 to 1,000,000, received 'many'."),
        (["--set", "nonsense"], "error: Expected KEY=VALUE, such as training.epochs=5, received 'nonsense'."),
        (["--out", "none/pets.yaml"], "error: none/pets.yaml cannot be written: No such file or directory."),
        (["--out", "pets", "--force"], "error: pets cannot be written: Is a directory."),
    ],
)
def test_new_with_something_wrong_writes_nothing(
    gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured, arguments: list[str], message: str
) -> None:
    assert gardener("new", pictures, *arguments) == 2
    assert message in the_error(capsys)
    assert {entry.name for entry in tmp_path.iterdir()} == {"pets"}


def test_sample_writes_pictures_and_a_configuration(gardener: Gardener, tmp_path: Path, capsys: Captured) -> None:
    assert gardener("sample", "digits", "--data", tmp_path / "data", "--set", "training.epochs=2") == 0
    assert f"The data is in {tmp_path / 'data'}" in capsys.readouterr().out
    config = load_file(tmp_path / "digits.yaml").require()
    assert Path(config.data.train_dir).is_relative_to(tmp_path / "data")
    assert config.training.epochs == 2
    assert gardener("check", "digits.yaml") == 0
    assert "digits.yaml is in order." in capsys.readouterr().out


def test_check_names_line_key_and_remedy_of_every_problem(gardener: Gardener, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "c.yaml").write_text("data:\n  batch_size: 0\ntraining:\n  epoch: 3\n")
    assert gardener("check", "c.yaml") == 2
    assert capsys.readouterr().out.splitlines() == [
        "error: c.yaml: line 2: data.batch_size: Expected a whole number from 1 to 65,536, received 0.",
        "error: c.yaml: line 4: training.epoch: There is no such setting. Did you mean 'epochs'?",
        "c.yaml cannot be trained: 2 errors.",
    ]


def test_check_looks_at_folders_and_components_and_names_their_line(
    gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "c.yaml").write_text(
        "data: {train_dir: pets,\n  val_dir: none}\ntraining:\n  optimizer:\n    name: Adam\n    arguments: {rho: 1}\n"
    )
    assert gardener("check", "c.yaml") == 2
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first == f"error: c.yaml: line 2: data.val_dir: There is no folder {tmp_path / 'none'}."
    assert second.startswith("error: c.yaml: line 6: training.optimizer.arguments.rho: Adam has no argument 'rho'.")


def test_check_takes_settings_for_once(gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("data: {train_dir: pets}\n")
    assert gardener("check", "c.yaml", "--set", "training.epochs=0") == 2
    assert "training.epochs: Expected a whole number" in capsys.readouterr().out
    assert gardener("check", "c.yaml", "--set", "training.optimizer.arguments.beta_1=0.8") == 0
    assert file.read_text() == "data: {train_dir: pets}\n"


def test_check_can_answer_in_json(gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("data: {train_dir: pets}\nmodel: {model_name: ResNet-50}\n")
    assert gardener("check", "c.yaml", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [part["num_samples"] for part in answer.pop("data")["parts"]] == [16, 4]
    assert answer == {
        "ok": True,
        "can_be_trained": True,
        "num_errors": 0,
        "num_warnings": 0,
        "problems": [],
        "notes": ["model.model_name 'ResNet-50' became model.architecture 'ResNet50'."],
    }
    file.write_text("data: {train_dir: none}\n")
    assert gardener("check", "c.yaml", "--json") == 2
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["key"], problem["line"], problem["severity"]) == ("data.train_dir", 1, "error")


def test_check_says_what_became_of_an_older_form(
    gardener: Gardener, pictures: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "c.py.yaml").write_text("config = {'data': {'train_dir': 'pets', 'data_loader': {}}}\n")
    assert gardener("check", "c.py.yaml") == 0
    note, *_, verdict = capsys.readouterr().out.splitlines()
    assert note == "note: data.data_loader.selected_data_loader 'ImageDataLoader' became data.loader."
    assert verdict == "c.py.yaml is in order."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "error: c.yaml: The file cannot be read: No such file or directory."),
        (b"\xff\xfe", "error: c.yaml: The file is not UTF-8 text. Expected a YAML file."),
        (b"x" * 2_000_000, "error: c.yaml: The file holds 2,000,000 bytes; a configuration holds at most 1,000,000."),
    ],
)
def test_check_refuses_a_file_that_cannot_be_read(
    gardener: Gardener, tmp_path: Path, capsys: Captured, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "c.yaml").write_bytes(content)
    assert gardener("check", "c.yaml") == 2
    assert the_error(capsys) == message
    assert gardener("check", "c.yaml", "--json") == 2
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert message == f"error: c.yaml: {problem['message']}"
