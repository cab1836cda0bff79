"""Everything that the catalog offers of the installed Keras can be built, and learns for one step on fitting data."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.tiny import tiny_config, write_code
from trainer.catalog.catalog import CatalogFile, catalog, user_catalog_path
from trainer.catalog.entry import ComponentKind, Entry
from trainer.config.component import Component
from trainer.errors import ConfigError

pytestmark = pytest.mark.keras

NUM_CLASSES = 3
IMAGES = np.random.default_rng(1).uniform(0, 255, (6, 8, 8, 3)).astype("float32")
CLASSES = np.array([0, 1, 2, 2, 1, 0], "int32")
ONE_HOT = np.eye(NUM_CLASSES, dtype="float32")[CLASSES]
NEEDED: dict[str, dict[str, Any]] = {
    "LossScaleOptimizer": {"inner_optimizer": {"name": "Adam", "arguments": {"beta_1": 0.8}}},
    "CosineDecay": {"decay_steps": 5},
    "CosineDecayRestarts": {"first_decay_steps": 5},
    "ExponentialDecay": {"decay_steps": 5, "decay_rate": 0.9},
    "InverseTimeDecay": {"decay_steps": 5, "decay_rate": 0.9},
    "PiecewiseConstantDecay": {"boundaries": [2], "values": [0.1, 0.01]},
    "PolynomialDecay": {"decay_steps": 5},
    "IoU": {"num_classes": NUM_CLASSES, "target_class_ids": [1]},
    "MeanIoU": {"num_classes": NUM_CLASSES},
    "OneHotIoU": {"num_classes": NUM_CLASSES, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": NUM_CLASSES},
    "MeanMetricWrapper": {"fn": {"name": "Huber", "arguments": {"delta": 0.5}}},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "BackupAndRestore": {"backup_dir": "backup"},
    "CSVLogger": {"filename": "log.csv"},
    "LearningRateScheduler": {
        "schedule": {"name": "CosineDecay", "arguments": {"initial_learning_rate": 0.1, "decay_steps": 9}}
    },
    "ModelCheckpoint": {"filepath": "best.keras"},
    "OrbaxCheckpoint": {"directory": "orbax"},
    "CenterCrop": {"height": 6, "width": 6},
    "Resizing": {"height": 6, "width": 6},
    "Rescaling": {"scale": 0.5},
    "RandomBrightness": {"factor": 0.2},
    "RandomColorDegeneration": {"factor": 0.2},
    "RandomContrast": {"factor": 0.2},
    "RandomCrop": {"height": 8, "width": 8},
    "RandomHue": {"factor": 0.2},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": [-0.1, 0.1]},
    "RandomSaturation": {"factor": 0.2},
    "RandomSharpness": {"factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
}
"""Values for the arguments that have no default, by name."""


def component(kind: ComponentKind, name: str) -> Component:
    """The component with only the arguments that it needs."""
    entry = catalog().find(kind, name)
    assert entry is not None
    needed = {argument.name for argument in entry.arguments if argument.required}
    given = NEEDED.get(name, {})
    assert needed <= set(given), f"{name} needs values for {needed - set(given)}"
    return Component(name=name, arguments={key: given[key] for key in needed})


def of_keras(kind: ComponentKind) -> list[str]:
    """Names that are offered of Keras; the others are ours and tested with what they do."""
    return [entry.name for entry in entries_of_keras(kind) if not entry.unusable_because]


def entries_of_keras(kind: ComponentKind) -> list[Entry]:
    return [entry for entry in catalog().entries(kind) if entry.group != "ModelGardener"]


def classifier(side: int = 8) -> Any:
    import keras

    keras.utils.set_random_seed(3)
    inputs = keras.Input((side, side, 3))
    features = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    return keras.Model(inputs, keras.layers.Dense(NUM_CLASSES, activation="softmax")(features))


def fit_one_step(model: Any, labels: Any = CLASSES, images: Any = IMAGES, callbacks: Any = ()) -> dict[str, float]:
    """The figures of one step on six pictures; checks that the weights changed and stayed finite."""
    before = [weight.numpy() for weight in model.trainable_weights]
    history = model.fit(images, labels, batch_size=6, epochs=1, verbose=0, callbacks=list(callbacks)).history
    after = [weight.numpy() for weight in model.trainable_weights]
    assert any(not np.array_equal(old, new) for old, new in zip(before, after, strict=True))
    assert all(np.isfinite(new).all() for new in after)
    return {name: values[-1] for name, values in history.items()}


def fitted(**chosen: Any) -> dict[str, float]:
    """The figures of one step with parts of `compile` exchanged."""
    model = classifier()
    parts = {"optimizer": "SGD", "loss": "sparse_categorical_crossentropy", **chosen}
    model.compile(**parts, run_eagerly=True)
    return fit_one_step(model)


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Callbacks write into the working directory."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def public_classes(module: Any, base: type) -> set[str]:
    found = {name: getattr(module, name) for name in dir(module)}
    return {name for name, item in found.items() if inspect.isclass(item) and issubclass(item, base)} - {base.__name__}


def test_nothing_public_is_missing() -> None:
    """From Keras' own public names, whatever way the catalog was made."""
    import keras

    bases: list[tuple[ComponentKind, Any, type]] = [
        ("optimizer", keras.optimizers, keras.optimizers.Optimizer),
        ("schedule", keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
        ("loss", keras.losses, keras.losses.Loss),
        ("metric", keras.metrics, keras.metrics.Metric),
        ("callback", keras.callbacks, keras.callbacks.Callback),
    ]
    for kind, module, base in bases:
        # Some metrics have an old name too, such as TerminateOnNaN; the catalog has each object once.
        missing = {getattr(module, name).__name__ for name in public_classes(module, base)} - set(names_of(kind))
        assert missing <= {base.__name__}, kind
    applications = {
        name
        for name, item in vars(keras.applications).items()
        if callable(item) and "include_top" in inspect.signature(item).parameters
    }
    assert applications == set(names_of("model"))
    layer = inspect.getmro(keras.layers.RandomFlip)[1]
    ours = {"Equalization"}  # takes the place of Keras', which does nothing in prediction
    assert public_classes(keras.layers, layer) <= {*names_of("preprocessing"), *names_of("augmentation"), *ours}


def names_of(kind: ComponentKind) -> list[str]:
    return [entry.name for entry in entries_of_keras(kind)]


def test_what_is_unusable_is_named_with_its_reason_and_still_there() -> None:
    from trainer.engine.introspect import UNUSABLE

    explained = {
        (entry.kind, entry.name): entry.unusable_because
        for kind in ("optimizer", "schedule", "loss", "metric", "callback", "preprocessing", "augmentation", "model")
        for entry in entries_of_keras(kind)
        if entry.unusable_because
    }
    assert explained == UNUSABLE


@pytest.mark.parametrize("name", of_keras("optimizer"))
def test_every_optimizer_learns(name: str) -> None:
    from trainer.engine.components import build

    fitted(optimizer=build("optimizer", component("optimizer", name), learning_rate=0.01))


@pytest.mark.parametrize("name", of_keras("schedule"))
def test_every_schedule_drives_an_optimizer(name: str) -> None:
    """Inside the optimizer's own argument, where it starts from the training's rate unless it says otherwise."""
    from trainer.engine.components import build

    nested = component("schedule", name).model_dump()
    chosen = Component(name="SGD", arguments={"learning_rate": nested})
    optimizer = build("optimizer", chosen, learning_rate=0.25)
    assert float(optimizer.learning_rate) == pytest.approx(0.1 if name == "PiecewiseConstantDecay" else 0.25)
    fitted(optimizer=optimizer)


@pytest.mark.parametrize("name", of_keras("loss"))
def test_every_loss_is_minimised(name: str) -> None:
    from trainer.engine.training.fitting import build_loss, fit_output

    config = tiny_config(Path("nowhere"), {"training.loss": component("loss", name).model_dump()})
    model = classifier()
    model.compile("SGD", build_loss(config, None), run_eagerly=True)
    labels = ONE_HOT if fit_output(config.training.loss).one_hot else CLASSES
    assert np.isfinite(fit_one_step(model, labels)["loss"])


def test_every_metric_is_reported() -> None:
    """All in one fit, each under a name of its own."""
    from trainer.engine.training.callbacks import plain_metrics
    from trainer.engine.training.fitting import build_metrics, fit_output

    chosen = [component("metric", name) for name in of_keras("metric")]
    named = [item.model_copy(update={"arguments": {**item.arguments, "name": f"own_{item.name}"}}) for item in chosen]
    config = tiny_config(Path("nowhere"), {"training.metrics": [item.model_dump() for item in named]})
    figures = plain_metrics(fitted(metrics=build_metrics(config, fit_output(None), None)))
    assert set(figures) == {"loss", *(f"own_{item.name}" for item in chosen)}
    assert all(np.isfinite(figure) for figure in figures.values())


NOT_INSTALLED = {"OrbaxCheckpoint"} if importlib.util.find_spec("orbax") is None else set()
"""What needs a package that Keras and ModelGardener do not."""


@pytest.mark.parametrize("name", [name for name in of_keras("callback") if name not in NOT_INSTALLED])
@pytest.mark.filterwarnings("ignore:Could not reach RemoteMonitor", "ignore:Early stopping", "ignore:Learning rate")
def test_every_callback_goes_along(name: str, own_folder: Path) -> None:
    from trainer.engine.components import build

    model = classifier()
    optimizer = build("optimizer", Component(name="SGD", arguments={"use_ema": True}), learning_rate=0.1)
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    fit_one_step(model, callbacks=[build("callback", component("callback", name))])


@pytest.mark.parametrize("name", sorted(NOT_INSTALLED))
def test_a_missing_package_is_named(name: str) -> None:
    from trainer.engine.components import build

    with pytest.raises(ConfigError, match=rf"{name} needs a package that is missing: .*orbax"):
        build("callback", component("callback", name))


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("preprocessing", "augmentation") for name in of_keras(kind)],  # type: ignore[arg-type]
)
def test_every_image_layer_gives_pictures_to_learn_from(kind: Any, name: str) -> None:
    import tensorflow as tf

    from trainer.engine.data.batch_step import StepDraws, build_step

    step = build_step(kind, component(kind, name), None)
    draws = StepDraws(tf.constant([[1, number] for number in range(6)]))
    images, labels = step(tf.constant(IMAGES), tf.constant(ONE_HOT), draws)
    side = NEEDED.get(name, {}).get("height", 8)
    assert images.shape == (6, side, side, 3)
    model = classifier(side)
    model.compile("SGD", "categorical_crossentropy", run_eagerly=True)
    fit_one_step(model, labels, images)


