"""Labels, loss, metrics and output layer fit each other, whatever is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny import tiny_config, write_code
from trainer.catalog.catalog import catalog
from trainer.config.component import Component
from trainer.config.config import Config
from trainer.errors import ConfigError

pytestmark = pytest.mark.keras

LOSSES = [
    entry.name
    for entry in catalog().entries("loss")
    if not entry.unusable_because and "tabular_classification" in entry.tasks
]
OPTIMIZERS = [name for name in catalog().names("optimizer") if name != "LossScaleOptimizer"]
"""LossScaleOptimizer needs another optimizer; `test_catalog_builds` gives it one."""
SPARSE, ONE_HOT = "SparseCategoricalCrossentropy", "CategoricalCrossentropy"
CLASSES = np.array([0, 2, 1, 1, 0, 2, 2], "int32")
PICTURES = np.random.default_rng(1).random((7, 2, 2, 1)).astype("float32")


def config_with(**training: Any) -> Config:
    return tiny_config(Path("nowhere"), {f"training.{key}": value for key, value in training.items()})


def labels(one_hot: bool) -> np.ndarray:
    return np.eye(3, dtype="float32")[CLASSES] if one_hot else CLASSES


def classifier(config: Config) -> Any:
    """A linear model, compiled as the session does it, with weights that never change."""
    import keras

    from trainer.engine.components import build
    from trainer.engine.training.fitting import build_loss, build_metrics, fit_output

    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(5)
    fit = fit_output(config.training.loss)
    inputs = keras.Input((2, 2, 1))
    outputs = keras.layers.Dense(3, activation=fit.activation)(keras.layers.Flatten()(inputs))
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=build("optimizer", config.training.optimizer, learning_rate=0.1),
        loss=build_loss(config, None),
        metrics=build_metrics(config, fit, None),
        run_eagerly=True,
    )
    return model


def evaluate(config: Config) -> tuple[Any, dict[str, float]]:
    """The model's scores and its figures on the seven pictures, in three batches."""
    from trainer.engine.training.callbacks import plain_metrics
    from trainer.engine.training.fitting import fit_output

    model = classifier(config)
    wanted = labels(fit_output(config.training.loss).one_hot)
    figures = model.evaluate(PICTURES, wanted, batch_size=3, verbose=0, return_dict=True)
    return np.asarray(model(PICTURES)), plain_metrics(figures)


@pytest.mark.parametrize(
    ("loss", "activation", "one_hot"),
    [
        (None, "softmax", False),
        ({"name": SPARSE}, "softmax", False),
        ({"name": "sparse_categorical_crossentropy"}, "softmax", False),
        ({"name": ONE_HOT}, "softmax", True),
        ({"name": ONE_HOT, "arguments": {"from_logits": True}}, "linear", True),
        ({"name": SPARSE, "arguments": {"from_logits": True}}, "linear", False),
        ({"name": "BinaryCrossentropy"}, "sigmoid", True),
        ({"name": "binary-crossentropy"}, "sigmoid", True),
        ({"name": "BinaryFocalCrossentropy"}, "sigmoid", True),
        ({"name": "BinaryCrossentropy", "arguments": {"from_logits": True}}, "linear", True),
        ({"name": "KLDivergence"}, "softmax", True),
    ],
)
def test_loss_decides_labels_and_output_layer(loss: dict[str, Any] | None, activation: str, one_hot: bool) -> None:
    from trainer.engine.training.fitting import OutputFit, fit_output

    chosen = None if loss is None else Component.model_validate(loss)
    assert fit_output(chosen) == OutputFit(activation, one_hot)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_for_classes_gives_keras_own_figure_and_a_gradient(name: str) -> None:
    import keras

    from trainer.engine.training.fitting import fit_output

    config = config_with(loss={"name": name})
    scores, figures = evaluate(config)
    wanted = labels(fit_output(config.training.loss).one_hot)
    loss = getattr(keras.losses, name)()
    batches = [(slice(0, 3), 3), (slice(3, 6), 3), (slice(6, 7), 1)]
    expected = sum(float(loss(wanted[rows], scores[rows])) * count for rows, count in batches) / 7
    assert figures["loss"] == pytest.approx(expected, rel=1e-4)

    model = classifier(config)
    before = [weight.numpy() for weight in model.trainable_weights]
    model.train_on_batch(PICTURES, wanted)
    after = [weight.numpy() for weight in model.trainable_weights]
    assert any(not np.array_equal(old, new) for old, new in zip(before, after, strict=True))
    assert all(np.isfinite(new).all() for new in after)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_the_learning_rate_and_makes_a_step(name: str) -> None:
    model = classifier(config_with(optimizer={"name": name}))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    before = [weight.numpy() for weight in model.trainable_weights]
    figures = model.fit(PICTURES, CLASSES, batch_size=7, verbose=0).history
    assert np.isfinite(figures["loss"]).all()
    assert any(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))


