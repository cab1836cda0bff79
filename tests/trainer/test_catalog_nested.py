"""Components inside the arguments of components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainer.catalog.check import check_config, components_of, find_entry
from trainer.config.component import Component
from trainer.config.overrides import with_overrides
from trainer.config.paths import with_absolute_paths
from trainer.config.validate import validate
from trainer.launch import create_run

OWN = """
def focal(y_true, y_pred, gamma: Annotated[float, "0..5"] = 2.0): ...

def mixed(y_true, y_pred, inner: keras.losses.Loss, others: list[keras.losses.Loss] = ()): ...
"""
SCHEDULE = {"name": "CosineDecay", "arguments": {"decay_steps": 9, "initial_learning_rate": 0.1}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    return tmp_path


def problems(folder: Path, changes: dict[str, Any]) -> dict[str, str]:
    values = with_overrides({"data": {"train_dir": "."}}, changes)
    return {problem.key: problem.message for problem in check_config(validate(values), folder)}


def scheduler(schedule: Any) -> dict[str, Any]:
    return {"training.callbacks": [{"name": "LearningRateScheduler", "arguments": {"schedule": schedule}}]}


def output(**arguments: Any) -> dict[str, Any]:
    return {"training.outputs": [{"name": "scores", "arguments": arguments}]}


def mixed(**arguments: Any) -> dict[str, Any]:
    return {"training.loss": {"name": "mixed", "file": "own.py", "arguments": arguments}}


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        (
            output(loss="MeanSquaredErrr"),
            "training.outputs.0.arguments.loss",
            "There is no loss called 'MeanSquaredErrr'. Did you mean 'MeanSquaredError'?",
        ),
        (
            output(loss={"name": "Huber", "arguments": {"delt": 1}}),
            "training.outputs.0.arguments.loss.arguments.delt",
            "Huber has no argument 'delt'. Did you mean 'delta'?",
        ),
        (
            output(loss={"name": "focal", "file": "own.py", "arguments": {"gamma": 9}}),
            "training.outputs.0.arguments.loss.arguments.gamma",
            "Expected a number from 0 to 5, received 9.",
        ),
        (
            output(metrics=["AUC", {"name": "Precision", "arguments": {"class_id": "x"}}]),
            "training.outputs.0.arguments.metrics.1.arguments.class_id",
            "Expected a whole number, received 'x'.",
        ),
        (
            output(loss=3),
            "training.outputs.0.arguments.loss",
            "Expected the name of a loss, or {name, file, arguments}, received 3.",
        ),
        (
            output(loss={"nam": "Huber"}),
            "training.outputs.0.arguments.loss",
            "Expected the name of a loss, or {name, file, arguments}, received {'nam': 'Huber'}.",
        ),
        (
            output(metrics="AUC"),
            "training.outputs.0.arguments.metrics",
            "Expected a list of metric names, or of {name, file, arguments}, received 'AUC'.",
        ),
        (
            output(weight=-1),
            "training.outputs.0.arguments.weight",
            "Expected a number of at least 0, received -1.",
        ),
        (
            output(share=1),
            "training.outputs.0.arguments.share",
            "scores has no argument 'share'. It has loss, weight, metrics.",
        ),
        (scheduler("zzz"), "training.callbacks.0.arguments.schedule", "There is no schedule called 'zzz'."),
        (
            scheduler({"name": "CosineDecay", "arguments": {"decay_steps": 9}}),
            "training.callbacks.0.arguments.schedule.arguments.initial_learning_rate",
            "CosineDecay starts from a rate of its own in a callback. Give it.",
        ),
        (
            {"training.optimizer.arguments.learning_rate": "Cosine"},
            "training.optimizer.arguments.learning_rate",
            "Cosine follows the length of the training. Choose it as training.learning_rate_schedule, or take one of "
            "Keras here.",
        ),
        (
            mixed(inner="CTC"),
            "training.loss.arguments.inner",
            "CTC cannot be used as loss. It compares sequences of labels; the task is to give each picture one class.",
        ),
        (mixed(), "training.loss.arguments.inner", "mixed needs a value for 'inner'."),
        (
            mixed(inner={"name": "mixed", "file": "own.py", "arguments": {"inner": "Hubr"}}),
            "training.loss.arguments.inner.arguments.inner",
            "There is no loss called 'Hubr'. Did you mean 'Huber'?",
        ),
        (
            {
                "training.optimizer.arguments.learning_rate": {"name": "CosineDecay", "arguments": {"decay_steps": 9}},
                "training.reduce_on_plateau.enabled": True,
            },
            "training.reduce_on_plateau.enabled",
            "A learning rate schedule decides the rate already, and lowering it on a plateau would undo that. Switch "
            "this off, or remove the schedule: training.learning_rate_schedule, or the optimizer's own.",
        ),
        (
            {
                "training.optimizer.arguments.learning_rate": {"name": "CosineDecay", "arguments": {"decay_steps": 9}},
                "training.learning_rate_schedule": {"name": "CosineDecay", "arguments": {"decay_steps": 9}},
            },
            "training.learning_rate_schedule",
            "The optimizer's argument learning_rate says the same. Give one of the two.",
        ),
    ],
)
def test_a_problem_inside_an_argument_names_its_place(
    project: Path, changes: dict[str, Any], key: str, message: str
) -> None:
    assert problems(project, changes) == {key: message}


@pytest.mark.parametrize(
    "changes",
    [
        output(),
        output(loss="huber", weight=0.5, metrics=["AUC", "accuracy"]),
        output(loss=None, metrics=None),
        output(loss={"name": "focal", "file": "own.py"}, metrics=[]),
        scheduler(SCHEDULE),
        mixed(inner="Huber", others=["Dice", {"name": "focal", "file": "own.py"}]),
        {"training.optimizer.arguments.learning_rate": {"name": "CosineDecay", "arguments": {"decay_steps": 9}}},
        {"training.optimizer": {"name": "LossScaleOptimizer", "arguments": {"inner_optimizer": "Adam"}}},
        {"training.metrics": [{"name": "MeanMetricWrapper", "arguments": {"fn": "MeanSquaredError"}}]},
    ],
)
def test_right_components_inside_arguments_are_accepted(project: Path, changes: dict[str, Any]) -> None:
    assert problems(project, changes) == {}


def test_components_inside_arguments_are_found_with_their_keys() -> None:
    config = validate(
        {
            "training": {
                "outputs": [{"name": "a", "arguments": {"loss": "Huber", "metrics": ["AUC", {"name": "Recall"}]}}],
                "callbacks": [{"name": "LearningRateScheduler", "arguments": {"schedule": SCHEDULE}}],
            }
        }
    )
    assert [(key, kind, component.name) for key, kind, component in components_of(config) if ".0" in key] == [
        ("training.outputs.0", "output", "a"),
        ("training.outputs.0.arguments.loss", "loss", "Huber"),
        ("training.outputs.0.arguments.metrics.0", "metric", "AUC"),
        ("training.outputs.0.arguments.metrics.1", "metric", "Recall"),
        ("training.callbacks.0", "callback", "LearningRateScheduler"),
        ("training.callbacks.0.arguments.schedule", "schedule", "CosineDecay"),
    ]


def test_any_name_is_an_output() -> None:
    entry = find_entry("output", Component(name="whatever"), Path())
    assert entry is not None
    assert [(argument.name, argument.kind, argument.component) for argument in entry.arguments] == [
        ("loss", "component", "loss"),
        ("weight", "float", ""),
        ("metrics", "components", "metric"),
    ]


def test_a_run_keeps_copies_of_the_files_inside_arguments(project: Path) -> None:
    """From a relative path in an argument to the copy in the run's folder."""
    changes = output(loss={"name": "focal", "file": "own.py"}) | {"data.train_dir": "."}
    config = validate(with_overrides({}, changes))
    folder = create_run(config, project)
    (copy,) = folder.functions_path.glob("own_*.py")
    assert copy.read_text(encoding="utf-8") == OWN
    absolute = with_absolute_paths(config, project)
    assert absolute.training.outputs[0].arguments["loss"] == {"name": "focal", "file": str(project / "own.py")}


def test_only_components_have_their_files_made_absolute(project: Path) -> None:
    arguments = {"place": {"file": "own.py", "mode": "w"}, "file": "own.py", "names": ["own.py"]}
    config = validate({"training": {"callbacks": [{"name": "Own", "file": "own.py", "arguments": arguments}]}})
    callback = with_absolute_paths(config, project).training.callbacks[0]
    assert (callback.file, callback.arguments) == (str(project / "own.py"), arguments)
