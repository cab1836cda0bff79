"""What training would refuse is refused by the check of the settings, wherever the settings alone tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.balance_support import balance_problem
from trainer.catalog.check import check_config
from trainer.catalog.check_monitoring import monitor_problems
from trainer.catalog.class_arguments import class_argument_problems
from trainer.catalog.label_smoothing import label_smoothing_problem
from trainer.catalog.schedule_limits import schedule_problems
from trainer.catalog.target_support import model_problem, target_problems
from trainer.config.config import Config
from trainer.config.overrides import with_overrides
from trainer.config.targets import TargetKind, task_problem
from trainer.config.task import Task
from trainer.config.validate import validate

SCHEDULE = "training.learning_rate_schedule"


def config_of(**changes: Any) -> Config:
    return validate(
        with_overrides({"data": {"train_dir": "."}}, {key.replace("__", "."): changes[key] for key in changes})
    )


def problems(folder: Path, **changes: Any) -> dict[str, str]:
    return {problem.key: problem.message for problem in check_config(config_of(**changes), folder)}


@pytest.mark.parametrize(
    ("schedule", "arguments", "argument", "message"),
    [
        ("OneCycle", {"rise_fraction": 1.5}, "rise_fraction", "Expected a number of at most 1, received 1.5"),
        ("OneCycle", {"rise_fraction": -1}, "rise_fraction", "Expected a number of at least 0, received -1"),
        ("Step", {"every_epochs": 0}, "every_epochs", "Expected a number above 0, received 0."),
        ("Step", {"every_epochs": 0, "every_steps": -1}, "every_steps", "Expected a number above 0, received -1."),
        ("Exponential", {"factor": 1.5}, "factor", "Expected a number of at most 1, received 1.5."),
        ("OneCycle", {"start_divisor": 0.5}, "start_divisor", "Expected a number of at least 1, received 0.5."),
        ("Cosine", {"min_learning_rate": -1}, "min_learning_rate", "Expected a number of at least 0, received -1."),
    ],
)
def test_arguments_of_a_schedule_that_are_out_of_range_are_refused(
    tmp_path: Path, schedule: str, arguments: dict[str, Any], argument: str, message: str
) -> None:
    chosen = {"name": schedule, "arguments": arguments}
    found = problems(tmp_path, training__epochs=4, training__learning_rate_schedule=chosen)
    assert list(found) == [f"{SCHEDULE}.arguments.{argument}"]
    assert message in found[f"{SCHEDULE}.arguments.{argument}"]


@pytest.mark.parametrize(
    ("schedule", "arguments", "argument", "message"),
    [
        (
            "WarmupCosine",
            {},
            "warmup_epochs",
            "The warm-up takes 3 epochs, training 2: the rate never gets to its peak.",
        ),
        ("Cosine", {"warmup_epochs": 2.5}, "warmup_epochs", "takes 2.5 epochs"),
        ("Polynomial", {"warmup_steps": 21}, "warmup_steps", "takes 21 steps, training 20"),
        ("Step", {"warmup_epochs": 9}, "warmup_epochs", "takes 9 epochs"),
        ("OneCycle", {"rise_epochs": 3}, "rise_epochs", "The rise takes 3 epochs"),
        ("Cosine", {"decay_epochs": 50}, "decay_epochs", "The fall takes 50 epochs, training takes 2"),
        ("Polynomial", {"decay_epochs": 1, "decay_steps": 21}, "decay_steps", "does not get down to its end"),
        ("Cosine", {"decay_epochs": 2}, "", ""),
        (
            "Step",
            {"every_epochs": 2},
            "every_epochs",
            "The rate falls after 2 epochs, training takes 2: it never falls",
        ),
        ("Step", {"every_steps": 20}, "every_steps", "it never falls"),
        ("Step", {"every_epochs": 1.5}, "", ""),
        ("Exponential", {"every_epochs": 9}, "", ""),
        ("WarmupCosine", {"warmup_epochs": 2}, "", ""),
        ("WarmupCosine", {"warmup_epochs": 9, "warmup_steps": 20}, "", ""),
        ("OneCycle", {"rise_fraction": 1}, "", ""),
        ("OneCycle", {"rise_fraction": -1, "rise_steps": 3}, "", ""),
        ("Step", {"every_epochs": 0, "every_steps": 3}, "", ""),
    ],
)
def test_a_training_that_is_cut_short_only_warns_of_a_long_warm_up(
    schedule: str, arguments: dict[str, Any], argument: str, message: str
) -> None:
    chosen = {"name": schedule, "arguments": arguments}
    config = config_of(training__epochs=2, training__learning_rate_schedule=chosen)
    found = list(schedule_problems(config, steps_per_epoch=10))
    expected = [(f"{SCHEDULE}.arguments.{argument}", "warning")] if argument else []
    assert [(problem.key, problem.severity) for problem in found] == expected
    assert all(message in problem.message for problem in found)


@pytest.mark.parametrize(
    ("changes", "is_refused"),
    [
        ({}, True),
        ({"training__callbacks": ["TerminateOnNaN"]}, True),
        ({"training__callbacks": [{"name": "Own", "file": "own.py"}]}, False),
        ({"training__training_loop": {"name": "train", "file": "own.py"}}, False),
    ],
)
def test_a_figure_of_the_validation_needs_one_unless_own_code_may_report_it(
    changes: dict[str, Any], is_refused: bool
) -> None:
    config = config_of(checkpoints__monitor="val_map50", **changes)
    found = list(monitor_problems(config, has_validation=False))
    assert [problem.key for problem in found] == ["checkpoints.monitor"] * is_refused
    assert all("Choose loss or auto" in problem.message for problem in found)
    assert not list(monitor_problems(config, has_validation=True))


@pytest.mark.parametrize("name", ["MixUp", "mixup", "cut_mix"])
def test_a_mixing_step_needs_another_loss_however_it_is_spelled(tmp_path: Path, name: str) -> None:
    steps = {"data__augmentation__steps": [{"name": name}]}
    found = problems(tmp_path, **steps, training__loss="CategoricalGeneralizedCrossEntropy")
    assert list(found) == ["training.loss"]
    assert not problems(tmp_path, **steps, training__loss="CategoricalCrossentropy")


@pytest.mark.parametrize("schedule", ["Cosine", "Exponential", "OneCycle", "Polynomial", "Step", "WarmupCosine"])
def test_schedules_fit_a_training_of_four_epochs_as_they_are(tmp_path: Path, schedule: str) -> None:
    assert not problems(tmp_path, training__epochs=4, training__learning_rate_schedule=schedule)


@pytest.mark.parametrize(
    ("task", "model", "loss", "message"),
    [
        ("tabular_regression", "MLP", None, "Numbers are predicted, which cannot be smoothed"),
        ("tabular_regression", "MLP", "Huber", "Numbers are predicted, which cannot be smoothed"),
        ("object_detection", "LightDetector", None, "A detector brings its own loss"),
    ],
)
def test_labels_are_only_smoothed_where_there_are_classes(
    tmp_path: Path, task: str, model: str, loss: str | None, message: str
) -> None:
    changes = {"project__task": task, "model__architecture": model, "training__loss": loss}
    found = problems(tmp_path, training__label_smoothing=0.1, **changes)
    assert found["training.label_smoothing"].startswith(message)
    assert "training.label_smoothing" not in problems(tmp_path, **changes)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("", "The weights are to be given here, but there is none."),
        ("cat", "'cat' is no weight of a class. Expected name=weight, such as cat=2."),
        ("cat=heavy", "The weight of cat is 'heavy'."),
    ],
)
def test_given_class_weights_have_to_be_weights(tmp_path: Path, weights: str, message: str) -> None:
    given = {"data__balance__method": "class_weights", "data__balance__weighting": "given"}
    found = problems(tmp_path, **given, data__balance__class_weights=weights)
    assert list(found) == ["data.balance.class_weights"]
    assert found["data.balance.class_weights"].startswith(message)
    assert not problems(tmp_path, data__balance__class_weights=weights), "it is not used"


def test_rows_of_a_table_are_not_turned_or_resized(tmp_path: Path) -> None:
    table = {"project__task": "tabular_classification", "model__architecture": "MLP", "data__loader": "CSVDataLoader"}
    assert not problems(tmp_path, **table)
    found = problems(tmp_path, **table, data__augmentation__strength="light")
    assert found["data.augmentation.strength"].startswith("This works on pictures of (height, width, channels)")


# ---------------------------------------------------------------- what the data decides


@pytest.mark.parametrize(
    ("task", "kind", "has_pictures", "choose"),
    [
        ("image_segmentation", "boxes", True, "object_detection"),
        ("object_detection", "masks", True, "image_segmentation"),
        ("image_classification", "numbers", False, "tabular_regression"),
        ("tabular_regression", "classes", False, "tabular_classification"),
        ("tabular_classification", "classes", True, "image_classification"),
        ("image_classification", "label_sets", True, ""),
        ("tabular_regression", "numbers", False, ""),
        ("custom", "boxes", True, ""),
    ],
)
def test_data_of_another_task_is_refused_with_the_task_to_choose(
    task: Task, kind: TargetKind, has_pictures: bool, choose: str
) -> None:
    problem = task_problem(task, kind, has_pictures=has_pictures)
    assert (problem is None) == (not choose)
    if problem is not None:
        assert (problem.key, f"Choose {choose}, or" in problem.message) == ("project.task", True)


def test_a_custom_task_is_judged_by_its_data() -> None:
    own = config_of(project__task="custom", training__label_smoothing=0.1)
    assert {problem.key for problem in target_problems(own, "boxes")} == {"training.label_smoothing"}
    assert not list(target_problems(own, "classes"))
    assert label_smoothing_problem(own, "numbers") is not None
    problem = model_problem(own, "boxes")
    assert problem is not None and "SmallCNN is not made for object detection" in problem.message
    assert model_problem(own, "numbers") is None


def test_only_samples_with_one_class_each_are_balanced() -> None:
    balanced = config_of(data__balance__method="class_weights")
    assert balance_problem(balanced, "classes") is None
    for kind in ("label_sets", "boxes", "numbers"):
        problem = balance_problem(balanced, kind)  # type: ignore[arg-type]
        assert problem is not None and "Choose none" in problem.message
    varied = config_of(data__balance__method="variations")
    assert balance_problem(varied, "classes", has_pictures=True) is None
    assert balance_problem(varied, "classes", has_pictures=False) is not None


@pytest.mark.parametrize(
    ("loss", "metric", "keys"),
    [
        (
            {"class_weights": [1, 1, 4]},
            {"class_id": 2},
            ["loss.arguments.class_weights", "metrics.0.arguments.class_id"],
        ),
        (
            {"class_weights": [1, -1]},
            {"class_id": -1},
            ["loss.arguments.class_weights", "metrics.0.arguments.class_id"],
        ),
        ({"class_weights": [1, "4"]}, {}, ["loss.arguments.class_weights"]),
        ({"class_weights": [0, 4.5]}, {"class_id": 1}, []),
        ({}, {}, []),
    ],
)
def test_arguments_with_classes_have_to_fit_those_of_the_masks(
    loss: dict[str, Any], metric: dict[str, Any], keys: list[str]
) -> None:
    config = config_of(
        project__task="image_segmentation",
        training__loss={"name": "MaskDiceCrossentropy", "arguments": loss},
        training__metrics=[{"name": "MeanDice", "arguments": metric}],
    )
    found = list(class_argument_problems(config, "masks", 2))
    assert [problem.key for problem in found] == [f"training.{key}" for key in keys]
    assert all(problem.message.startswith("Expected ") for problem in found)
    assert not list(class_argument_problems(config, "masks", 0)), "it is not known how many classes there are"