METRICS = [
    ({"name": "Precision"}, True),
    ({"name": "Recall", "arguments": {"class_id": 1}}, True),
    ({"name": "AUC"}, True),
    ({"name": "TopKCategoricalAccuracy", "arguments": {"k": 2}}, True),
    ({"name": "CategoricalAccuracy"}, True),
    ({"name": "CategoricalCrossentropy"}, True),
    ({"name": "MeanSquaredError"}, True),
    ({"name": "F1Score", "arguments": {"average": "macro"}}, True),
    ({"name": "SparseCategoricalAccuracy"}, False),
    ({"name": "SparseTopKCategoricalAccuracy", "arguments": {"k": 2}}, False),
    ({"name": "sparse_categorical_crossentropy"}, False),
]


@pytest.mark.parametrize("loss", [SPARSE, ONE_HOT])
@pytest.mark.parametrize(("metric", "wants_one_hot"), METRICS, ids=[m["name"] for m, _ in METRICS])
def test_a_metric_gives_the_figure_it_gives_when_fed_directly(
    metric: dict[str, Any], wants_one_hot: bool, loss: str
) -> None:
    import keras

    scores, figures = evaluate(config_with(loss=loss, metrics=[metric]))
    entry = catalog().find("metric", metric["name"])
    direct = getattr(keras.metrics, entry.name)(**metric.get("arguments", {}))
    direct.update_state(labels(wants_one_hot), scores)
    (name,) = set(figures) - {"loss"}
    assert direct.name in (name, f"{name}_1")  # Keras counts objects of the same name
    assert figures[name] == pytest.approx(float(direct.result()), rel=1e-5)


@pytest.mark.parametrize("loss", [SPARSE, ONE_HOT])
def test_figures_per_class_become_their_mean(loss: str) -> None:
    import keras

    scores, figures = evaluate(config_with(loss=loss, metrics=[{"name": "F1Score"}]))
    per_class = keras.metrics.F1Score()
    per_class.update_state(labels(True), scores)
    assert per_class.result().shape == (3,)
    assert figures["f1_score"] == pytest.approx(float(np.mean(per_class.result())))


@pytest.mark.parametrize(
    ("loss", "written"),
    [
        (None, None),
        (None, "acc"),
        (SPARSE, "Accuracy"),
        (ONE_HOT, None),
        (ONE_HOT, "accuracy"),
        ("BinaryCrossentropy", None),
    ],
)
def test_accuracy_means_the_share_of_right_classes(loss: str | None, written: str | None) -> None:
    chosen = {"loss": loss} | ({"metrics": [written]} if written else {})
    scores, figures = evaluate(config_with(**chosen))
    assert figures["accuracy"] == pytest.approx(float(np.mean(scores.argmax(-1) == CLASSES)))


def test_from_logits_gives_the_loss_of_the_same_probabilities() -> None:
    _, of_logits = evaluate(config_with(loss={"name": SPARSE, "arguments": {"from_logits": True}}))
    _, of_probabilities = evaluate(config_with(loss=SPARSE))
    assert of_logits["loss"] == pytest.approx(of_probabilities["loss"], rel=1e-5)
    assert of_logits["accuracy"] == of_probabilities["accuracy"]


