"""`gardener check` looks at the data too, and `gardener preview` refuses what it cannot draw."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.trainer.conftest import Gardener

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def config(pictures: Path, tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text("data: {train_dir: pets}\n", encoding="utf-8")
    return path


def test_check_counts_samples_and_finds_nothing_in_good_data(
    gardener: Gardener, config: Path, capsys: Captured
) -> None:
    assert gardener("check", config) == 0
    assert capsys.readouterr().out.splitlines() == [
        "data: train: 16 samples (cats 8, dogs 8)",
        "data: validation: 4 samples, held out of the training data (cats 2, dogs 2)",
        f"{config} is in order.",
    ]


def test_check_names_every_broken_file_and_what_follows(
    gardener: Gardener, config: Path, pictures: Path, capsys: Captured
) -> None:
    (pictures / "cats" / "3.png").write_bytes(b"")
    assert gardener("check", config) == 2
    out = capsys.readouterr().out.splitlines()
    assert "error: pets/cats/3.png: The file is empty." in out
    assert "data: Unreadable: 1" in out
    assert out[-1].startswith("data: 1 of 20 samples (5.0%) cannot be used and are left out")


def test_warnings_alone_are_no_bad_input(gardener: Gardener, config: Path, pictures: Path, capsys: Captured) -> None:
    shutil.copy(pictures / "cats" / "1.png", pictures / "dogs" / "1.png")
    assert gardener("check", config, "--set", "data.validation_fraction=0") == 0
    out = capsys.readouterr().out
    assert "warning: pets/dogs/1.png: The same picture is in the class cats too, as cats/1.png" in out
    assert "is in order" not in out


def test_check_without_data_reads_none(gardener: Gardener, config: Path, pictures: Path, capsys: Captured) -> None:
    (pictures / "cats" / "3.png").write_bytes(b"")
    assert gardener("check", config, "--no-data") == 0
    assert capsys.readouterr().out == f"{config} is in order.\n"


def test_data_that_cannot_be_used_at_all_is_an_error(
    gardener: Gardener, config: Path, pictures: Path, capsys: Captured
) -> None:
    shutil.rmtree(pictures / "dogs")
    assert gardener("check", config) == 2
    assert "error: " in capsys.readouterr().out
    assert gardener("check", config, "--json") == 2
    assert "one class" in json.loads(capsys.readouterr().out)["data"]["error"]


def test_the_report_can_be_read_by_a_program(
    gardener: Gardener, config: Path, pictures: Path, capsys: Captured
) -> None:
    (pictures / "dogs" / "7.png").write_bytes(b"text")
    assert gardener("check", config, "--json") == 2
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["parts"][0]["class_counts"]["cats"] == 8
    assert [(problem["kind"], Path(problem["file"]).name) for problem in data["problems"]] == [("unreadable", "7.png")]
    assert data["num_read"] == 20


def test_ones_own_loader_is_not_run_for_a_check(
    gardener: Gardener, config: Path, tmp_path: Path, capsys: Captured
) -> None:
    (tmp_path / "mine.py").write_text("def mine(data_dir, batch_size=32, **kwargs):\n    raise SystemExit(9)\n")
    assert gardener("check", config, "--set", 'data.loader={"file": "mine.py", "name": "mine"}') == 0
    assert "only runs in training" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--num", "0"), "--num must be from 1 to 400, received 0."),
        (("--side", "9999"), "--side must be from 16 to 2048, received 9999."),
        (("--set", "data.train_dir=none"), "data.train_dir: There is no"),
    ],
)
def test_preview_says_what_is_wrong_before_keras_is_started(
    gardener: Gardener, config: Path, tmp_path: Path, capsys: Captured, arguments: tuple[str, ...], message: str
) -> None:
    assert gardener("preview", config, "--out", tmp_path / "sheet.png", *arguments) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "sheet.png").exists()
