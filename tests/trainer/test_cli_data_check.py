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
    assert out[-2].startswith("data: 1 of 20 samples (5.0%) cannot be used and are left out")
    assert out[-1] == f"{config} can be trained, without the samples that are left out: 1 error."
    (pictures / "dogs" / "4.png").write_bytes(b"")
    assert gardener("check", config) == 2
    *_, told, verdict = capsys.readouterr().out.splitlines()
    assert told.startswith(f"error: {config}: line 1: data.max_unreadable_fraction: 2 of 20 samples in the train data ")
    assert verdict == f"{config} cannot be trained: 3 errors."


def test_warnings_alone_are_no_bad_input(gardener: Gardener, config: Path, pictures: Path, capsys: Captured) -> None:
    shutil.copy(pictures / "cats" / "1.png", pictures / "dogs" / "1.png")
    assert gardener("check", config, "--set", "data.validation_fraction=0") == 0
    out = capsys.readouterr().out
    assert "warning: pets/dogs/1.png: The same picture is in the class cats too, as cats/1.png" in out
    assert out.endswith(f"{config} is in order, with 1 warning.\n")


def test_check_without_data_reads_none(gardener: Gardener, config: Path, pictures: Path, capsys: Captured) -> None:
    (pictures / "cats" / "3.png").write_bytes(b"")
    assert gardener("check", config, "--no-data") == 0
    assert capsys.readouterr().out == f"{config} is in order.\n"


def test_data_that_cannot_be_used_at_all_is_an_error(
    gardener: Gardener, config: Path, pictures: Path, capsys: Captured
) -> None:
    shutil.rmtree(pictures / "dogs")
    assert gardener("check", config) == 2
    told, verdict = capsys.readouterr().out.splitlines()
    assert told.startswith(f"error: {config}: line 1: data.train_dir: {pictures} holds only one class")
    assert verdict == f"{config} cannot be trained: 1 error."
    assert gardener("check", config, "--json") == 2
    answer = json.loads(capsys.readouterr().out)
    assert not answer["ok"] and not answer["can_be_trained"] and "data" not in answer
    assert "one class" in answer["problems"][0]["message"]


def test_the_report_can_be_read_by_a_program(
    gardener: Gardener, config: Path, pictures: Path, capsys: Captured
) -> None:
    (pictures / "dogs" / "7.png").write_bytes(b"text")
    assert gardener("check", config, "--json") == 2
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["can_be_trained"], answer["num_errors"], answer["num_warnings"]) == (False, True, 1, 0)
    data = answer["data"]
    assert data["left_out"].startswith("1 of 20 samples (5.0%)")
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


REFUSED_BY_DATA = [
    (("data.split.num_folds=21",), "data.split.num_folds: There are only 20 samples for 21 folds."),
    (
        ("data.balance.method=class_weights", "data.balance.weighting=given", "data.balance.class_weights=cat=2"),
        "data.balance.class_weights: There is no class 'cat'. Did you mean 'cats'?",
    ),
    (
        ("data.validation_fraction=0", "checkpoints.monitor=val_accuracy"),
        "checkpoints.monitor: There is no validation data, so there will be no val_accuracy to watch.",
    ),
    (
        ("project.task=image_segmentation", "model.architecture=UNet", "data.loader.arguments.layout=class_folders"),
        "project.task: The samples are pictures that come with classes: that is image classification",
    ),
]


@pytest.mark.parametrize(
    ("settings", "message"), REFUSED_BY_DATA, ids=[item[1].split(":")[0] for item in REFUSED_BY_DATA]
)
def test_what_only_the_data_rules_out_is_refused_before_training_with_its_key(
    gardener: Gardener, config: Path, capsys: Captured, settings: tuple[str, ...], message: str
) -> None:
    arguments = [text for setting in settings for text in ("--set", setting)]
    assert gardener("check", config, *arguments) == 2
    *_, told, verdict = capsys.readouterr().out.splitlines()
    assert told.startswith(f"error: {config}: ")
    assert message in told
    assert verdict == f"{config} cannot be trained: 1 error."


def test_a_warm_up_longer_than_training_warns_once(gardener: Gardener, config: Path, capsys: Captured) -> None:
    schedule = 'training.learning_rate_schedule={"name": "Step", "arguments": {"warmup_%s": 7}}'
    for unit, training in (("steps", 6), ("epochs", 3)):
        settings = ("data.batch_size=8", "training.epochs=3", schedule % unit)
        assert gardener("check", config, *(text for setting in settings for text in ("--set", setting))) == 0
        lines = capsys.readouterr().out.splitlines()
        (told,) = [line for line in lines if "warm-up" in line]
        assert told.startswith("warning: ") and f"takes 7 {unit}, training {training}: " in told


def test_problems_of_the_data_stand_at_the_line_of_their_setting(
    gardener: Gardener, config: Path, capsys: Captured
) -> None:
    config.write_text("data:\n  train_dir: pets\n  split:\n    num_folds: 30\n", encoding="utf-8")
    assert gardener("check", config) == 2
    assert f"error: {config}: line 4: data.split.num_folds: There are only 20" in capsys.readouterr().out
    assert gardener("check", config, "--json") == 2
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["key"], problem["line"]) == ("data.split.num_folds", 4)


def test_with_folds_the_first_of_them_is_counted(gardener: Gardener, config: Path, capsys: Captured) -> None:
    assert gardener("check", config, "--set", "data.split.num_folds=10") == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "data: fold 1 of 10",
        "data: train: 18 samples (cats 9, dogs 9)",
        "data: validation: 2 samples, held out of the training data (cats 1, dogs 1)",
    ]
    assert gardener("check", config, "--json", "--set", "data.split.num_folds=10", "--set", "data.split.fold=3") == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert (data["fold"], data["num_folds"], data["parts"][1]["num_samples"]) == (3, 10, 2)


def test_data_of_another_task_is_told_before_a_model_that_does_not_fit(
    gardener: Gardener, config: Path, tmp_path: Path, capsys: Captured
) -> None:
    rows = "".join(f"{number * 7 % 5},{'ab'[number % 2]}\n" for number in range(40))
    (tmp_path / "rows.csv").write_text(f"size,kind\n{rows}")
    assert gardener("new", "rows.csv") == 0
    for path, task, told, model in (
        ("rows.yaml", "image_classification", "A CSV table suits tabular_classification", "MLP"),
        (config, "tabular_classification", "The samples are pictures that come with classes", "SmallCNN"),
    ):
        capsys.readouterr()
        assert gardener("check", path, "--set", f"project.task={task}") == 2
        first, second, *_ = capsys.readouterr().out.splitlines()
        assert f"project.task: {told}" in first
        assert f"model.architecture: {model} is not made for" in second


def test_folds_that_the_data_does_not_allow_leave_no_run_behind(
    gardener: Gardener, config: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert gardener("train", config, "--folds", "21") == 2
    assert capsys.readouterr().err.count("There are only 20 samples for 21 folds.") == 1
    assert not (tmp_path / "runs").exists()