def test_a_users_loss_and_metrics_get_their_arguments(tmp_path: Path) -> None:
    path = write_code(
        tmp_path / "own.py",
        """
        import keras

        def scaled_error(y_true, y_pred, scale=1.0):
            return scale * keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

        def share_above(y_true, y_pred, limit):
            return keras.ops.cast(keras.ops.max(y_pred, axis=-1) > limit, "float32")

        class Largest(keras.metrics.Metric):
            def __init__(self, factor=1, name="largest"):
                super().__init__(name=name)
                self.factor = factor
                self.value = self.add_variable((), initializer="zeros", name="value")

            def update_state(self, y_true, y_pred, sample_weight=None):
                self.value.assign(keras.ops.maximum(self.value, keras.ops.max(y_pred)))

            def result(self):
                return self.factor * self.value
        """,
    )
    own = {"file": str(path)}
    scores, figures = evaluate(
        config_with(
            loss={**own, "name": "scaled_error", "arguments": {"scale": 3.0}},
            metrics=[
                {**own, "name": "share_above", "arguments": {"limit": 0.5}},
                {**own, "name": "Largest", "arguments": {"factor": 10}},
            ],
        )
    )
    assert figures["loss"] == pytest.approx(3 * float(np.mean((labels(True) - scores) ** 2)), rel=1e-5)
    assert figures["share_above"] == pytest.approx(float(np.mean(scores.max(-1) > 0.5)))
    assert figures["largest"] == pytest.approx(10 * float(scores.max()), rel=1e-5)


@pytest.mark.parametrize(("name", "one_hot"), [("my_sparse_loss", False), ("my_loss", True)])
def test_a_users_loss_gets_class_numbers_only_when_it_is_called_sparse(
    tmp_path: Path, name: str, one_hot: bool
) -> None:
    from trainer.engine.training.fitting import fit_output

    path = write_code(tmp_path / "own.py", f"def {name}(y_true, y_pred):\n    return 0.0\n")
    for component in (Component(name=name, file=str(path)), Component(file=str(path))):
        assert fit_output(component).one_hot is one_hot


# ---------------------------------------------------------------- kinds of data

UNCOUNTED = 255
MASKS = np.array([[[0, 1], [1, UNCOUNTED]]], "uint8")
RIGHT_BUT_ONE = np.array([[[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.5, 0.5]]]], "float32")
MASK_METRICS = ["pixel_accuracy", "mean_iou", "mean_dice"]


def task_config(task: str, **changes: Any) -> Config:
    return tiny_config(Path("nowhere"), {"project.task": task} | changes)


def fitted(config: Config, kind: Any) -> Any:
    from trainer.engine.training.fitting import fit_data, fit_task

    return fit_data(fit_task(config), config, kind)


def metrics_of(config: Config, kind: Any) -> list[Any]:
    from trainer.engine.training.fitting import build_metrics

    return build_metrics(config, fitted(config, kind), None)