FAMILIES = ("MobileNet", "VGG16")
SLOW_FAMILIES = (
    "ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2", "InceptionV3",
    "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "ResNet50", "ResNet50V2", "VGG19", "Xception",
)  # fmt: skip


@pytest.mark.parametrize("name", [*FAMILIES, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW_FAMILIES)])
def test_an_application_of_each_family_learns(name: str) -> None:
    import keras

    from trainer.engine.components import build

    entry = catalog().find("model", name)
    assert entry is not None
    side = max(entry.smallest_side, 32)
    given = {"include_top": False, "weights": None, "input_shape": (side, side, 3)}
    model = build("model", Component(name=name), **given)
    assert len(model.output_shape) == 4
    features = keras.layers.GlobalAveragePooling2D()(model.output)
    model = keras.Model(model.input, keras.layers.Dense(NUM_CLASSES, activation="softmax")(features))
    model.compile("SGD", "sparse_categorical_crossentropy", run_eagerly=True)
    images = np.random.default_rng(1).random((6, side, side, 3)).astype("float32")
    fit_one_step(model, images=images)
    keras.backend.clear_session(free_memory=False)


def test_each_family_of_applications_has_its_example() -> None:
    import keras

    families = {
        name: inspect.getmodule(getattr(keras.applications, name)).__name__  # type: ignore[union-attr]
        for name in of_keras("model")
    }
    assert {families[name] for name in (*FAMILIES, *SLOW_FAMILIES)} == set(families.values())


