"""Every loss and metric that is offered for a task works with it; what is refused is named with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.test_catalog_builds import component
from tests.engine.tiny import tiny_config
from trainer.catalog.catalog import catalog
from trainer.catalog.entry import ComponentKind
from trainer.catalog.target_support import target_problems
from trainer.catalog.task_fit import fit_problems, is_for_task
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.config.task import Task

pytestmark = pytest.mark.keras
RANDOM = np.random.default_rng(3)
FEATURES = RANDOM.normal(size=(8, 4)).astype("float32")
PIXELS = RANDOM.normal(size=(8, 5, 5, 4)).astype("float32")
MASKS = RANDOM.integers(0, 3, (8, 5, 5)).astype("int32")
MASKS[:, :2, 1] = 255
CASES: dict[str, tuple[Task, Any, Any, int]] = {
    "2 classes": ("image_classification", FEATURES, np.array([0, 1, 1, 0, 1, 0, 0, 1], "int32"), 2),
    "3 classes": ("tabular_classification", FEATURES, np.array([0, 1, 2, 0, 1, 2, 2, 1], "int32"), 3),
    "label_sets": ("image_classification", FEATURES, (RANDOM.random((8, 3)) > 0.5).astype("float32"), 3),
    "2 in masks": ("image_segmentation", PIXELS, np.where(MASKS == 2, 0, MASKS), 2),
    "3 in masks": ("image_segmentation", PIXELS, MASKS, 3),
    "a number": ("tabular_regression", FEATURES, 5 * FEATURES[:, :1], 1),
    "2 numbers": ("tabular_regression", FEATURES, 5 * FEATURES[:, :2], 2),
}
KINDS = {"label_sets": "label_sets", "a number": "numbers", "2 numbers": "numbers"}


def kind_of(case: str) -> Any:
    return "masks" if "masks" in case else KINDS.get(case, "classes")


def offered(kind: ComponentKind, case: str) -> list[str]:
    """Names that the tree shows for the task and nothing refuses for the data."""
    task = CASES[case][0]
    names = [
        name for name in catalog().names(kind) if (entry := catalog().find(kind, name)) and is_for_task(entry, task)
    ]
    return [name for name in names if not problems(with_one(kind, name, task), case)]


def with_one(kind: ComponentKind, name: str, task: Task) -> Config:
    chosen = component(kind, name).model_dump()
    values = {"training.loss": chosen} if kind == "loss" else {"training.metrics": [chosen]}
    return tiny_config(Path("nowhere"), {"project.task": task, **values})


def problems(config: Config, case: str) -> list[Any]:
    from trainer.catalog.mask_support import mask_problems

    return [*fit_problems(config), *mask_problems(config), *target_problems(config, kind_of(case))]


def labels_of(case: str, one_hot: bool) -> Any:
    """Labels in the form that the loss gets."""
    _, _, targets, count = CASES[case]
    is_one_hot = one_hot and kind_of(case) in ("classes", "masks")
    return (targets[..., None] == np.arange(count)).astype("float32") if is_one_hot else targets


def trained(config: Config, case: str, steps: int = 1) -> tuple[Any, Any, dict[str, float]]:
    """A linear model after some steps, its labels, and its figures."""
    import keras

    from trainer.engine.training.callbacks import plain_metrics
    from trainer.engine.training.fitting import build_loss, build_metrics, fit_data, fit_task

    _, inputs, _, count = CASES[case]
    fit = fit_data(fit_task(config), config, kind_of(case))
    keras.utils.set_random_seed(2)
    pixels = keras.Input(inputs.shape[1:])
    model = keras.Model(pixels, keras.layers.Dense(count, activation=fit.activation)(pixels))
    metrics = build_metrics(config, fit, None, [str(number) for number in range(count)])
    model.compile(keras.optimizers.Adam(0.05), build_loss(config, None, fit), metrics=metrics, run_eagerly=True)
    labels = labels_of(case, fit.one_hot)
    before = model.get_weights()
    for _ in range(steps):
        model.train_on_batch(inputs, labels)
    figures = plain_metrics(model.test_on_batch(inputs, labels, return_dict=True))
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert any(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    return model, labels, figures


@pytest.mark.parametrize("case", CASES)
def test_every_offered_loss_falls_along_its_gradient(case: str) -> None:
    import keras
    import tensorflow as tf

    from trainer.engine.training.fitting import build_loss, fit_data, fit_task

    names = offered("loss", case)
    assert len(names) > 3
    for name in names:
        config = with_one("loss", name, CASES[case][0])
        fit = fit_data(fit_task(config), config, kind_of(case))
        loss, activation = build_loss(config, None, fit), keras.activations.get(fit.activation)
        labels = labels_of(case, fit.one_hot)
        raw = tf.Variable(RANDOM.normal(size=(*CASES[case][1].shape[:-1], CASES[case][3])).astype("float32"))
        with tf.GradientTape() as tape:
            before = loss(labels, activation(raw))
        gradient = tape.gradient(before, raw)
        after = loss(labels, activation(raw - 0.001 * gradient / np.abs(gradient).max()))
        assert np.isfinite(gradient).all() and -1 <= float(after) < float(before) < 1000, name


@pytest.mark.parametrize("case", CASES)
def test_every_offered_metric_gives_a_finite_figure(case: str) -> None:
    """All in one model, each under a name of its own."""
    names = offered("metric", case)
    chosen = [component("metric", name).model_dump() for name in names]
    for name, one in zip(names, chosen, strict=True):
        one["arguments"] = {**one["arguments"], "name": f"own_{name}"}
    config = tiny_config(Path("nowhere"), {"project.task": CASES[case][0], "training.metrics": chosen})
    _, _, figures = trained(config, case)
    assert len(names) > 3 and len(figures) > len(names)
    assert all(np.isfinite(figure) for figure in figures.values()), figures


@pytest.mark.parametrize("name", ["SparseCategoricalCrossentropy", "BinaryCrossentropy", "MeanSquaredError", "Hinge"])
def test_pixels_that_are_not_counted_do_not_change_keras_own_losses(name: str) -> None:
    from trainer.engine.training.fitting import build_loss, fit_task

    config = with_one("loss", name, "image_segmentation")
    fit = fit_task(config)
    loss = build_loss(config, None, fit)
    labels = (MASKS[..., None] == np.arange(3)).astype("float32") if fit.one_hot else MASKS
    scores = RANDOM.dirichlet(np.ones(3), MASKS.shape).astype("float32")
    changed = np.where((MASKS == 255)[..., None], scores[..., ::-1], scores)
    assert float(loss(labels, scores)) > 0
    assert float(loss(labels, scores)) == pytest.approx(float(loss(labels, changed)), rel=1e-6)
    counted = np.where((MASKS != 255)[..., None], scores[..., ::-1], scores)
    assert abs(float(loss(labels, scores)) - float(loss(labels, counted))) > 1e-4


def test_intersection_over_union_of_classes_is_that_of_the_likeliest_class() -> None:
    from sklearn.metrics import jaccard_score

    case = "3 classes"
    model, _, figures = trained(with_one("metric", "MeanIoU", "tabular_classification"), case, steps=5)
    predicted = np.asarray(model(FEATURES)).argmax(-1)
    expected = jaccard_score(CASES[case][2], predicted, average="macro")
    (figure,) = [value for key, value in figures.items() if key != "loss"]
    assert figure == pytest.approx(expected, abs=1e-6) and expected > 0.2


@pytest.mark.parametrize("name", ["F1Score", "FBetaScore"])
def test_f_scores_of_several_classes_count_every_class_above_a_half(name: str) -> None:
    from sklearn.metrics import f1_score

    model, labels, figures = trained(with_one("metric", name, "image_classification"), "label_sets")
    expected = f1_score(labels, np.asarray(model(FEATURES)) > 0.5, average=None, zero_division=0).mean()
    (figure,) = [value for key, value in figures.items() if key != "loss"]
    assert figure == pytest.approx(expected, abs=1e-5)


def test_a_loss_for_several_classes_never_makes_them_share_one_probability() -> None:
    config = with_one("loss", "MeanSquaredError", "image_classification")
    model, _, _ = trained(config, "label_sets")
    assert np.abs(np.asarray(model(FEATURES)).sum(-1) - 1).max() > 0.05


@pytest.mark.parametrize(
    ("task", "key", "chosen", "told"),
    [
        ("tabular_regression", "loss", "CategoricalCrossentropy", "Choose MeanSquaredError"),
        ("tabular_regression", "metrics", "Accuracy", "Choose MeanAbsoluteError"),
        ("tabular_regression", "loss", "Dice", "Choose MeanSquaredError"),
        ("image_classification", "loss", "MaskDice", "Choose SparseCategoricalCrossentropy"),
        ("image_classification", "metrics", "BoundaryF1", "Choose Accuracy"),
        ("tabular_classification", "loss", "MeanAbsolutePercentageError", "Choose SparseCategoricalCrossentropy"),
        ("object_detection", "loss", "MeanSquaredError", "A detector has its own loss"),
        ("object_detection", "metrics", "Accuracy", "A detector has its own loss"),
        ("image_segmentation", "loss", "Dice", "Choose MaskDice"),
        ("image_segmentation", "loss", "Tversky", "Choose MaskTversky"),
        ("image_segmentation", "loss", "CategoricalGeneralizedCrossEntropy", "Choose MaskCrossentropy"),
    ],
)
def test_what_is_for_another_task_is_refused_before_the_start(task: Task, key: str, chosen: str, told: str) -> None:
    from trainer.catalog.check import check_config

    value = chosen if key == "loss" else [chosen]
    config = tiny_config(Path("nowhere"), {"project.task": task, f"training.{key}": value})
    found = {problem.key: problem for problem in check_config(config, Path())}
    problem = found["training.loss" if key == "loss" else "training.metrics.0"]
    assert told in problem.message and problem.severity == "error"


NUMBERS_ONLY_WARN = {
    ("loss", "Poisson"): "is no number where a linear output is below 0. MeanSquaredError fits all numbers.",
    ("loss", "BinaryCrossentropy"): "with from_logits any will do",
    ("loss", "CosineSimilarity"): "learns nothing from a single one",
    ("metric", "PearsonCorrelation"): "with axis 0, the samples of a batch). MeanAbsoluteError fits all numbers.",
}


@pytest.mark.parametrize(("kind", "name"), NUMBERS_ONLY_WARN)
def test_what_only_some_numbers_fit_warns(kind: ComponentKind, name: str) -> None:
    (problem,) = fit_problems(with_one(kind, name, "tabular_regression"))
    assert problem.severity == "warning" and NUMBERS_ONLY_WARN[kind, name] in problem.message


def test_numbers_can_be_compared_in_ways_that_suit_some(tmp_path: Path) -> None:
    """Shares from logits, judged by how they go together; directions of two numbers."""
    metrics = [{"name": name, "arguments": {"axis": 0}} for name in ("PearsonCorrelation", "ConcordanceCorrelation")]
    of_shares = {"name": "BinaryCrossentropy", "arguments": {"from_logits": True}}
    for loss, num_warnings in ((of_shares, 0), ("CosineSimilarity", 1)):
        changes = {"project.task": "tabular_regression", "training.loss": loss, "training.metrics": metrics}
        config = tiny_config(tmp_path, changes)
        assert len(list(fit_problems(config))) == num_warnings
        _, _, figures = trained(config, "2 numbers")
        assert len(figures) == 3 and all(np.isfinite(figure) for figure in figures.values()), figures


def test_several_classes_per_sample_refuse_what_compares_one() -> None:
    chosen = {"training.loss": "KLDivergence", "training.metrics": ["AUC", "OneHotIoU"]}
    config = tiny_config(Path("nowhere"), chosen)
    assert [problem.key for problem in target_problems(config, "label_sets")] == ["training.loss", "training.metrics.1"]
    assert not list(target_problems(config, "classes"))


def test_a_custom_task_takes_any_loss() -> None:
    config = tiny_config(Path("nowhere"), {"project.task": "custom", "training.loss": "Poisson"})
    assert config.training.loss == Component(name="Poisson")
    assert not list(fit_problems(config))