@pytest.mark.parametrize("task", ["image_segmentation", "custom"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_default_loss_of_masks_never_trains_uncounted_pixels(task: str, smoothing: float) -> None:
    from trainer.engine.training.fitting import build_loss

    config = task_config(task, **{"training.label_smoothing": smoothing})
    fit = fitted(config, "masks")
    assert fit.activation == "softmax" and fit.one_hot == bool(smoothing)
    loss = build_loss(config, None, fit)
    masks = np.eye(256, dtype="float32")[MASKS][..., :2] if fit.one_hot else MASKS.astype("int32")
    changed = RIGHT_BUT_ONE.copy()
    changed[0, 1, 1] = [0.01, 0.99]
    counted = [0.9, 0.8, 0.3]
    expected = -np.mean([(1 - smoothing / 2) * np.log(p) + smoothing / 2 * np.log(1 - p) for p in counted])
    assert type(loss).__name__ == ("MaskCrossentropy" if smoothing else SPARSE)
    if smoothing:
        assert float(loss(masks, RIGHT_BUT_ONE)) == pytest.approx(expected, rel=1e-4)
    assert float(loss(masks, RIGHT_BUT_ONE)) == pytest.approx(float(loss(masks, changed)))
    assert [metric.name for metric in metrics_of(config, "masks")] == MASK_METRICS


@pytest.mark.parametrize("loss", [None, ONE_HOT])
@pytest.mark.parametrize("name", ["Accuracy", "SparseCategoricalAccuracy"])
def test_accuracy_of_masks_leaves_out_uncounted_pixels(loss: str | None, name: str) -> None:
    chosen = {"training.loss": loss, "training.metrics": [name, "SparseCategoricalCrossentropy"]}
    config = task_config("image_segmentation", **chosen)
    accuracy, crossentropy = metrics_of(config, "masks")
    masks = np.eye(256, dtype="float32")[MASKS][..., :2] if loss else MASKS.astype("int32")
    for metric in (accuracy, crossentropy):
        metric.update_state(masks, RIGHT_BUT_ONE)
    assert accuracy.name == ("accuracy" if name == "Accuracy" else "sparse_categorical_accuracy")
    assert float(accuracy.result()) == pytest.approx(2 / 3)
    assert np.isfinite(float(crossentropy.result()))


def test_numbers_of_a_custom_task_are_a_regression() -> None:
    config = task_config("custom")
    fit = fitted(config, "numbers")
    assert (fit.activation, fit.one_hot, fit.loss) == ("linear", False, Component(name="MeanSquaredError"))
    (metric,) = metrics_of(config, "numbers")
    assert metric.name == "mean_absolute_error"
    metric.update_state(np.array([[3.0], [5.0]]), np.array([[1.0], [5.0]]))
    assert float(metric.result()) == pytest.approx(1)
    chosen = fitted(task_config("custom", **{"training.loss": "Huber"}), "numbers")
    assert (chosen.activation, chosen.one_hot, chosen.loss) == ("linear", False, Component(name="Huber"))


def test_smoothing_and_weighing_that_a_custom_tasks_data_rules_out_are_refused() -> None:
    smoothed = {"training.label_smoothing": 0.1}
    with pytest.raises(ConfigError, match=r"training\.label_smoothing: Numbers are predicted"):
        fitted(task_config("custom", **smoothed), "numbers")
    with pytest.raises(ConfigError, match=r"label_smoothing: .* would be trained as well"):
        fitted(task_config("custom", **smoothed, **{"training.loss": ONE_HOT}), "masks")
    with pytest.raises(ConfigError, match=r"data\.balance\.method: .* one figure per picture"):
        fitted(task_config("custom", **smoothed, **{"data.balance.method": "class_weights"}), "masks")


def test_accuracy_of_several_classes_per_picture_judges_each_class() -> None:
    (metric,) = metrics_of(task_config("image_classification", **{"training.metrics": ["Accuracy"]}), "label_sets")
    metric.update_state(np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[0.9, 0.8, 0.1, 0.7]]))
    assert (metric.name, float(metric.result())) == ("accuracy", pytest.approx(0.75))


@pytest.mark.parametrize("loss", [SPARSE, "categorical_crossentropy", "CategoricalFocalCrossentropy"])
def test_losses_for_one_class_are_refused_for_several(loss: str) -> None:
    config = task_config("image_classification", **{"training.loss": loss})
    with pytest.raises(ConfigError, match=r"training\.loss: .* Choose BinaryCrossentropy"):
        fitted(config, "label_sets")
    assert fitted(task_config("image_classification", **{"training.loss": "BinaryCrossentropy"}), "label_sets").one_hot


def test_further_variations_that_mix_labels_get_one_hot_rows() -> None:
    from trainer.engine.training.fitting import fit_task

    steps = {"data.balance.variation_steps": ["MixUp"]}
    used = steps | {"data.balance.method": "variations"}
    assert fit_task(task_config("image_classification", **used)).one_hot
    assert not fit_task(task_config("image_classification", **steps)).one_hot
    numbers_only = used | {"training.loss": "CategoricalGeneralizedCrossEntropy"}
    with pytest.raises(ConfigError, match=r"MixUp in data\.balance\.variation_steps\.0 needs one-hot labels"):
        fit_task(task_config("image_classification", **numbers_only))