@pytest.mark.parametrize("kind", ["optimizer", "loss", "metric", "callback", "preprocessing", "augmentation"])
def test_every_offered_choice_is_taken(kind: ComponentKind, own_folder: Path) -> None:
    """What is read from the documentation is what Keras accepts."""
    from trainer.engine.components import build

    for entry in entries_of_keras(kind):
        if entry.unusable_because or entry.name in NOT_INSTALLED:
            continue
        chosen = component(kind, entry.name)
        for argument in entry.arguments:
            for choice in argument.choices:
                build(kind, chosen.model_copy(update={"arguments": {**chosen.arguments, argument.name: choice}}))


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the catalog of another Keras than the committed one's goes, with one entry to be quick."""
    import keras

    import trainer.engine.introspect as introspect

    entry = Entry(name="Only", kind="loss")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    monkeypatch.setattr(introspect, "keras_entries", lambda: (entry,))
    return user_catalog_path(keras.__version__)


def test_another_keras_is_described_once_in_the_users_cache(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    import trainer.engine.introspect as introspect

    assert not introspect.refresh_user_catalog(), "the committed catalog is of this Keras"
    assert not empty_cache.exists()
    monkeypatch.setattr(introspect, "committed_keras", lambda: "3.0.0")
    assert introspect.refresh_user_catalog()
    file = CatalogFile.model_validate_json(empty_cache.read_bytes())
    assert (file.keras, [entry.name for entry in file.entries]) == (keras.__version__, ["Only"])
    assert not introspect.refresh_user_catalog(), "it is there"


def test_a_worker_on_standby_survives_a_cache_that_cannot_be_written(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import trainer.engine.introspect as introspect
    from trainer.worker import _refresh_catalog

    begun_again: list[str] = []
    monkeypatch.setattr("os.execv", lambda program, _arguments: begun_again.append(program))
    monkeypatch.setattr(introspect, "committed_keras", lambda: "3.0.0")
    empty_cache.parent.parent.mkdir(parents=True)
    empty_cache.parent.touch()
    _refresh_catalog()
    assert "The catalog of Keras could not be refreshed" in capsys.readouterr().err
    assert not begun_again
    empty_cache.parent.unlink()
    _refresh_catalog()
    assert empty_cache.is_file()
    assert begun_again == [sys.executable]


def test_a_users_functions_inside_arguments_are_bound_and_built(tmp_path: Path) -> None:
    from trainer.engine.components import build, make

    path = write_code(
        tmp_path / "own.py",
        """
        import keras

        def scaled(y_true, y_pred, factor=1.0):
            return factor * keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

        def mixed(y_true, y_pred, inner: keras.losses.Loss, others: list[keras.losses.Loss] = ()):
            return inner(y_true, y_pred) + sum(other(y_true, y_pred) for other in others)

        def halving(epoch, learning_rate, factor=0.5):
            return learning_rate * factor
        """,
    )
    file = str(path)
    scaled = {"name": "scaled", "file": file, "arguments": {"factor": 3.0}}
    y_true, y_pred = np.ones((2, 3), "float32"), np.zeros((2, 3), "float32")

    metric = build("metric", Component(name="MeanMetricWrapper", arguments={"fn": scaled}))
    metric.update_state(y_true, y_pred)
    assert float(metric.result()) == pytest.approx(3.0)

    arguments = {"inner": "MeanSquaredError", "others": [scaled, "MeanAbsoluteError"]}
    loss = make("loss", Component(name="mixed", file=file, arguments=arguments))
    assert np.array(loss(y_true, y_pred)) == pytest.approx([5.0, 5.0])

    schedule = {"name": "halving", "file": file}
    callback = build("callback", Component(name="LearningRateScheduler", arguments={"schedule": schedule}))
    assert callback.schedule(0, 0.5) == 0.25
